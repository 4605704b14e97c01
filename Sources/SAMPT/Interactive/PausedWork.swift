import Support

/// Units that were stopped before their last frame, to be gone on with: trackers and objects as they were. The latest few, since they
/// hold frames that were encoded ahead.
final class PausedWork: Sendable {
    private static let most = 2

    /// A unit is touched by one propagation at a time, and there is one at a time.
    private struct Entry: @unchecked Sendable {
        var keys: Set<SpanKey>
        var work: any UnitWork
    }

    private let entries = Protected<[Entry]>([])

    /// Keeps work unless it is done to the end of what its tracker sees.
    func put(_ work: any UnitWork) {
        let unit = work.unit
        let total = unit.work == .directed(.backward) ? unit.first - unit.seen.lowerBound + 1 : unit.seen.upperBound - unit.first + 1
        guard work.framesDone > 0, work.framesDone < total, !unit.spans.isEmpty else { return }
        let entry = Entry(keys: Set(unit.spans.map(\.key)), work: work)
        entries.withLock { entries in
            entries.removeAll { $0.keys == entry.keys }
            entries.append(entry)
            if entries.count > Self.most { entries.removeFirst() }
        }
    }

    /// Work with the same results as a unit's, which it goes on with. Keys are of all that results depend on.
    func take(_ unit: PropagationUnit) -> (any UnitWork)? {
        let keys = Set(unit.spans.map(\.key))
        let found = entries.withLock { entries -> Entry? in
            entries.firstIndex { $0.keys == keys }.map { entries.remove(at: $0) }
        }
        found?.work.unit = unit
        return found?.work
    }

    func removeAll() { entries.withLock { $0 = [] } }
}

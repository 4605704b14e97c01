import Foundation
import Support

/// A propagation in the making: computes unit after unit, keeps frames some at a time, and tells how far it came, however it ends.
///
/// It computes for seconds at a time, so it runs on a thread of its own. Not for several threads at once.
final class PropagationRun {
    /// Frames that are kept together; a few, so that news come often and a project file is not synchronised for each.
    private static let framesTogether = 8
    private static let secondsBetweenReaches = 5.0

    private let number: Int
    private let units: [PropagationUnit]
    private let context: UnitContext
    private let paused: PausedWork?
    /// Told how far the propagation has come: for the log, or only for who looks at results meanwhile.
    private let report: (_ reach: PropagationReach, _ isForLog: Bool) throws -> Void
    private let start = ContinuousClock.now
    private var unit = 0
    private var work: (any UnitWork)?
    private var buffer: [SpanKey: [SpanFrame]] = [:]
    /// What is being kept, beside the work.
    private var saving: (lane: ProductionLane<Void>, frames: [SpanKey: ClosedRange<Int>])?
    private var reached: [SpanKey: ClosedRange<Int>] = [:]
    private var lastLogged = ContinuousClock.now
    private var framesDone = 0
    private var hasEnded = false
    private var changedAtEnd: [ObjectID: [ClosedRange<Int>]] = [:]

    /// - Parameter paused: where work is looked for that was stopped before its end, and left when this one is.
    init(
        _ units: [PropagationUnit], number: Int, context: UnitContext, paused: PausedWork? = nil,
        report: @escaping (_ reach: PropagationReach, _ isForLog: Bool) throws -> Void
    ) {
        (self.units, self.number, self.context, self.paused, self.report) = (units, number, context, paused, report)
    }

    deinit { if !hasEnded { try? end(.cancelled) } }

    /// The next news; nil after the last.
    func next() throws -> PropagationProgress? {
        guard !hasEnded else { return nil }
        do {
            while unit < units.count {
                try Cancellation.check()
                let changed: [ObjectID: [ClosedRange<Int>]]
                switch try advance() {
                case .more: continue
                case .enough: changed = try keep()
                // The next one may start from what this one gave.
                case .unitDone: changed = try flush()
                }
                if !changed.isEmpty { return try news(changed) }
            }
            try end(.complete)
            return progress(changedAtEnd, ending: .complete)
        } catch {
            if !hasEnded { try? end(error is CancellationError ? .cancelled : .failed) }
            throw error
        }
    }

    private enum Advance {
        case more
        /// There is something to keep.
        case enough
        case unitDone
    }

    /// One frame of the current unit.
    private func advance() throws -> Advance {
        if work == nil, try isThere(units[unit]) {
            for span in units[unit].spans { reached[span.key] = frames(of: span, in: units[unit]) }
            framesDone += units[unit].frameCount
            unit += 1
            return .more
        }
        guard let frames = try step(work ?? begin(units[unit])) else {
            // Somebody may want more frames of the same result later on.
            pause()
            unit += 1
            return .unitDone
        }
        framesDone += 1
        for (span, frame) in frames { buffer[span.key, default: []].append(frame) }
        return buffer.values.contains { $0.count >= Self.framesTogether } ? .enough : .more
    }

    /// The work on a unit: what was begun before, or from its first frame on.
    private func begin(_ unit: PropagationUnit) throws -> any UnitWork {
        if let known = paused?.take(unit) {
            framesDone += known.framesDone
            work = known
            return known
        }
        let new = try canPause ? Cancellation.shielded { try context.work(unit) } : context.work(unit)
        try new.prepare()
        work = new
        return new
    }

    /// Where a tracker takes one frame after the other, a step is short, and what is left when it is done can be gone on with.
    private var canPause: Bool { paused != nil && context.tracker.isCausal }

    private func step(_ work: any UnitWork) throws -> [(span: PlannedSpan, frame: SpanFrame)]? {
        do {
            return try canPause ? Cancellation.shielded { try work.step() } : work.step()
        } catch {
            // What ended in the midst of a frame is of no use.
            self.work = nil
            throw error
        }
    }

    private func pause() {
        if canPause, let work { paused?.put(work) }
        work = nil
    }

    /// The frames of a span that its unit computes.
    private func frames(of span: PlannedSpan, in unit: PropagationUnit) -> ClosedRange<Int> {
        let (low, high) = (min(unit.first, unit.last), max(unit.first, unit.last))
        let bounds = (max(span.frames.lowerBound, low), min(span.frames.upperBound, high))
        return bounds.0 <= bounds.1 ? bounds.0...bounds.1 : span.anchor...span.anchor
    }

    /// Whether everything has been computed before, such as by the same propagation, which was undone.
    private func isThere(_ unit: PropagationUnit) throws -> Bool {
        guard !unit.spans.isEmpty else { return true }
        for span in unit.spans {
            guard try context.reader.summaries(of: span.key, in: frames(of: span, in: unit)).isWhole else { return false }
        }
        return true
    }

    /// Starts to keep what is waiting, beside the work.
    /// - Returns: frames that are there now, which were being kept before.
    private func keep() throws -> [ObjectID: [ClosedRange<Int>]] {
        let changed = try waitForSaving()
        let (waiting, store) = (buffer.sorted { $0.key < $1.key }, context.reader.store)
        buffer = [:]
        guard !waiting.isEmpty else { return changed }
        // What is done is kept, also when the propagation is stopped meanwhile.
        let lane = Cancellation.shielded {
            ProductionLane.once { for (key, frames) in waiting { try store.save(frames, of: key) } }
        }
        let ranges = waiting.compactMap { key, frames in
            frames.map(\.index).min().flatMap { low in frames.map(\.index).max().map { (key, low...$0) } }
        }
        saving = (lane, Dictionary(uniqueKeysWithValues: ranges))
        return changed
    }

    private func waitForSaving() throws -> [ObjectID: [ClosedRange<Int>]] {
        guard let (lane, frames) = saving else { return [:] }
        saving = nil
        do { _ = try lane.next() } catch {
            // Nothing is kept behind a gap.
            (buffer, work) = ([:], nil)
            paused?.removeAll()
            throw error
        }
        var changed: [ObjectID: [ClosedRange<Int>]] = [:]
        let objects = Dictionary(units.flatMap(\.spans).map { ($0.key, $0.object) }) { first, _ in first }
        for (key, range) in frames.sorted(by: { $0.key < $1.key }) {
            reached[key] = reached[key]?.union(range) ?? range
            if let object = objects[key] { changed[object, default: []].append(range) }
        }
        return changed
    }

    /// Keeps what is waiting; everything is there when this returns.
    private func flush() throws -> [ObjectID: [ClosedRange<Int>]] {
        try keep().merging(waitForSaving()) { $0 + $1 }
    }

    private func news(_ changed: [ObjectID: [ClosedRange<Int>]]) throws -> PropagationProgress {
        let isTime = lastLogged.secondsAgo >= Self.secondsBetweenReaches
        if isTime { lastLogged = .now }
        try report(PropagationReach(number: number, spans: reached, ending: nil), isTime)
        return progress(changed)
    }

    private func progress(_ changed: [ObjectID: [ClosedRange<Int>]], ending: PropagationReach.Ending? = nil) -> PropagationProgress {
        PropagationProgress(
            number: number, changed: changed, framesDone: framesDone, framesTotal: units.reduce(0) { $0 + $1.frameCount },
            secondsElapsed: start.secondsAgo, ending: ending)
    }

    private func end(_ ending: PropagationReach.Ending) throws {
        hasEnded = true
        // Work goes on behind frames that are kept.
        do {
            changedAtEnd = try flush()
            pause()
            try report(PropagationReach(number: number, spans: reached, ending: ending), true)
        } catch {
            work = nil
            paused?.removeAll()
            throw error
        }
    }
}

import Support

/// The open connections. Where there are too many, the oldest that has not shown the token makes room: strangers cannot keep out who may
/// ask.
final class ConnectionTable: Sendable {
    private struct Entry {
        var isKnown = false
        var close: @Sendable () -> Void
    }

    private struct State {
        var last = 0
        var entries: [Int: Entry] = [:]
    }

    private let state = Protected(State())
    private let most: Int

    init(most: Int) { self.most = most }

    /// - Returns: its number; nil: there is no room.
    func add(close: @escaping @Sendable () -> Void) -> Int? {
        let (number, evicted) = state.withLock { state -> (Int?, Entry?) in
            var evicted: Entry?
            if state.entries.count >= most {
                guard let oldest = state.entries.filter({ !$0.value.isKnown }).keys.min() else { return (nil, nil) }
                evicted = state.entries.removeValue(forKey: oldest)
            }
            state.last += 1
            state.entries[state.last] = Entry(close: close)
            return (state.last, evicted)
        }
        evicted?.close()
        return number
    }

    /// It has shown the token.
    func know(_ number: Int) { state.withLock { $0.entries[number]?.isKnown = true } }

    func remove(_ number: Int) { _ = state.withLock { $0.entries.removeValue(forKey: number) } }
}

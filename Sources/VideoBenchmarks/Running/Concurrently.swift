import Support

/// Runs a piece of work for each number below `count`, several at once, each thread taking the next number that is free.
/// - Parameter threads: at most so many at once.
/// - Returns: the results in order of the numbers.
/// - Throws: the first error, when the pieces in the making have ended; `CancellationError`.
func concurrently<Value: Sendable>(
    _ count: Int, threads: Int, _ work: @escaping @Sendable (Int) throws -> Value
) async throws -> [Value] {
    let next = Protected(0)
    return try await withThrowingTaskGroup(of: [(Int, Value)].self) { group in
        for _ in 0..<max(1, min(threads, count)) {
            group.addTask {
                try await onThread {
                    var made: [(Int, Value)] = []
                    while true {
                        try Cancellation.check()
                        let index = next.withLock { next in
                            defer { next += 1 }
                            return next
                        }
                        guard index < count else { return made }
                        do { made.append((index, try work(index))) } catch {
                            // The others have no reason to go on.
                            next.withLock { $0 = count }
                            throw error
                        }
                    }
                }
            }
        }
        var all: [(Int, Value)] = []
        for try await part in group { all += part }
        return all.sorted { $0.0 < $1.0 }.map(\.1)
    }
}

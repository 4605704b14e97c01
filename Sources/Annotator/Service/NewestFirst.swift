/// Runs one piece of work at a time; of those that wait, only the newest is run.
actor NewestFirst {
    private(set) var count = 0
    private var running: Task<Void, Never>?

    /// - Returns: nil: something newer was asked for before this began.
    func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value? {
        count += 1
        let number = count
        while let before = running {
            await before.value
            guard number == count else { return nil }
            if running == before { running = nil }
        }
        let task = Task { try await work() }
        running = Task { _ = await task.result }
        return try await task.value
    }
}

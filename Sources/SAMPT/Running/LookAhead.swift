/// Computes the next element while the consumer is busy with the current one, and no further.
actor LookAhead<Element: Sendable> {
    private let produce: @Sendable () async throws -> Element?
    private var pending: Task<Element?, any Error>?

    init(_ produce: @escaping @Sendable () async throws -> Element?) {
        self.produce = produce
    }

    deinit { pending?.cancel() }

    /// The next element, nil at the end. Cancelling the calling task cancels the work.
    func next() async throws -> Element? {
        let current = pending ?? Task(operation: produce)
        pending = current
        let element = try await withTaskCancellationHandler {
            try await current.value
        } onCancel: {
            current.cancel()
        }
        pending = element == nil ? nil : Task(operation: produce)
        return element
    }
}

import Foundation

/// Makes the elements of a sequence, in order, on a thread of its own, a bounded number of them ahead of whoever takes them. This is how
/// work goes on ahead, and how work that blocks stays off the threads that tasks share: an element may take seconds, and there are only as
/// many of those threads as cores.
///
/// The thread starts when the first element is asked for, or with `start`. It is over with the sequence, an error, a cancelled task that
/// waits for an element, or the lane.
///
/// Sendable because everything that changes lies behind the condition. One consumer at a time.
public final class ProductionLane<Element: Sendable>: @unchecked Sendable {
    fileprivate let state: State
    private let waitsAtEnd: Bool

    /// What the thread knows, without keeping the lane alive.
    fileprivate final class State: @unchecked Sendable {
        let condition = NSCondition()
        let cancellation = Cancellation()
        let limit: Int
        var produce: (() throws -> Element?)?
        var ready: [Result<Element, any Error>] = []
        var waiter: CheckedContinuation<Element?, any Error>?
        var hasBegun = false
        var hasEnded = false

        init(limit: Int, _ produce: @escaping () throws -> Element?) { (self.limit, self.produce) = (max(1, limit), produce) }
    }

    /// - Parameters:
    ///   - ahead: how many elements are made at most before they are asked for, at least 1.
    ///   - waitsAtEnd: whether the lane's end waits for the element in the making, so that no network runs any longer. It must when others
    ///     use what `produce` uses; it must not when the end may come on a thread of tasks.
    ///   - produce: nil: there are no more. An error ends the sequence, after the elements before it. Runs on the lane's thread, one call
    ///     at a time; nobody else may touch what it changes as long as the lane exists.
    public init(ahead: Int, waitsAtEnd: Bool = true, _ produce: @escaping () throws -> Element?) {
        state = State(limit: ahead, produce)
        self.waitsAtEnd = waitsAtEnd
    }

    deinit {
        state.cancel()
        guard waitsAtEnd else { return }
        state.condition.lock()
        while state.hasBegun, !state.hasEnded { state.condition.wait() }
        state.condition.unlock()
    }

    /// Starts making elements, if nothing has yet.
    public func start() {
        guard state.begin() else { return }
        let thread = Thread { [state] in state.run() }
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// The next element, nil at the end; the calling thread waits for it.
    public func next() throws -> Element? {
        start()
        state.condition.lock()
        defer { state.condition.unlock() }
        while state.ready.isEmpty, !state.hasEnded { state.condition.wait() }
        return try state.takeReady()
    }
}

extension ProductionLane {
    /// A lane for one element, which is in the making from now on.
    public static func once(_ make: @escaping @Sendable () throws -> Element) -> ProductionLane {
        let lane = ProductionLane(single: make, waitsAtEnd: true)
        lane.start()
        return lane
    }

    fileprivate convenience init(single make: @escaping @Sendable () throws -> Element, waitsAtEnd: Bool) {
        var isMade = false
        self.init(ahead: 1, waitsAtEnd: waitsAtEnd) {
            guard !isMade else { return nil }
            isMade = true
            return try make()
        }
    }

    /// The next element, nil at the end, for tasks: no thread waits for it. Cancelling the task cancels the work, and this returns when the
    /// element in the making has come to its end; a task that is cancelled already makes no more elements.
    /// - Throws: `CancellationError` besides what making elements throws.
    public func nextElement() async throws -> Element? {
        try await withTaskCancellationHandler {
            // Not earlier: in a cancelled task the handler has run by now, and the thread makes nothing.
            start()
            return try await withCheckedThrowingContinuation { state.give(to: $0) }
        } onCancel: {
            state.cancel()
        }
    }
}

/// Runs work that blocks on a thread of its own. Cancelling the task cancels the work (`Cancellation`).
public func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    guard let value = try await ProductionLane(single: work, waitsAtEnd: false).nextElement() else { throw CancellationError() }
    return value
}

extension ProductionLane.State {
    /// Whether the thread is to be started.
    func begin() -> Bool {
        condition.withLock {
            defer { hasBegun = true }
            return !hasBegun
        }
    }

    func run() {
        cancellation.adopt()
        makeElements()
        // The closure, and what it holds, goes before the lane's end is told.
        produce = nil
        let left = condition.withLock {
            hasEnded = true
            condition.broadcast()
            return takeWaiter()
        }
        left?.resume(with: Result { try condition.withLock { try takeReady() } })
    }

    private func makeElements() {
        while waitForRoom() {
            do {
                guard let element = try produce?() else { return }
                put(.success(element))
            } catch {
                return put(.failure(error))
            }
        }
    }

    /// False: nobody wants more.
    private func waitForRoom() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while ready.count >= limit, !cancellation.isCancelled { condition.wait() }
        return !cancellation.isCancelled
    }

    private func put(_ element: Result<Element, any Error>) {
        let waiter = condition.withLock { () -> CheckedContinuation<Element?, any Error>? in
            // Who cancelled is told when the thread has ended.
            if self.waiter != nil, !cancellation.isCancelled { return takeWaiter() }
            ready.append(element)
            condition.broadcast()
            return nil
        }
        waiter?.resume(with: element.map { $0 })
    }

    /// Under the lock.
    private func takeWaiter() -> CheckedContinuation<Element?, any Error>? {
        defer { waiter = nil }
        return waiter
    }

    /// The next element that is there; nil at the end. Under the lock.
    func takeReady() throws -> Element? {
        guard !ready.isEmpty else {
            if cancellation.isCancelled { throw CancellationError() }
            return nil
        }
        defer { condition.broadcast() }
        return try ready.removeFirst().get()
    }

    func give(to continuation: CheckedContinuation<Element?, any Error>) {
        let known = condition.withLock { () -> Result<Element?, any Error>? in
            if ready.isEmpty || cancellation.isCancelled, !hasEnded {
                waiter = continuation
                return nil
            }
            return Result { try takeReady() }
        }
        if let known { continuation.resume(with: known) }
    }

    func cancel() {
        cancellation.cancel()
        condition.withLock { condition.broadcast() }
    }
}

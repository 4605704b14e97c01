import Foundation

/// Makes the elements of a sequence, in order, on a thread of its own, so that several steps of a run work at the same time: a network alone
/// rarely keeps all cores busy. A few elements wait for their consumer, no more.
///
/// A thread and not a task: an element may take seconds, and tasks share as few threads as there are cores.
///
/// Sendable because everything that changes lies behind the condition.
final class ProductionLane<Element>: @unchecked Sendable {
    private let state = State()

    /// What the thread knows, without keeping the lane alive.
    private final class State: @unchecked Sendable {
        let condition = NSCondition()
        var waiting: [Result<Element, any Error>] = []
        var isStopped = false
        var hasEnded = false

        /// Waits for room. False: nobody wants more.
        func put(_ element: Result<Element, any Error>, limit: Int) -> Bool {
            condition.lock()
            defer { condition.unlock() }
            while waiting.count >= limit, !isStopped { condition.wait() }
            waiting.append(element)
            condition.broadcast()
            return !isStopped
        }
    }

    /// What the thread does, until it has done it. Only the thread touches it.
    private final class Work: @unchecked Sendable {
        var produce: (() throws -> Element?)?

        init(_ produce: @escaping () throws -> Element?) { self.produce = produce }
    }

    /// - Parameters:
    ///   - limit: how many elements wait at most; one more is in the making.
    ///   - produce: nil: there are no more. An error ends the sequence, after the elements before it. Runs on the lane's thread, one call at
    ///     a time; nobody else may touch what it changes as long as the lane exists.
    init(limit: Int, _ produce: @escaping () throws -> Element?) {
        let work = Work(produce)
        let thread = Thread { [state] in
            if let produce = work.produce { Self.run(state, limit: limit, produce) }
            // The closure, and what it holds, goes before the lane's end is told.
            work.produce = nil
            state.condition.withLock { state.hasEnded = true }
            state.condition.broadcast()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Waits for the element in the making, so that no network runs any longer when a run is over.
    deinit {
        state.condition.lock()
        state.isStopped = true
        state.condition.broadcast()
        while !state.hasEnded { state.condition.wait() }
        state.condition.unlock()
    }

    /// The next element, nil at the end; waits for it.
    func next() throws -> Element? {
        state.condition.lock()
        defer { state.condition.unlock() }
        while state.waiting.isEmpty, !state.hasEnded { state.condition.wait() }
        guard !state.waiting.isEmpty else { return nil }
        defer { state.condition.broadcast() }
        return try state.waiting.removeFirst().get()
    }

    private static func run(_ state: State, limit: Int, _ produce: () throws -> Element?) {
        do {
            while let element = try produce() {
                guard state.put(.success(element), limit: limit) else { return }
            }
        } catch {
            _ = state.put(.failure(error), limit: limit)
        }
    }
}

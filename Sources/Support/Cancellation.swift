import Foundation

/// Whether anybody still wants a piece of work that runs on a thread of its own, where `Task.isCancelled` says nothing.
///
/// Long loops call `Cancellation.check()`, wherever they run.
public final class Cancellation: Sendable {
    private static let key = "sampt-cancellation"
    private let flag = Protected(false)
    private let parent: Cancellation?

    /// Also cancelled when the work that creates it is.
    public init() { parent = Self.current }

    public var isCancelled: Bool { flag.withLock { $0 } || parent?.isCancelled == true }

    public func cancel() { flag.withLock { $0 = true } }

    /// - Throws: `CancellationError` when the current task or the current thread's work has been cancelled.
    public static func check() throws {
        if Task.isCancelled || current?.isCancelled == true { throw CancellationError() }
    }

    /// That of the work on this thread.
    static var current: Cancellation? { Thread.current.threadDictionary[key] as? Cancellation }

    /// Makes it that of the current thread.
    func adopt() { Thread.current.threadDictionary[Self.key] = self }
}

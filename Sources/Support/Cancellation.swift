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

    /// Runs a short piece of work that is not cancelled with this thread's, nor are the lanes that it starts: what it leaves behind can be
    /// gone on with later.
    public static func shielded<Value>(_ body: () throws -> Value) rethrows -> Value {
        let storage = Thread.current.threadDictionary
        let own = storage[key]
        storage[key] = nil
        defer { storage[key] = own }
        return try body()
    }

    /// That of the work on this thread.
    static var current: Cancellation? { Thread.current.threadDictionary[key] as? Cancellation }

    /// Makes it that of the current thread.
    func adopt() { Thread.current.threadDictionary[Self.key] = self }
}

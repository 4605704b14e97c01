import Foundation

private let memory = NSLock()

/// Runs `body` while no other body given to this function runs: tests of all targets share one process, and one that measures the
/// process's memory cannot run beside one that needs gigabytes.
public func withMemoryToItself<R>(_ body: () throws -> R) rethrows -> R {
    memory.lock()
    defer { memory.unlock() }
    return try body()
}

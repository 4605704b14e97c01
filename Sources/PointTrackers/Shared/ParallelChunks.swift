import Dispatch

/// Calls `body` for ranges that together are `0..<count`, on several cores at once.
/// - Parameters:
///   - smallest: chunks are not made smaller than this: fewer items are not worth another thread.
///   - body: writes only what belongs to its own range.
func inParallelChunks(_ count: Int, smallest: Int, _ body: (Range<Int>) -> Void) {
    // A few for each core, so that one that is slow or busy holds up little.
    let chunks = min(32, count / max(1, smallest))
    guard chunks > 1 else {
        if count > 0 { body(0..<count) }
        return
    }
    // The call returns only when all chunks are done, and they share nothing that one of them writes.
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: chunks) { chunk in
        body((chunk * count / chunks)..<((chunk + 1) * count / chunks))
    }
}

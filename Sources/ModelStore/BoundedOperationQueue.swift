import Foundation

/// A serial queue that makes whoever adds to it wait while too much is waiting already.
///
/// `URLSession` reads from the network as fast as it can and queues what it read for its delegate. With a network faster than the disk that
/// would be most of the file, in memory. Made to wait here, it leaves the rest to the sender. (On Apple platforms the system
/// bounds the backlog by itself, and may add operations in ways that do not come through here.)
///
/// Whoever runs on the queue must not wait for whoever adds to it: the task of a session, for example, is cancelled from elsewhere.
final class BoundedOperationQueue: OperationQueue, @unchecked Sendable {
    private let slots: DispatchSemaphore

    init(limit: Int) {
        slots = DispatchSemaphore(value: limit)
        super.init()
        maxConcurrentOperationCount = 1
    }

    override func addOperation(_ block: @escaping @Sendable () -> Void) {
        slots.wait()
        super.addOperation { [slots] in
            defer { slots.signal() }
            block()
        }
    }
}

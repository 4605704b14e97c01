import Foundation
import Testing

@testable import ModelStore

@Suite("Flow control")
struct BoundedOperationQueueTests {
    private final class Counter: @unchecked Sendable {
        private let lock = NSLock()
        private var values = (waiting: 0, most: 0, done: [Int]())
        func added() { lock.withLock { values.waiting += 1; values.most = max(values.most, values.waiting) } }
        func ran(_ number: Int) { lock.withLock { values.waiting -= 1; values.done.append(number) } }
        var most: Int { lock.withLock { values.most } }
        var done: [Int] { lock.withLock { values.done } }
    }

    @Test("Whoever adds waits while too much is waiting; the order stays")
    func waits() {
        let (queue, counter) = (BoundedOperationQueue(limit: 4), Counter())
        for number in 0..<50 {
            queue.addOperation {
                usleep(500)
                counter.ran(number)
            }
            counter.added()
        }
        queue.waitUntilAllOperationsAreFinished()
        #expect(counter.done == Array(0..<50))
        #expect(counter.most <= 5)
    }
}

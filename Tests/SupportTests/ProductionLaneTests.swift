import Foundation
import Support
import Testing

struct ProductionLaneTests {
    private struct Broken: Error {}

    @Test(arguments: [1, 4, 100]) func deliversInOrderAndEnds(ahead: Int) throws {
        var next = 0
        let lane = ProductionLane<Int>(ahead: ahead) {
            defer { next += 1 }
            return next < 50 ? next : nil
        }
        for expected in 0..<50 { #expect(try lane.next() == expected) }
        #expect(try lane.next() == nil)
        #expect(try lane.next() == nil)
    }

    @Test func errorsComeAfterTheElementsBeforeThem() throws {
        var next = 0
        let lane = ProductionLane<Int>(ahead: 5) {
            defer { next += 1 }
            if next == 3 { throw Broken() }
            return next
        }
        for expected in 0..<3 { #expect(try lane.next() == expected) }
        #expect(throws: Broken.self) { try lane.next() }
        #expect(try lane.next() == nil)
    }

    /// Elements that nil stands for are elements.
    @Test func deliversNil() throws {
        var next = 0
        let lane = ProductionLane<Int?>(ahead: 1) {
            defer { next += 1 }
            return next < 2 ? .some(nil) : nil
        }
        #expect(try lane.next() == .some(nil))
        #expect(try lane.next() == .some(nil))
        #expect(try lane.next() == nil)
    }

    /// No more elements are made than may be, and nothing once the lane is gone.
    @Test func stopsWithoutAConsumer() throws {
        let made = Protected(0)
        var lane: ProductionLane<Int>? = ProductionLane(ahead: 3) {
            made.withLock {
                $0 += 1
                return $0
            }
        }
        #expect(made.withLock { $0 } == 0)
        #expect(try lane?.next() == 1)
        while made.withLock({ $0 }) < 4 { Thread.sleep(forTimeInterval: 0.001) }
        Thread.sleep(forTimeInterval: 0.02)
        lane = nil
        let count = made.withLock { $0 }
        #expect(count == 4)
        Thread.sleep(forTimeInterval: 0.02)
        #expect(made.withLock { $0 } == count)
    }

    @Test func tasksTakeElements() async throws {
        var next = 0
        let lane = ProductionLane<Int>(ahead: 2) {
            defer { next += 1 }
            if next == 60 { throw Broken() }
            return next
        }
        for expected in 0..<60 { #expect(try await lane.nextElement() == expected) }
        await #expect(throws: Broken.self) { _ = try await lane.nextElement() }
        #expect(try await lane.nextElement() == nil)
    }

    /// A cancelled task hears of it when the element in the making is over, and that element can hear of it as well.
    @Test func cancellingATaskCancelsTheWork() async throws {
        let (begun, ended) = (Protected(false), Protected(false))
        let lane = ProductionLane<Int>(ahead: 1) {
            defer { ended.withLock { $0 = true } }
            // In lanes inside a lane as well.
            let inner = ProductionLane<Int>(ahead: 1) {
                begun.withLock { $0 = true }
                while true {
                    try Cancellation.check()
                    Thread.sleep(forTimeInterval: 0.001)
                }
            }
            return try inner.next()
        }
        let task = Task { try await lane.nextElement() }
        while !begun.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(ended.withLock { $0 })
    }

    @Test func aTaskCancelledBeforehandMakesNothing() async throws {
        let made = Protected(false)
        let lane = ProductionLane<Int>(ahead: 1) {
            made.withLock { $0 = true }
            return 1
        }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await lane.nextElement()
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        let other = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await onThread { made.withLock { $0 = true } }
        }
        await #expect(throws: CancellationError.self) { try await other.value }
        // The lane is over for whoever asks next.
        #expect(throws: CancellationError.self) { try lane.next() }
        #expect(!made.withLock { $0 })
    }

    @Test func oneElementIsMadeAtOnce() throws {
        let made = Protected(0)
        let lane = ProductionLane<Int>.once {
            made.withLock {
                $0 += 1
                return $0
            }
        }
        while made.withLock({ $0 }) < 1 { Thread.sleep(forTimeInterval: 0.001) }
        #expect(try lane.next() == 1)
        #expect(try lane.next() == nil)
    }

    @Test func workRunsOnAThreadOfItsOwn() async throws {
        #expect(try await onThread { Thread.current.stackSize } == 8 << 20)
        await #expect(throws: Broken.self) { try await onThread { throw Broken() } }
    }
}

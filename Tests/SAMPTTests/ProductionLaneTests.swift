import Foundation
import Media
import Testing

@testable import SAMPT

struct ProductionLaneTests {
    private struct Broken: Error {}

    @Test(arguments: [1, 4, 100]) func deliversInOrderAndEnds(limit: Int) throws {
        var next = 0
        let lane = ProductionLane<Int>(limit: limit) {
            defer { next += 1 }
            return next < 50 ? next : nil
        }
        for expected in 0..<50 { #expect(try lane.next() == expected) }
        #expect(try lane.next() == nil)
        #expect(try lane.next() == nil)
    }

    @Test func errorsComeAfterTheElementsBeforeThem() throws {
        var next = 0
        let lane = ProductionLane<Int>(limit: 5) {
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
        let lane = ProductionLane<Int?>(limit: 1) {
            defer { next += 1 }
            return next < 2 ? .some(nil) : nil
        }
        #expect(try lane.next() == .some(nil))
        #expect(try lane.next() == .some(nil))
        #expect(try lane.next() == nil)
    }

    /// One element more than may wait is made, and nothing once the lane is gone.
    @Test func stopsWithoutAConsumer() throws {
        let made = Protected(0)
        var lane: ProductionLane<Int>? = ProductionLane(limit: 3) {
            made.withLock {
                $0 += 1
                return $0
            }
        }
        #expect(try lane?.next() == 1)
        while made.withLock({ $0 }) < 5 { Thread.sleep(forTimeInterval: 0.001) }
        lane = nil
        let count = made.withLock { $0 }
        #expect(count == 5)
        Thread.sleep(forTimeInterval: 0.02)
        #expect(made.withLock { $0 } == count)
    }
}

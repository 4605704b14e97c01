import Foundation
import TestSupport
import Testing

@testable import Media

@Suite("Features on disk, within a bound")
struct FeatureSpoolTests {
    private struct Bytes: StorableFeatures, Equatable {
        var storedBytes: Data
        init(_ frame: Int, count: Int = 10) { storedBytes = Data(repeating: UInt8(frame), count: count) }
        init?(storedBytes: Data, frame: ImageSize) { self.storedBytes = storedBytes }
    }

    private static let size = ImageSize(width: 1, height: 1)

    private func frames(in spool: FeatureSpool, of processor: String = "p") -> [Int] {
        (0..<20).filter { spool.load(Bytes.self, frame: $0, processor: processor, size: Self.size) != nil }
    }

    @Test("What was used longest ago makes room") func leastRecentlyUsed() {
        let spool = FeatureSpool(budget: 50)
        for frame in 0..<5 { spool.store(Bytes(frame), frame: frame, processor: "p") }
        #expect(frames(in: spool) == [0, 1, 2, 3, 4])
        #expect(spool.load(Bytes.self, frame: 0, processor: "p", size: Self.size) == Bytes(0))
        for frame in 5..<8 { spool.store(Bytes(frame), frame: frame, processor: "p") }
        #expect(frames(in: spool) == [0, 4, 5, 6, 7])
        for frame in [0, 4, 5, 6, 7] {
            #expect(spool.load(Bytes.self, frame: frame, processor: "p", size: Self.size) == Bytes(frame))
        }
    }

    @Test("Features of other sizes find room, or are not kept") func sizes() {
        let spool = FeatureSpool(budget: 50)
        for frame in 0..<5 { spool.store(Bytes(frame), frame: frame, processor: "p") }
        spool.store(Bytes(9, count: 51), frame: 9, processor: "q")
        #expect(frames(in: spool) == [0, 1, 2, 3, 4] && frames(in: spool, of: "q").isEmpty)
        let none = FeatureSpool(budget: 0)
        none.store(Bytes(1), frame: 1, processor: "p")
        #expect(frames(in: none).isEmpty)
    }
}

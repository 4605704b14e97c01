import Foundation
import Support
import Testing

@testable import Media

struct FrameStoreTests {
    /// Grey frames, each of its own brightness.
    private struct Frames: FrameSource {
        let frameCount: Int
        let size = ImageSize(width: 4, height: 2)
        let name = "frames"
        let decoded = Protected(0)
        var timing: VideoTiming { VideoTiming(constantRate: 10, count: frameCount) }

        func frame(at index: Int) throws -> RGBImage {
            decoded.withLock { $0 += 1 }
            return RGBImage(width: 4, height: 2, red: UInt8(index), green: 0, blue: 0)
        }
    }

    private struct Features: StorableFeatures, Equatable {
        let value: UInt8
        init(_ value: UInt8) { self.value = value }
        var storedBytes: Data { Data([value]) }
        init?(storedBytes: Data, frame: ImageSize) {
            guard let byte = storedBytes.first else { return nil }
            value = byte
        }
    }

    private struct Processor: FrameProcessor {
        let cacheKey = "processor"
        func process(_ image: RGBImage) -> Features { Features(image[0, 0].red) }
    }

    private func visit(_ store: FrameStore, _ frames: some Sequence<Int>) throws {
        for index in frames { #expect(try store.value(of: Processor(), at: index) == Features(UInt8(index))) }
    }

    @Test func valuesAreComputedOncePerCachedFrame() throws {
        let store = FrameStore(Frames(frameCount: 20), capacity: 4)
        for _ in 0..<3 { try visit(store, 0..<4) }
        #expect(store.computations(of: "processor") == 4)
        try visit(store, 4..<10)
        try visit(store, [0])
        #expect(store.computations(of: "processor") == 11)
    }

    @Test("Passes over a video that has no room: what came first stays", arguments: [(true, 20 + 10 + 10), (false, 3 * 20)])
    func manyPasses(keepsFirst: Bool, computations: Int) throws {
        // A byte each.
        let store = FrameStore(Frames(frameCount: 20), capacity: 2, spoolBudget: 10, spoolKeepsFirst: keepsFirst)
        let lease = store.keepFeatures(of: 0..<20)
        for _ in 0..<3 { try visit(store, 0..<20) }
        #expect(store.computations(of: "processor") == computations)
        withExtendedLifetime(lease) {}
    }

    @Test func picturesComeBackFromTheSpool() throws {
        let frames = Frames(frameCount: 20)
        let store = FrameStore(frames, capacity: 4)
        let lease = store.keepFeatures(of: 0..<16, withPictures: true)
        for _ in 0..<3 { for index in 0..<16 { #expect(try store.frame(at: index) == frames.frame(at: index)) } }
        // Besides those of the comparison.
        #expect(frames.decoded.withLock { $0 } == 16 + 3 * 16)
        withExtendedLifetime(lease) {}
        // Pictures are kept for who wants them.
        let plain = FrameStore(frames, capacity: 4)
        let features = plain.keepFeatures(of: 0..<16)
        for _ in 0..<2 { for index in 0..<16 { _ = try plain.frame(at: index) } }
        #expect(frames.decoded.withLock { $0 } == 64 + 32)
        withExtendedLifetime(features) {}
    }

    /// Several users want several ranges; a range ends with its lease, but what is in the file stays.
    @Test func featuresComeBackFromTheSpool() throws {
        let store = FrameStore(Frames(frameCount: 40), capacity: 4)
        do {
            let leases = [store.keepFeatures(of: 0..<10), store.keepFeatures(of: 12..<15)]
            try visit(store, 0..<20)
            withExtendedLifetime(leases) {}
        }
        try visit(store, 0..<20)
        // All of 0..<20, and of the second visit those in no range.
        #expect(store.computations(of: "processor") == 20 + 2 + 5)
        try visit(store, 20..<30)
        try visit(store, 20..<26)
        #expect(store.computations(of: "processor") == 27 + 10 + 6, "nothing is kept any more")
    }

    @Test func pinnedFramesStay() throws {
        let store = FrameStore(Frames(frameCount: 40), capacity: 4)
        try visit(store, [7])
        var pin: FrameLease? = store.pin(7)
        try visit(store, 10..<30)
        try visit(store, [7])
        #expect(store.computations(of: "processor") == 21)
        withExtendedLifetime(pin) {}
        pin = nil
        try visit(store, 30..<40)
        try visit(store, [7])
        #expect(store.computations(of: "processor") == 32)
    }

    /// Every user has a pin of its own.
    @Test func pinsAreCounted() throws {
        let store = FrameStore(Frames(frameCount: 40), capacity: 2)
        var pins = [store.pin(3), store.pin(3)]
        try visit(store, [3])
        pins.removeLast()
        try visit(store, 10..<20)
        try visit(store, [3])
        #expect(store.computations(of: "processor") == 11)
        withExtendedLifetime(pins) {}
    }

    /// The cache goes back to its limit when pins end, and not one frame at a time.
    @Test func theCacheShrinks() throws {
        let store = FrameStore(Frames(frameCount: 40), capacity: 3)
        var pins = (0..<20).map { store.pin($0) }
        try visit(store, 0..<25)
        #expect(store.cachedCount == 23)
        pins.removeLast(10)
        #expect(store.cachedCount == 13)
        withExtendedLifetime(pins) {}
        pins.removeAll()
        #expect(store.cachedCount == 3)
    }

    /// Pins of frames that were never looked at make no room for others.
    @Test func pinsOfAbsentFramesTakeNoRoom() throws {
        let store = FrameStore(Frames(frameCount: 40), capacity: 3)
        let pins = (30..<40).map { store.pin($0) }
        try visit(store, 0..<20)
        #expect(store.cachedCount == 3)
        withExtendedLifetime(pins) {}
    }

    /// Runs that share a store compute a frame once.
    @Test func usersShareTheCache() throws {
        let store = FrameStore(Frames(frameCount: 8), capacity: 8)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for index in 0..<8 { _ = try? store.value(of: Processor(), at: index) }
        }
        #expect(store.computations(of: "processor") == 8)
    }

    /// A frame that leaves the cache while others ask for it is either still there or in the spool already.
    @Test func nothingIsComputedTwiceOnTheWayToTheSpool() throws {
        let store = FrameStore(Frames(frameCount: 200), capacity: 1)
        let lease = store.keepFeatures(of: 0..<200, withPictures: true)
        DispatchQueue.concurrentPerform(iterations: 4) { user in
            // Each a little behind the one before, where frames are leaving.
            for index in 0..<200 * 20 { _ = try? store.value(of: Processor(), at: (index / 20 * 7 + index % 20 + user) % 200) }
        }
        #expect(store.computations(of: "processor") == 200)
        #expect(store.cachedCount == 1)
        withExtendedLifetime(lease) {}
    }
}

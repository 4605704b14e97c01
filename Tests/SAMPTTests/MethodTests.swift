import Foundation
import Media
import PointTrackers
import Segmenters
import Support
import Testing

@testable import SAMPT

/// What others build on: passes over a part of a video and some of its objects.
struct MethodTests {
    private let video = MovingDisk(frameCount: 30)

    private func method(
        _ frames: Range<Int>, _ objects: [ObjectQuery], _ variant: ReinitializationVariant?, _ segmenter: FakeSegmenter
    ) -> Method {
        var options = VideoSegmenterOptions()
        options.reinitialization.variant = variant
        return Method(
            segmenter: segmenter, tracker: FakeTracker(), options: options, video: FrameStore(video, capacity: 64).limited(to: frames),
            objects: objects)
    }

    /// Nothing outside the range is looked at, in either direction, whatever the re-initialisation.
    @Test(arguments: [nil, .rolling, .medianArea] as [ReinitializationVariant?]) func passesAreBounded(
        variant: ReinitializationVariant?
    ) throws {
        let frames = 8..<21
        let method = method(frames, [ObjectQuery(id: 4, frame: 15, prompt: .mask(video.mask(15)))], variant, FakeSegmenter())
        let source = method.outcomeSource
        try source.prepare {}
        for index in frames {
            let outcome = try #require(try source.next()[4])
            #expect(try #require(outcome.mask).intersectionOverUnion(video.mask(index)) > 0.65, "frame \(index)")
        }
    }

    /// Points of objects outside a pass are negatives of its objects.
    @Test(arguments: [nil, .rolling, .horizon] as [ReinitializationVariant?]) func rivalsComeFromOutside(
        variant: ReinitializationVariant?
    ) throws {
        let segmenter = FakeSegmenter()
        var method = method(0..<10, [ObjectQuery(id: 1, prompt: .mask(video.mask(0)))], variant, segmenter)
        method.rivals = { frame in [9: [SIMD2(80.25, 3.25 + Float(frame))]] }
        let source = method.outcomeSource
        try source.prepare {}
        for _ in 0..<10 { _ = try source.next() }
        let asked = segmenter.asked.withLock { $0 }.filter { prompt in prompt.points.contains { !$0.isPositive } }
        #expect(!asked.isEmpty)
        for prompt in asked {
            #expect(prompt.points.contains { !$0.isPositive && $0.position.x == 80.25 })
            #expect(!prompt.points.contains { $0.isPositive && $0.position.x == 80.25 })
        }
    }

    /// What an object is called and where it stands in the list are two things.
    @Test func objectsHaveIdentities() throws {
        let other = ObjectQuery(id: 2, frame: 3, prompt: .mask(disk(at: SIMD2(80.5, 50.5), radius: 6, size: video.size)))
        let own = ObjectQuery(id: 900, frame: 0, prompt: .mask(video.mask(0)))
        func masks(_ objects: [ObjectQuery]) throws -> [ObjectID: [Mask?]] {
            let source = method(0..<12, objects, .rolling, FakeSegmenter()).outcomeSource
            try source.prepare {}
            var found: [ObjectID: [Mask?]] = [:]
            for _ in 0..<12 { for (id, outcome) in try source.next() { found[id, default: []].append(outcome.mask) } }
            return found
        }
        let (one, two) = (try masks([own, other]), try masks([other, own]))
        #expect(one == two && one.keys.sorted() == [2, 900])
    }

    /// A box says where an object is, not what its mask is: other objects may be surer of a pixel.
    @Test func masksOfBoxesArePredicted() throws {
        let start = try method(0..<1, [], nil, FakeSegmenter()).chooseQueryPoints(
            for: ObjectQuery(id: 1, prompt: .box(Box(x0: 18, y0: 18, x1: 43, y1: 43))))
        guard case .predicted = start.outcome.shape else {
            Issue.record("a given mask")
            return
        }
        #expect(try #require(start.outcome.mask).area > 300)
    }

    /// Objects of a few pixels are followed, and points are sampled on them anew.
    @Test(arguments: [.rolling, .medianArea] as [ReinitializationVariant]) func smallObjectsAreReseeded(
        variant: ReinitializationVariant
    ) throws {
        struct Dots: PromptableSegmenter {
            let name = "dots"
            func frame(_ index: Int, of video: FrameStore) -> any SegmentableFrame { Frame(size: video.size) }
            func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { logits.values }
            func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { FakeSegmenter().mask(logits, size: size) }

            struct Frame: SegmentableFrame {
                let size: ImageSize
                func predict(_ prompts: [ObjectPrompt]) -> [MaskPrediction] {
                    prompts.map { prompt in
                        let positives = prompt.points.filter(\.isPositive)
                        let mean = positives.reduce(SIMD2<Float>.zero) { $0 + $1.position } / Float(max(1, positives.count))
                        let values = disk(at: mean, radius: 3.5, size: size).values.map { $0 == 0 ? Float(-4) : 4 }
                        return MaskPrediction(logits: MaskLogits(width: size.width, height: size.height, values: values), predictedIoU: 0.9)
                    }
                }
            }
        }
        let small = disk(at: MovingDisk.center(0), radius: 3.5, size: video.size)
        #expect((36...44).contains(small.area))
        var options = VideoSegmenterOptions()
        options.reinitialization.variant = variant
        let method = Method(
            segmenter: Dots(), tracker: FakeTracker(), options: options, video: FrameStore(video, capacity: 64),
            objects: [ObjectQuery(id: 1, prompt: .mask(small))])
        let source = method.outcomeSource
        try source.prepare {}
        var last: [PromptPoint] = []
        for _ in 0..<30 { last = try #require(try source.next()[1]).points }
        if variant == .rolling {
            #expect(last.contains { $0.origin == .reinitialization })
        } else {
            // Windows begin with points of their own: ids start again, and positions are not those of the first frame moved on.
            #expect(!last.isEmpty && last.filter(\.isPositive).allSatisfy { ($0.position - MovingDisk.center(29)).x.magnitude <= 4 })
        }
        #expect(
            options.reinitialization.plausibleArea.contains(40, recentArea: 40, initialArea: 40, frame: ImageSize(width: 854, height: 480)))
        #expect(
            !options.reinitialization.plausibleArea.contains(4, recentArea: 10, initialArea: 40, frame: ImageSize(width: 854, height: 480)))
    }
}

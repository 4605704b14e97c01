import Foundation
import Media
import PointTrackers
import Segmenters
import Support
import TestSupport
import Testing

@testable import SAMPT

struct VideoSegmenterTests {
    private func collect(
        _ video: MovingDisk, _ objects: [ObjectQuery], options: VideoSegmenterOptions = .init(), tracker: FakeTracker = FakeTracker()
    ) async throws -> [FrameResult] {
        let segmenter = VideoSegmenter(segmenter: FakeSegmenter(), tracker: tracker, options: options)
        var results: [FrameResult] = []
        for try await result in segmenter.segment(video, objects: objects) { results.append(result) }
        return results
    }

    private func query(_ video: MovingDisk, frame: Int, id: Int = 1) -> ObjectQuery {
        ObjectQuery(id: id, frame: frame, prompt: .mask(video.mask(frame)))
    }

    @Test(arguments: [1, 2, 3, 7, 40], [0.0, 0.5, 1.0]) func clipsOfAnyLength(count: Int, position: Double) async throws {
        let video = MovingDisk(frameCount: count)
        let results = try await collect(video, [query(video, frame: Int(Double(count - 1) * position))])
        #expect(results.map(\.frameIndex) == Array(0..<count))
        for result in results {
            #expect(result.objects[0].mask.intersectionOverUnion(video.mask(result.frameIndex)) > 0.65, "frame \(result.frameIndex)")
            #expect(result.indexMask.mask(of: 1) == result.objects[0].mask)
        }
    }

    @Test func nothingBeforeTheQueryFrameWithoutBackwardTracking() async throws {
        let video = MovingDisk(frameCount: 12)
        var options = VideoSegmenterOptions()
        options.tracking.isBackward = false
        let results = try await collect(video, [query(video, frame: 5)], options: options)
        #expect(results.count == 12)
        #expect(results.map { $0.objects[0].mask.isEmpty } == (0..<12).map { $0 < 5 })
    }

    @Test func theQueryFrameShowsTheGivenMask() async throws {
        let video = MovingDisk(frameCount: 6)
        let results = try await collect(video, [query(video, frame: 3)])
        #expect(results[3].objects[0].mask == video.mask(3))
    }

    @Test func objectsStartInTheirOwnFrames() async throws {
        let video = MovingDisk(frameCount: 20)
        let other = disk(at: SIMD2(80.5, 50.5), radius: 6, size: video.size)
        let objects = [query(video, frame: 12, id: 7), ObjectQuery(id: 3, frame: 4, prompt: .mask(other))]
        let results = try await collect(video, objects)
        #expect(results.count == 20)
        #expect(results.allSatisfy { $0.objects.map(\.id) == [7, 3] && $0.objects.allSatisfy { !$0.mask.isEmpty } })
        #expect(results[12].indexMask.ids == [3, 7])
    }

    /// A frame's pixels have one owner at most.
    @Test func overlapsAreResolved() async throws {
        let video = MovingDisk(frameCount: 5)
        let shifted = disk(at: MovingDisk.center(0) + 6, radius: 12, size: video.size)
        let results = try await collect(video, [query(video, frame: 0, id: 1), ObjectQuery(id: 2, prompt: .mask(shifted))])
        for result in results { #expect(result.objects[0].mask.intersectionCount(result.objects[1].mask) == 0) }
        #expect(results[3].objects.allSatisfy { !$0.mask.isEmpty })
    }

    /// Working ahead changes nothing: with objects that come later, with and without masks that influence the tracks.
    @Test(arguments: [nil, .rolling, .medianArea] as [ReinitializationVariant?]) func overlappingStepsChangeNothing(
        variant: ReinitializationVariant?
    ) async throws {
        let video = MovingDisk(frameCount: 24)
        let other = disk(at: SIMD2(80.5, 50.5), radius: 6, size: video.size)
        let objects = [query(video, frame: 12, id: 7), ObjectQuery(id: 3, frame: 4, prompt: .mask(other))]
        var options = VideoSegmenterOptions()
        options.reinitialization.variant = variant
        let ahead = try await collect(video, objects, options: options)
        options.overlapsSteps = false
        let alone = try await collect(video, objects, options: options)
        #expect(ahead.count == 24)
        for (a, b) in zip(ahead, alone) {
            #expect(a.frameIndex == b.frameIndex && a.indexMask == b.indexMask)
            #expect(a.objects.map(\.points) == b.objects.map(\.points))
        }
    }

    @Test(arguments: [0, 9, 19]) func noFrameIsEncodedTwice(frame: Int) async throws {
        let video = MovingDisk(frameCount: 20)
        let store = FrameStore(video)
        let run = SegmentationRun(
            segmenter: FakeSegmenter(), tracker: FakeTracker(), options: .init(), video: store, objects: [query(video, frame: frame)])
        while try run.next() != nil {}
        // The query frame needs no mask of its own: it is given.
        #expect(store.computations(of: FakeSegmenter.Encoder.key) == 19)
    }

    /// Both directions pass the frames between two query frames, 24 in number; all but those still in the cache are read from the spool.
    @Test(arguments: [(UInt64(1) << 20, 30), (0, 52)]) func framesBetweenQueryFramesAreEncodedOnce(
        budget: UInt64, expected: Int
    ) async throws {
        let video = MovingDisk(frameCount: 30)
        let store = FrameStore(video, capacity: 4, spoolBudget: budget)
        let other = ObjectQuery(id: 2, frame: 26, prompt: .mask(disk(at: SIMD2(80.5, 50.5), radius: 6, size: video.size)))
        let run = SegmentationRun(
            segmenter: FakeSegmenter(), tracker: FakeTracker(), options: .init(), video: store,
            objects: [query(video, frame: 2), other])
        while try run.next() != nil {}
        #expect(store.computations(of: FakeSegmenter.Encoder.key) == expected)
    }

    @Test(
        arguments: [
            (0.6, 1, [false, true, true, true, true]), (nil, 1, [false, true, false, true, false, true, false, true]),
            (0.6, 0, [false, false, false, false]),
            (0.95, 1, [false, true, false, true, false, true, false, true]),
        ] as [(Float?, Int, [Bool])])
    func theFrameBeforeStandsForTheFirstPass(threshold: Float?, refinement: Int, expected: [Bool]) async throws {
        let video = MovingDisk(frameCount: 5)
        let segmenter = FakeSegmenter()
        var options = VideoSegmenterOptions()
        options.prompting.previousMaskIoU = threshold
        options.prompting.refinements = refinement
        let pipeline = VideoSegmenter(segmenter: segmenter, tracker: FakeTracker(), options: options)
        for try await _ in pipeline.segment(video, objects: [query(video, frame: 0)]) {}
        #expect(segmenter.asked.withLock { $0.map { $0.previousLogits != nil } } == expected)
    }

    /// Without refinements one pass has all points, so that neither the count nor negative clicks are ignored.
    @Test(
        arguments: [(0, [[true, false]]), (1, [[true], [true, false]]), (2, [[true], [true, false], [true, false]])] as [(Int, [[Bool]])])
    func clicksAreRefinedAsOftenAsAskedFor(refinement: Int, expected: [[Bool]]) async throws {
        let video = MovingDisk(frameCount: 1)
        let segmenter = FakeSegmenter()
        var options = VideoSegmenterOptions()
        options.prompting.refinements = refinement
        let center = MovingDisk.center(0)
        let clicks = ObjectQuery(id: 1, frame: 0, prompt: .points([.positive(center.x, center.y), .negative(3, 3)]))
        let pipeline = VideoSegmenter(segmenter: segmenter, tracker: FakeTracker(), options: options)
        for try await _ in pipeline.segment(video, objects: [clicks]) {}
        #expect(segmenter.asked.withLock { $0.map { $0.points.map(\.isPositive) } } == expected)
    }

    /// Those that are encoded ahead are few: one waits, one is in the making, and one is taken before it is known.
    @Test(arguments: [(false, 9...9), (true, 9...12)]) func framesWithoutVisiblePointsAreNotEncoded(
        overlaps: Bool, expected: ClosedRange<Int>
    ) async throws {
        let video = MovingDisk(frameCount: 30)
        let store = FrameStore(video)
        var options = VideoSegmenterOptions()
        options.overlapsSteps = overlaps
        let run = SegmentationRun(
            segmenter: FakeSegmenter(), tracker: FakeTracker(vanishesAt: 10), options: options, video: store,
            objects: [query(video, frame: 0)])
        var seen: [Bool] = []
        while let result = try run.next() { seen.append(!result.objects[0].mask.isEmpty) }
        #expect(seen == (0..<30).map { $0 < 10 })
        #expect(expected.contains(store.computations(of: FakeSegmenter.Encoder.key)))
    }

    @Test func equalSeedsGiveEqualResults() async throws {
        let video = MovingDisk(frameCount: 15)
        var options = VideoSegmenterOptions()
        options.queryPoints.positiveMethod = .random
        options.seed = 5
        let first = try await collect(video, [query(video, frame: 4)], options: options)
        let second = try await collect(video, [query(video, frame: 4)], options: options)
        #expect(zip(first, second).allSatisfy { $0.indexMask == $1.indexMask && $0.objects[0].points == $1.objects[0].points })
        options.seed = 6
        let third = try await collect(video, [query(video, frame: 4)], options: options)
        #expect(zip(first, third).contains { $0.objects[0].points != $1.objects[0].points })
    }

    @Test func clicksAndBoxesAreQueries() async throws {
        let video = MovingDisk(frameCount: 5)
        let click = ObjectQuery(id: 1, prompt: .points([.positive(30.5, 30.5), .negative(80, 10)]))
        let box = ObjectQuery(id: 1, prompt: .box(Box(x0: 18, y0: 18, x1: 43, y1: 43)))
        for object in [click, box] {
            let results = try await collect(video, [object])
            for result in results {
                #expect(result.objects[0].mask.intersectionOverUnion(video.mask(result.frameIndex)) > 0.75)
            }
        }
    }

    /// Clicks keep their place among sampled points, however few may prompt and however often points are sampled anew.
    @Test(arguments: [1, 4, 6]) func clicksAlwaysPrompt(limit: Int) async throws {
        let video = MovingDisk(frameCount: 12)
        let clicks = [PointPrompt.positive(30.25, 30.25), .positive(33.25, 30.5), .positive(30.5, 27.25), .negative(70.25, 8.25)]
        let segmenter = FakeSegmenter()
        var options = VideoSegmenterOptions()
        (options.queryPoints.positives, options.queryPoints.negatives, options.reinitialization.horizon) = (limit, 1, 2)
        let pipeline = VideoSegmenter(segmenter: segmenter, tracker: FakeTracker(), options: options)
        for try await _ in pipeline.segment(video, objects: [ObjectQuery(id: 1, prompt: .points(clicks))]) {}
        // The last of each frame has all points.
        let asked = segmenter.asked.withLock { $0 }.filter { $0.points.contains { !$0.isPositive } }.suffix(11)
        #expect(asked.count == 11)
        for (frame, prompt) in zip(1..., asked) {
            let moved = clicks.map { PointPrompt($0.position + SIMD2(Float(frame), 0), isPositive: $0.isPositive) }
            #expect(prompt.points.filter(\.isPositive).prefix(3).elementsEqual(moved.prefix(3)))
            #expect(prompt.points.filter(\.isPositive).count == max(3, limit) && prompt.points.filter { !$0.isPositive } == [moved[3]])
        }
    }

    @Test func progressCountsBothDirections() async throws {
        let video = MovingDisk(frameCount: 10)
        let steps = Protected<[Int]>([])
        let segmenter = VideoSegmenter(segmenter: FakeSegmenter(), tracker: FakeTracker())
        let stream = segmenter.segment(video, objects: [query(video, frame: 6)]) { progress in
            steps.withLock { $0.append(progress.framesDone) }
            #expect(progress.framesTotal == 16)
        }
        for try await _ in stream {}
        #expect(steps.withLock { $0 } == Array(1...16))
    }

    @Test func cancellingEndsTheStream() async throws {
        let video = MovingDisk(frameCount: 2000)
        let objects = [query(video, frame: 0)]
        let task = Task {
            var count = 0
            let segmenter = VideoSegmenter(segmenter: FakeSegmenter(), tracker: FakeTracker())
            for try await _ in segmenter.segment(video, objects: objects) {
                count += 1
                if count == 5 { withUnsafeCurrentTask { $0?.cancel() } }
            }
            return count
        }
        let outcome = await task.result
        if case .success(let count) = outcome { #expect(count < 10) }
    }

    @Test func badQueriesAreNamed() async throws {
        let video = MovingDisk(frameCount: 4)
        let size = video.size
        let empty = Mask(size: size)
        let small = Mask(width: 2, height: 2, values: [1, 1, 1, 1])
        let cases: [([ObjectQuery], QueryError)] = [
            ([], .noObjects), ([query(video, frame: 0, id: 0)], .invalidID(0)),
            ([query(video, frame: 0), query(video, frame: 1)], .duplicateID(1)),
            ([ObjectQuery(id: 1, frame: 4, prompt: .mask(empty))], .frameOutOfRange(object: "object 1", frame: 4, frameCount: 4)),
            ([ObjectQuery(id: 1, prompt: .points([.negative(3, 3)]))], .noPositivePoint(object: "object 1")),
            ([ObjectQuery(id: 1, prompt: .points([.positive(300, 3)]))], .pointOutside(object: "object 1", x: 300, y: 3, size: size)),
            ([ObjectQuery(id: 1, prompt: .box(Box(x0: 5, y0: 5, x1: 5, y1: 9)))], .boxOutside(object: "object 1", size: size)),
            ([ObjectQuery(id: 1, prompt: .mask(empty))], .emptyMask(object: "object 1")),
            ([ObjectQuery(id: 1, prompt: .mask(small))], .maskSizeDiffers(object: "object 1", mask: small.size, frame: size)),
        ]
        var continuous = VideoSegmenterOptions()
        continuous.reinitialization.variant = nil
        let without = continuous
        for (objects, expected) in cases {
            await #expect(throws: expected) { _ = try await collect(video, objects) }
            await #expect(throws: expected) { _ = try await collect(video, objects, options: without) }
        }
    }
}

struct VideoSegmenterOptionsTests {
    @Test func impossibleValuesAreNamed() throws {
        try VideoSegmenterOptions().validate()
        let changes: [(String, (inout VideoSegmenterOptions) -> Void)] = [
            ("queryPoints.positives", { $0.queryPoints.positives = 0 }), ("queryPoints.negatives", { $0.queryPoints.negatives = -1 }),
            ("prompting.refinements", { $0.prompting.refinements = -1 }),
            ("prompting.maximumOtherNegatives", { $0.prompting.maximumOtherNegatives = -1 }),
            ("reinitialization.horizon", { $0.reinitialization.horizon = 0 }), ("prompting.minimumIoU", { $0.prompting.minimumIoU = .nan }),
        ]
        for (name, change) in changes {
            var options = VideoSegmenterOptions()
            change(&options)
            #expect { try options.validate() } throws: { error in
                guard case QueryError.invalidOption(name, _)? = error as? QueryError else { return false }
                return true
            }
        }
    }
}

struct OutcomeSpoolTests {
    @Test func outcomesComeBack() throws {
        let spool = try OutcomeSpool()
        let logits = MaskLogits(width: 3, height: 2, values: [1.5, -2, 0.25, -8, 4, 0])
        let mask = Mask(width: 4, height: 3, values: [0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1])
        let point = PromptPoint(id: 4, position: SIMD2(3.25, 7.5), isPositive: true, status: .dissimilar, confidence: 0.75)
        for frame in (0..<5).reversed() {
            let outcome = ObjectOutcome(shape: .predicted(logits), mask: mask, predictedIoU: Float(frame) / 8, points: [point])
            try spool.write([2: outcome, 0: ObjectOutcome()], frame: frame)
        }
        for frame in 0..<5 {
            let outcomes = try spool.read(frame: frame)
            #expect(outcomes.keys.sorted() == [0, 2])
            let found = try #require(outcomes[2])
            #expect(found.predictedIoU == Float(frame) / 8)
            #expect(found.points == [point])
            #expect(found.mask == mask)
            guard case .predicted(let values) = found.shape else {
                Issue.record("no logits")
                continue
            }
            #expect(values == logits)
        }
        #expect(try spool.read(frame: 9).isEmpty)
    }
}

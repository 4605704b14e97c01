import Media
import PointTrackers
import TestSupport
import Testing

@testable import SAMPT

struct ReinitializationRuleTests {
    private func window(_ areas: [Float]..., next: Int? = nil) -> ReinitializationWindow {
        ReinitializationWindow(areas: areas, framesToNextStart: next)
    }

    @Test func horizonTakesTheLastFrameOrTheNextStart() {
        let areas = [Float](repeating: 100, count: 8)
        #expect(HorizonRule().frames(of: window(areas, areas)) == [7, 7])
        #expect(HorizonRule().frames(of: window(areas, next: 3)) == [3])
        #expect(HorizonRule().frames(of: window(areas, next: 30)) == [7])
    }

    /// Frames 3 to 7 of 8 are candidates: the first quarter is too early.
    @Test func medianIsTheLowerOne() {
        #expect(MedianAreaRule().frames(of: window([100, 1, 1, 500, 300, 400, 200, 600])) == [5])
        #expect(MedianAreaRule().frames(of: window([100, 1, 1, 500, 300, 25, 200, 600])) == [4], "an even number: the lower")
        #expect(MedianAreaRule().frames(of: window([100, 90, 90, 0, 0, 0, 0, 25])) == [1], "no candidate at all")
    }

    /// A first frame without a mask is nothing to be similar to: the median stands in, and the other objects decide.
    @Test func firstFramesWithoutAMask() {
        #expect(SimilarAreaRule().frames(of: window([0, 1, 1, 500, 300, 400, 200, 600])) == [5])
        #expect(
            SimilarAreaInStepRule().frames(of: window([0, 90, 90, 90, 90, 90, 90, 90], [100, 1, 1, 500, 300, 400, 101, 600])) == [6, 6])
    }

    /// The reference compares with an area of 0 there. Frames by its own formulas, run in PyTorch.
    @Test(
        arguments: [
            ([[0, 90, 90, 90, 90, 90, 90, 90]], nil, [3], 1), ([[0, 1, 1, 500, 300, 400, 200, 600]], nil, [6], 1),
            ([[0, 90, 90, 90, 90, 90, 90, 90], [100, 1, 1, 500, 300, 400, 101, 600]], nil, [3, 6], 1),
            ([[0, 90, 90, 90, 20, 90, 90, 90], [100, 1, 1, 500, 100, 400, 101, 600]], nil, [3, 4], 4),
            ([[0, 90, 90, 90, 90, 90, 90, 90]], 7, [3], 1), ([[0, 90, 90, 90, 90, 90, 90, 90]], 2, [3], 2),
            ([[0, 90, 90, 90, 90, 90, 25, 90]], 6, [3], 6), ([[0, 0, 0, 0, 0, 0, 0, 0]], nil, [1], 1),
        ] as [([[Float]], Int?, [Int], Int)]) func firstFramesWithoutAMaskInTheReference(
            _ areas: [[Float]], next: Int?, similar: [Int], inStep: Int
        )
    {
        let window = ReinitializationWindow(areas: areas, framesToNextStart: next, referenceQuirks: true)
        #expect(SimilarAreaRule().frames(of: window) == similar)
        #expect(SimilarAreaInStepRule().frames(of: window) == areas.map { _ in inStep })
    }

    /// An object that is not recognised in its own query frame.
    @Test(arguments: [(ReinitializationVariant.similarArea, 3), (.similarAreaInStep, 1)]) func quirksReachTheRules(
        _ variant: ReinitializationVariant, chosen: Int
    ) async throws {
        let video = MovingDisk(frameCount: 10)
        let tracker = FakeTracker()
        var options = VideoSegmenterOptions()
        (options.reinitialization.variant, options.reinitialization.horizon, options.reinitialization.trackerHorizon) = (variant, 8, 8)
        (options.prompting.refinements, options.referenceQuirks, options.prompting.minimumIoU) = (0, true, 0.5)
        // One point, so that all masks have one area.
        options.queryPoints.followsClicksOnly = true
        let segmenter = VideoSegmenter(segmenter: FakeSegmenter(unsure: 0..<1), tracker: tracker, options: options)
        for try await _ in segmenter.segment(video, objects: [ObjectQuery(id: 1, prompt: .points([.positive(30.5, 30.5)]))]) {}
        #expect(tracker.seen.withLock { $0.prefix(2) } == [0..<8, chosen..<(chosen == 1 ? 9 : 10)])
    }

    @Test func similarAreaTakesTheFirstOfEquals() {
        #expect(SimilarAreaRule().frames(of: window([100, 100, 100, 90, 110, 500, 10, 90])) == [3])
        #expect(SimilarAreaRule().frames(of: window([100, 100, 100, 0, 0, 0, 0, 0])) == [1])
    }

    @Test func objectsInStepShareAFrame() {
        let rule = SimilarAreaInStepRule()
        #expect(rule.frames(of: window([100, 0, 0, 50, 99, 90, 80, 70], [1000, 0, 0, 990, 500, 980, 1, 2])) == [5, 5])
        // Another object's start is worth 36 times the area, no more than a missing mask costs.
        #expect(rule.frames(of: window([100, 0, 0, 50, 99, 90, 80, 70], next: 7)) == [7])
        #expect(rule.frames(of: window([100, 0, 0, 50, 99, 90, 80, 0], next: 7)) == [4])
        #expect(rule.frames(of: window([100, 0, 0, 50, 99, 90, 80, 70], next: 70)) == [4])
    }
}

struct WindowedPassTests {
    static let variants: [ReinitializationVariant] = [.horizon, .medianArea, .similarArea, .similarAreaInStep]

    private func options(_ variant: ReinitializationVariant, horizon: Int = 8) -> VideoSegmenterOptions {
        var options = VideoSegmenterOptions()
        options.reinitialization.variant = variant
        options.reinitialization.horizon = horizon
        options.prompting.refinements = 0
        return options
    }

    private func results(
        _ video: MovingDisk, _ queries: [ObjectQuery], _ options: VideoSegmenterOptions, tracker: FakeTracker = FakeTracker()
    ) async throws -> [FrameResult] {
        var results: [FrameResult] = []
        let segmenter = VideoSegmenter(segmenter: FakeSegmenter(), tracker: tracker, options: options)
        for try await result in segmenter.segment(video, objects: queries) { results.append(result) }
        return results
    }

    @Test(arguments: variants, [0, 11, 39]) func everyFrameIsSegmented(_ variant: ReinitializationVariant, frame: Int) async throws {
        let video = MovingDisk(frameCount: 40)
        let query = ObjectQuery(id: 1, frame: frame, prompt: .mask(video.mask(frame)))
        let found = try await results(video, [query], options(variant))
        #expect(found.map(\.frameIndex) == Array(0..<40))
        for result in found {
            #expect(result.objects[0].mask.intersectionOverUnion(video.mask(result.frameIndex)) > 0.65, "frame \(result.frameIndex)")
        }
        #expect(found[frame].objects[0].mask == video.mask(frame))
        let again = try await results(video, [query], options(variant))
        #expect(zip(found, again).allSatisfy { $0.indexMask == $1.indexMask && $0.objects[0].points == $1.objects[0].points })
    }

    /// The worked example of the specification, with a quarter of its frames.
    @Test func windowsFollowTheHorizon() async throws {
        let video = MovingDisk(frameCount: 25)
        let tracker = FakeTracker()
        var options = self.options(.horizon, horizon: 6)
        options.reinitialization.trackerHorizon = 9
        _ = try await results(video, [ObjectQuery(id: 1, prompt: .mask(video.mask(0)))], options, tracker: tracker)
        #expect(tracker.seen.withLock { $0 } == [0..<9, 5..<14, 10..<19, 15..<24, 20..<25])
    }

    /// The mask that an object began with is what areas are compared with, sure or not.
    @Test func theFirstMaskCountsWhateverItsScore() async throws {
        let video = MovingDisk(frameCount: 10)
        let tracker = FakeTracker()
        var options = self.options(.similarArea)
        options.reinitialization.trackerHorizon = 8
        // One point, so that all masks have one area.
        options.queryPoints.followsClicksOnly = true
        let segmenter = VideoSegmenter(segmenter: FakeSegmenter(unsure: 0..<1), tracker: tracker, options: options)
        for try await _ in segmenter.segment(video, objects: [ObjectQuery(id: 1, prompt: .points([.positive(30.5, 30.5)]))]) {}
        // The first frame of equal area. The median, which stands in for masks without an area, would be frame 5.
        #expect(tracker.seen.withLock { $0.prefix(2) } == [0..<8, 3..<10])
    }

    /// While the object is hidden there is nothing to sample points on: it is followed with the old points, and goes on when it is back.
    @Test(arguments: variants) func lostObjectsComeBack(_ variant: ReinitializationVariant) async throws {
        for trackerHorizon in [nil, 8] {
            let video = MovingDisk(frameCount: 40)
            var options = self.options(variant)
            options.reinitialization.trackerHorizon = trackerHorizon
            let tracker = FakeTracker(hidden: 9..<22)
            let found = try await results(video, [ObjectQuery(id: 1, prompt: .mask(video.mask(0)))], options, tracker: tracker)
            #expect(found.map { !$0.objects[0].mask.isEmpty } == (0..<40).map { !(9..<22).contains($0) })
            for result in found where !(9..<22).contains(result.frameIndex) {
                #expect(result.objects[0].mask.intersectionOverUnion(video.mask(result.frameIndex)) > 0.65, "frame \(result.frameIndex)")
            }
        }
    }

    /// An object that is never seen again: empty masks to the end.
    @Test(arguments: variants) func vanishedObjectsStayEmpty(_ variant: ReinitializationVariant) async throws {
        let video = MovingDisk(frameCount: 40)
        let found = try await results(
            video, [ObjectQuery(id: 1, prompt: .mask(video.mask(0)))], options(variant), tracker: FakeTracker(vanishesAt: 13))
        #expect(found.map { !$0.objects[0].mask.isEmpty } == (0..<40).map { $0 < 13 })
    }

    @Test(arguments: variants) func objectsMayStartAnywhere(_ variant: ReinitializationVariant) async throws {
        let video = MovingDisk(frameCount: 30)
        let other = disk(at: SIMD2(70.5, 50.5), radius: 6, size: video.size)
        let queries = [
            ObjectQuery(id: 5, frame: 17, prompt: .mask(video.mask(17))), ObjectQuery(id: 2, frame: 4, prompt: .mask(other)),
            ObjectQuery(id: 3, frame: 29, prompt: .mask(disk(at: SIMD2(80, 10), radius: 5, size: video.size))),
        ]
        let found = try await results(video, queries, options(variant))
        #expect(found.count == 30)
        #expect(found.allSatisfy { $0.objects.map(\.id) == [5, 2, 3] && !$0.objects[0].mask.isEmpty })
    }

    @Test(arguments: variants, [2, 3, 1000, Int.max]) func anyHorizonWorks(_ variant: ReinitializationVariant, horizon: Int) async throws {
        for count in [1, 2, 3, 12] {
            let video = MovingDisk(frameCount: count)
            var options = self.options(variant, horizon: horizon)
            options.reinitialization.trackerHorizon = horizon
            let found = try await results(video, [ObjectQuery(id: 1, prompt: .mask(video.mask(0)))], options)
            #expect(found.count == count && found.allSatisfy { !$0.objects[0].mask.isEmpty })
        }
    }

    @Test(arguments: variants) func windowsOfOneFrameAreRefused(_ variant: ReinitializationVariant) throws {
        #expect(throws: QueryError.invalidOption(name: "reinitialization.horizon", range: "at least 2")) {
            try self.options(variant, horizon: 1).validate()
        }
        var options = self.options(variant)
        options.reinitialization.trackerHorizon = 7
        #expect(throws: QueryError.self) { try options.validate() }
    }
}

struct JointOutcomesTests {
    private func collect(
        _ video: MovingDisk, _ queries: [ObjectQuery], _ options: VideoSegmenterOptions, _ store: FrameStore,
        tracker: FakeTracker = FakeTracker()
    ) async throws -> [FrameResult] {
        let run = SegmentationRun(
            segmenter: FakeSegmenter(), tracker: tracker, options: options, video: store, objects: queries)
        var results: [FrameResult] = []
        while let result = try run.next() { results.append(result) }
        return results
    }

    /// Without re-initialisation every frame is encoded once, wherever objects start: also where the tracker needs the encoder in both
    /// directions, as long as there is room for its features on disk.
    @Test(arguments: [(false, UInt64(0)), (true, 1 << 20)]) func framesAreEncodedOnce(sharesEncoder: Bool, budget: UInt64) async throws {
        let video = MovingDisk(frameCount: 30)
        var options = VideoSegmenterOptions()
        options.reinitialization.variant = nil
        let tracker = FakeTracker(sharesEncoder: sharesEncoder)
        // Tracker and encoder may be ahead of the decoder by as many frames as that.
        let store = FrameStore(video, capacity: options.framesKept(with: tracker), spoolBudget: budget)
        let other = ObjectQuery(id: 2, frame: 26, prompt: .mask(disk(at: SIMD2(80.5, 50.5), radius: 6, size: video.size)))
        let found = try await collect(
            video, [ObjectQuery(id: 1, frame: 2, prompt: .mask(video.mask(2))), other], options, store, tracker: tracker)
        #expect(found.count == 30 && found.allSatisfy { !$0.objects[0].mask.isEmpty })
        #expect(store.computations(of: FakeSegmenter.Encoder.key) == 30)
    }

    /// An object that is marked later does not take part in frames before, for those that are marked earlier.
    @Test func laterObjectsDoNotDisturbEarlierFrames() async throws {
        let video = MovingDisk(frameCount: 20)
        var options = VideoSegmenterOptions()
        options.reinitialization.variant = nil
        let first = ObjectQuery(id: 1, prompt: .mask(video.mask(0)))
        let alone = try await collect(video, [first], options, FrameStore(video))
        let later = ObjectQuery(id: 2, frame: 15, prompt: .mask(disk(at: SIMD2(80.5, 50.5), radius: 6, size: video.size)))
        let both = try await collect(video, [first, later], options, FrameStore(video))
        #expect(zip(alone, both).allSatisfy { $0.objects[0].points == $1.objects[0].points })
        #expect(zip(alone, both).prefix(15).allSatisfy { $0.objects[0].mask == $1.objects[0].mask })
    }
}

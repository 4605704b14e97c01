import Foundation
import PointTrackers
import Segmenters
import Support
import TestSupport
import Testing

@testable import Media
@testable import SAMPT

@Suite("A session is a run that can be edited")
struct SessionTests {
    /// Objects that come in any order of frames, the first and the last among them.
    private static let starts = [[0], [9], [23], [12, 4], [0, 23, 7], [5, 0, 12, 12]]

    @Test(
        "What is marked before the first propagation gives the bytes of a run",
        arguments: [nil, .rolling, .horizon, .medianArea, .similarAreaInStep] as [ReinitializationVariant?], starts)
    func equalsTheRun(variant: ReinitializationVariant?, frames: [Int]) async throws {
        var options = VideoSegmenterOptions()
        options.reinitialization.variant = variant
        let fixture = try SessionFixture(options: options)
        var queries: [ObjectQuery] = []
        for (place, frame) in frames.enumerated() {
            // Disks beside each other that overlap in time.
            let mask =
                place == 0
                ? fixture.video.mask(frame) : disk(at: MovingDisk.center(frame) + 9 * Float(place), radius: 10, size: fixture.video.size)
            queries.append(ObjectQuery(id: place + 1, frame: frame, prompt: .mask(RunLengthMask(mask).mask)))
            try await fixture.add(place + 1, frame: frame, mask: mask)
        }
        try await fixture.propagate()
        let session = try await fixture.results()
        for try await run in fixture.models.segment(fixture.video, objects: queries) {
            let found = session[run.frameIndex]
            #expect(found.indexMask == run.indexMask, "frame \(run.frameIndex)")
            #expect(found.objects.map(\.mask) == run.objects.map(\.mask), "frame \(run.frameIndex)")
            #expect(found.objects.map(\.points) == run.objects.map(\.points), "frame \(run.frameIndex)")
            #expect(found.objects.map(\.evidence) == run.objects.map(\.evidence), "frame \(run.frameIndex)")
        }
    }

    @Test("So do clicks, and the options of the paper's corrections") func equalsTheRunWithClicks() async throws {
        var options = VideoSegmenterOptions()
        options.reinitialization.variant = nil
        options.prompting.previousMaskIoU = nil
        let fixture = try SessionFixture(options: options)
        try await fixture.session.apply(.addObject(object: 4, name: "disk"))
        try await fixture.click(4, 8, MovingDisk.center(8))
        try await fixture.click(4, 8, SIMD2(3, 3), positive: false)
        let query = ObjectQuery(id: 4, frame: 8, prompt: .points([PointPrompt(MovingDisk.center(8), isPositive: true), .negative(3, 3)]))
        try await fixture.propagate(Propagation(policy: .paper))
        let session = try await fixture.results()
        var paper = fixture.models
        paper.options = options.paperPolicy
        for try await run in paper.segment(fixture.video, objects: [query]) {
            #expect(session[run.frameIndex].indexMask == run.indexMask, "frame \(run.frameIndex)")
        }
    }

    @Test("A correction computes the two spans beside it again, of that object, and nothing else")
    func anchoredCorrection() async throws {
        let fixture = try SessionFixture(frames: 40)
        try await fixture.add(1, frame: 0)
        try await fixture.add(2, frame: 5, mask: SessionFixture.other)
        try await fixture.click(1, 30, MovingDisk.center(30))
        try await fixture.propagate()
        let before = try await fixture.results()
        _ = (fixture.segmenter.decoded.takeCounts(), fixture.tracker.steps.takeCounts())
        let encoded = fixture.session.core.frames.computations(of: FakeSegmenter.Encoder.key)

        let change = try await fixture.click(1, 15, MovingDisk.center(15) + SIMD2(0, 3))
        #expect(change.outdated[1] == [1...14, 16...29] && change.outdated[2] == nil)
        _ = try await fixture.session.mask(of: 1, at: 15)
        #expect(Set(fixture.segmenter.decoded.takeCounts().keys) == [15])
        try await fixture.propagate()
        // 0 to 15 forwards and backwards, 15 to 30 likewise; the anchors' own frames are known.
        let (decoded, steps) = (fixture.segmenter.decoded.takeCounts(), fixture.tracker.steps.takeCounts())
        #expect(Set(decoded.keys) == Set(1...29).subtracting([15]) && Set(steps.keys).isSubset(of: 0...30), "\(decoded), \(steps)")
        #expect(fixture.session.core.frames.computations(of: FakeSegmenter.Encoder.key) == encoded)
        let after = try await fixture.results()
        #expect(after[15].objects[0].mask != before[15].objects[0].mask)
        for (a, b) in zip(before, after) {
            #expect(a.objects[1].points == b.objects[1].points)
            if a.frameIndex == 0 || a.frameIndex >= 30 {
                #expect(a.objects[0].mask == b.objects[0].mask && a.objects[0].points == b.objects[0].points)
            }
        }
        #expect(try await fixture.session.spans(of: 1).allSatisfy { $0.progress == .current })
        #expect(try await fixture.propagate().map(\.number) == [0])
        #expect(fixture.segmenter.decoded.takeCounts().isEmpty && fixture.tracker.steps.takeCounts().isEmpty)
    }

    @Test("A frame that is made ready is encoded once, and a click in it encodes nothing") func preparedFrame() async throws {
        let fixture = try SessionFixture(frames: 10)
        func encoded() -> Int { fixture.session.core.frames.computations(of: FakeSegmenter.Encoder.key) }
        try await fixture.session.prepare(4)
        try await fixture.session.prepare(4)
        #expect(encoded() == 1 && fixture.session.state.objects.isEmpty)
        try await fixture.session.apply(.addObject(object: 1))
        try await fixture.click(1, 4, MovingDisk.center(4))
        #expect(try await fixture.session.mask(of: 1, at: 4)?.mask != nil)
        #expect(encoded() == 1)
        await #expect(throws: SessionError.self) { try await fixture.session.prepare(10) }
    }

    @Test("What is left to compute of an object: all but its anchor, nothing when done, the spans beside a correction, and undone again")
    func outdatedStretches() async throws {
        let fixture = try SessionFixture(frames: 40)
        try await fixture.session.apply(.addObject(object: 1))
        #expect(try await fixture.session.outdated(of: 1).isEmpty)
        try await fixture.session.apply(
            .setMask(AnchorPlace(object: 1, frame: 10), RunLengthMask(fixture.video.mask(10))))
        #expect(try await fixture.session.outdated(of: 1) == [0...9, 11...39])
        try await fixture.propagate(Propagation(range: 10...20))
        #expect(try await fixture.session.outdated(of: 1) == [0...9, 21...39])
        try await fixture.propagate()
        #expect(try await fixture.session.outdated(of: 1).isEmpty)
        try await fixture.click(1, 30, MovingDisk.center(30) + SIMD2(0, 3))
        #expect(try await fixture.session.outdated(of: 1) == [11...29, 31...39])
        try await fixture.session.apply(.undo)
        #expect(try await fixture.session.outdated(of: 1).isEmpty)
        await #expect(throws: SessionError.self) { try await fixture.session.outdated(of: 2) }
    }

    @Test("With the policy of the paper, frames from the correction on in which a visible point changed") func paperCorrection()
        async throws
    {
        // The new point is hidden at the end.
        let fixture = try SessionFixture(frames: 30, tracker: FakeTracker(hidden: 20..<24))
        try await fixture.add(1, frame: 4)
        try await fixture.add(2, frame: 0, mask: SessionFixture.other)
        let paper = Propagation(policy: .paper)
        try await fixture.propagate(paper)
        let before = try await fixture.results()
        _ = (fixture.segmenter.decoded.takeCounts(), fixture.tracker.steps.takeCounts())

        try await fixture.click(1, 12, MovingDisk.center(12) + SIMD2(0, 4))
        try await fixture.propagate(paper)
        #expect(Set(fixture.segmenter.decoded.takeCounts().keys) == Set(12...19).union(24...29))
        #expect(Set(fixture.tracker.steps.takeCounts().keys) == Set(12...29))
        let added = try await fixture.results()
        for (a, b) in zip(before, added) {
            if a.frameIndex < 12 { #expect(a.objects[0].points == b.objects[0].points && a.indexMask == b.indexMask) }
            #expect(a.objects[1].points == b.objects[1].points)
        }
        #expect(added[20].objects[0].points.count == before[20].objects[0].points.count + 1)

        _ = fixture.segmenter.decoded.takeCounts()
        // A sampled point is taken away from frame 16 on: it is gone there, and was there before.
        let point = try #require(added[16].objects[0].points.first { $0.isPositive && $0.origin == .queryMask })
        try await fixture.session.apply(.removeTrack(AnchorPlace(object: 1, frame: 16), track: point.id))
        try await fixture.propagate(paper)
        #expect(Set(fixture.segmenter.decoded.takeCounts().keys) == Set(16...19).union(24...29))
        #expect(fixture.tracker.steps.takeCounts().isEmpty)
        let removed = try await fixture.results()
        #expect(removed[15].objects[0].points.contains { $0.id == point.id })
        #expect((16...29).allSatisfy { frame in !removed[frame].objects[0].points.contains { $0.id == point.id } })
        #expect(try await fixture.session.spans(of: 1).allSatisfy { $0.progress == .current })
    }

    @Test("Undo and redo run no network and give the masks of before", arguments: CorrectionPolicy.allCases)
    func undoAndRedo(policy: CorrectionPolicy) async throws {
        let fixture = try SessionFixture()
        try await fixture.add(1, frame: 3)
        try await fixture.propagate(Propagation(policy: policy))
        let first = try await fixture.results()
        try await fixture.click(1, 14, MovingDisk.center(14) + SIMD2(4, 4))
        let clicked = try await fixture.results()
        try await fixture.propagate(Propagation(policy: policy))
        let second = try await fixture.results()
        #expect(!areEqual(first, second))
        _ = (fixture.segmenter.decoded.takeCounts(), fixture.tracker.steps.takeCounts())
        try await fixture.session.apply(.undo)
        #expect(areEqual(try await fixture.results(), clicked))
        try await fixture.session.apply(.undo)
        #expect(areEqual(try await fixture.results(), first))
        try await fixture.session.apply(.redo)
        try await fixture.session.apply(.redo)
        #expect(areEqual(try await fixture.results(), second))
        #expect(!fixture.session.canRedo)
        await #expect(throws: SessionError.nothingToRedo) { try await fixture.session.apply(.redo) }
        // The same propagation again finds its result.
        try await fixture.session.apply(.undo)
        try await fixture.propagate(Propagation(policy: policy))
        #expect(areEqual(try await fixture.results(), second))
        #expect(fixture.segmenter.decoded.takeCounts().isEmpty && fixture.tracker.steps.takeCounts().isEmpty)
    }

    @Test("Equal logs give equal masks, in whatever order their results are computed", arguments: CorrectionPolicy.allCases)
    func replay(policy: CorrectionPolicy) async throws {
        let fixture = try SessionFixture(frames: 30)
        let propagation = Propagation(policy: policy)
        try await fixture.add(1, frame: 3)
        try await fixture.add(2, frame: 9, mask: disk(at: MovingDisk.center(9) + 15, radius: 8, size: fixture.video.size))
        try await fixture.propagate(propagation)
        try await fixture.click(1, 14, MovingDisk.center(14) + SIMD2(2, 4))
        try await fixture.propagate(Propagation(objects: [1], range: 10...25, policy: policy))
        try await fixture.click(2, 20, MovingDisk.center(20) + 15)
        try await fixture.session.apply(.undo)
        try await fixture.click(2, 21, MovingDisk.center(21) + 14)
        try await fixture.propagate(propagation)
        let results = try await fixture.results()

        let log = fixture.store.loadLog()
        for order in [[1, 2, 3], [3, 2, 1]] {
            let copy = InMemorySessionStore(log: try log.map { LoggedEdit(number: $0.number, edit: try Edit(json: try $0.edit.json)) })
            let again = try SessionFixture(frames: 30, store: copy)
            #expect(again.segmenter.decoded.takeCounts().isEmpty)
            await #expect(throws: SessionError.self) { try await again.session.result(at: 1) }
            for run in try again.session.core.missing(order) { while try run.next() != nil {} }
            #expect(areEqual(try await again.results(), results), "\(order)")
        }
        let restored = try SessionFixture(frames: 30, store: InMemorySessionStore(log: log))
        for try await _ in restored.session.restore() {}
        #expect(areEqual(try await restored.results(), results))
        // With other options the results are not those of the log.
        var options = VideoSegmenterOptions()
        options.seed = 5
        let other = try SessionFixture(frames: 30, options: options, store: InMemorySessionStore(log: log))
        await #expect(throws: SessionError.otherModels(propagation: 1)) { for try await _ in other.session.restore() {} }
    }

    @Test("A cancelled propagation keeps what is done, and opening computes nothing") func cancelled() async throws {
        let fixture = try SessionFixture(frames: 60)
        try await fixture.add(1, frame: 0)
        var last: PropagationProgress?
        for try await news in fixture.session.propagate(Propagation()) {
            last = news
            if news.framesDone >= 16 { break }
        }
        #expect(last?.changed[1]?.isEmpty == false)
        // The one on its way out is waited for.
        let whole = try SessionFixture(frames: 60)
        try await whole.add(1, frame: 0)
        try await whole.propagate()
        let expected = try await whole.results()
        while fixture.session.core.history.reached.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        let done = try await fixture.results()
        #expect((0..<16).allSatisfy { done[$0].indexMask == expected[$0].indexMask && done[$0].outdated.isEmpty })
        #expect(done[59].outdated == [1] && done[59].objects[0].mask.isEmpty)
        #expect(try await fixture.session.spans(of: 1).map(\.progress) == [.partial])

        let reopened = try SessionFixture(frames: 60, store: fixture.store)
        #expect(areEqual(try await reopened.results(), try await fixture.results()))
        #expect(reopened.segmenter.decoded.takeCounts().isEmpty && reopened.tracker.steps.takeCounts().isEmpty)
        try await reopened.propagate()
        #expect(areEqual(try await reopened.results(), expected))
    }

    @Test("The seam lies where the sum of confidences is largest; of equals, at the first frame") func seams() async throws {
        let fixture = try SessionFixture(frames: 21)
        try await fixture.add(1, frame: 0)
        try await fixture.session.apply(
            .setMask(AnchorPlace(object: 1, frame: 20), RunLengthMask(fixture.video.mask(20))))
        try await fixture.propagate()
        let object = try #require(fixture.session.state.object(1))
        let keys = object.results.spans.map(\.span)
        let forward = try #require(keys.first { $0.anchor == 0 && $0.direction == .forward })
        let backward = try #require(keys.first { $0.anchor == 20 && $0.direction == .backward })
        func seam(_ left: [Float], _ right: [Float]) throws -> Int {
            let store = InMemorySessionStore()
            for (key, values) in [(forward.key, left), (backward.key, right)] {
                store.save(
                    values.enumerated().map { index, value in
                        var evidence = MaskEvidence(origin: .predicted)
                        for (_, path) in MaskEvidence.fields { evidence[keyPath: path] = value }
                        return SpanFrame(index: index + 1, origin: .predicted, evidence: evidence)
                    }, of: key)
            }
            return try SpanReader(store).seam(between: forward, backward, fixture.session.core.snapshot)
        }
        let equal = [Float](repeating: 0.5, count: 19)
        #expect(try seam(equal, equal) == 1)
        #expect(try seam([Float](repeating: 1, count: 19), equal) == 20)
        #expect(try seam((0..<19).map { $0 < 7 ? 1 : 0 }, equal) == 8)
    }

    @Test("Memory does not grow with the video") func longVideo() async throws {
        let fixture = try SessionFixture(
            frames: 2000,
            options: {
                var options = VideoSegmenterOptions()
                options.prompting.removesSpecks = false
                options.queryPoints.positives = 2
                options.queryPoints.negatives = 0
                return options
            }(), tracker: FakeTracker(vanishesAt: 40))
        try await fixture.add(1, frame: 0)
        try await fixture.propagate()
        #expect(fixture.session.core.frames.cachedCount <= 9)
        #expect(try await fixture.session.summaries(of: 1).count == 2000)
    }
}

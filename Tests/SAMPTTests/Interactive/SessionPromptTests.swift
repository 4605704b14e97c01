import Foundation
import Media
import PointTrackers
import Segmenters
import Support
import TestSupport
import Testing

@testable import SAMPT

@Suite("What a person says in a frame of a session")
struct SessionPromptTests {
    @Test("A click is a mask at once, a moved click another one") func clicks() async throws {
        let fixture = try SessionFixture()
        try await fixture.session.apply(.addObject(object: nil, name: "disk"))
        let change = try await fixture.click(1, 4, SIMD2(40, 30))
        guard case .addPoint(let place, let point?, _, _, _) = change.logged.edit else { throw SessionError.nothingToUndo }
        let first = try #require(try await fixture.session.mask(of: 1, at: 4)?.mask?.mask)
        #expect(first[40, 30] && first.area > 300)
        try await fixture.session.apply(.movePoint(place, point: point, position: SIMD2(60, 40)))
        let moved = try #require(try await fixture.session.mask(of: 1, at: 4)?.mask?.mask)
        #expect(moved[60, 40] && !moved[40, 30])
        #expect(try await fixture.session.preview(of: nil, at: 4, adding: .positive(20, 20))?.mask?.mask[20, 20] == true)
        try await fixture.session.apply(.removePoint(place, point: point))
        #expect(try await fixture.session.mask(of: 1, at: 4) == nil)
        await #expect(throws: SessionError.nothingToPropagate) { try await fixture.propagate() }
    }

    @Test("A correction records what it started from, and neighbours' later changes leave it alone") func base() async throws {
        let fixture = try SessionFixture()
        try await fixture.add(1, frame: 0)
        try await fixture.propagate()
        let tracked = try #require(try await fixture.session.mask(of: 1, at: 10))
        let change = try await fixture.click(1, 10, MovingDisk.center(10) + SIMD2(5, 0))
        guard case .addPoint(_, _, _, _, let base?) = change.logged.edit else { throw SessionError.nothingToUndo }
        #expect(base.points == tracked.points.filter(\.isVisible) && base.mask == tracked.mask && base.logits == tracked.logits)
        let corrected = try await fixture.session.mask(of: 1, at: 10)?.mask
        #expect(corrected != tracked.mask)
        // All of them prompt, with the logits of before.
        let fake = try #require(fixture.segmenter.base as? FakeSegmenter)
        let prompt = try #require(fake.asked.withLock { $0.last })
        #expect(prompt.points.count == base.points.count + 1 && prompt.previousLogits != nil)
        try await fixture.session.apply(.setMask(AnchorPlace(object: 1, frame: 0), RunLengthMask(SessionFixture.other)))
        try await fixture.propagate()
        #expect(try await fixture.session.mask(of: 1, at: 10)?.mask == corrected)
    }

    @Test("A tracked point can be dragged, and taken away", arguments: CorrectionPolicy.allCases) func tracks(
        policy: CorrectionPolicy
    ) async throws {
        let fixture = try SessionFixture()
        try await fixture.add(1, frame: 2)
        try await fixture.propagate(Propagation(policy: policy))
        let points = try #require(try await fixture.session.tracks(of: 1, in: 9...9)[9])
        let place = AnchorPlace(object: 1, frame: 9)
        try await fixture.session.apply(.moveTrack(place, track: points[0].id, position: SIMD2(50, 20)))
        let anchor = try #require(fixture.session.state.object(1)?.anchors[9])
        #expect(anchor.points.map(\.position) == [SIMD2(50, 20)] && anchor.removedTracks == [points[0].id])
        #expect(anchor.base?.points.count == points.count - 1)
        await #expect(throws: SessionError.unknownTrack(points[0].id, object: 1, frame: 9)) {
            try await fixture.session.apply(.removeTrack(place, track: points[0].id))
        }
        try await fixture.propagate(Propagation(policy: policy))
        let after = try #require(try await fixture.session.tracks(of: 1, in: 8...11)[11])
        #expect(after.contains { $0.position == SIMD2(52, 20) && $0.origin == .click })
    }

    @Test("Strokes paint on the mask, whatever is clicked below them") func strokes() async throws {
        let fixture = try SessionFixture()
        try await fixture.add(1, frame: 0)
        let place = AnchorPlace(object: 1, frame: 0)
        try await fixture.session.apply(.addStroke(place, BrushStroke(path: [SIMD2(70, 10), SIMD2(80, 10)], radius: 2)))
        try await fixture.session.apply(.addStroke(place, BrushStroke(path: [SIMD2(75, 10)], radius: 1, erases: true)))
        let found = try #require(try await fixture.session.mask(of: 1, at: 0))
        let mask = try #require(found.mask?.mask)
        #expect(found.origin == .given && mask[30, 30] && mask[71, 10] && mask[79, 10] && !mask[75, 10] && !mask[70, 14] && !mask[60, 10])
    }

    @Test("A lasso adds what it encloses, or cuts it out, and leaves clicks and strokes as they are") func lasso() async throws {
        let fixture = try SessionFixture()
        try await fixture.add(1, frame: 0)
        let place = AnchorPlace(object: 1, frame: 0)
        func area() async throws -> Int { try #require(try await fixture.session.mask(of: 1, at: 0)?.mask).area }
        let before = try await area()
        // Rows 5 to 14 and columns 60 to 79 have their centres inside.
        let square = [SIMD2<Float>(60, 5), SIMD2(80, 5), SIMD2(80, 15), SIMD2(60, 15)]
        try await fixture.session.apply(.addStroke(place, BrushStroke(lasso: square)))
        #expect(try await area() == before + 200)
        // Half of it, its upper left; the line beyond the frame's edge does no harm.
        try await fixture.session.apply(
            .addStroke(place, BrushStroke(lasso: [SIMD2(50, -5), SIMD2(70, -5), SIMD2(70, 40), SIMD2(50, 40)], erases: true)))
        let mask = try #require(try await fixture.session.mask(of: 1, at: 0)?.mask?.mask)
        #expect(mask.area == before + 100 && !mask[69, 5] && mask[70, 5] && mask[79, 14] && !mask[80, 14])
        #expect(fixture.session.state.object(1)?.anchors[0]?.strokes.map(\.isLasso) == [true, true])
        // Lines that cross each other: what is enclosed twice is outside.
        var twice = Mask(width: 20, height: 20)
        let around = [SIMD2<Float>(2, 2), SIMD2(12, 2), SIMD2(12, 12), SIMD2(2, 12)]
        twice.paint(BrushStroke(lasso: around + [around[0]] + around))
        #expect(twice.area == 0)
    }

    @Test("An empty mask says that the object is gone: nothing goes out from it") func absence() async throws {
        let fixture = try SessionFixture()
        try await fixture.add(1, frame: 0)
        try await fixture.session.apply(.setMask(AnchorPlace(object: 1, frame: 12), RunLengthMask(Mask(size: fixture.video.size))))
        try await fixture.propagate()
        let results = try await fixture.results()
        #expect(results.map { $0.objects[0].mask.isEmpty } == (0..<24).map { $0 >= 12 })
        #expect(results.allSatisfy { $0.outdated.isEmpty })
    }

    @Test("The segmenter's answers can be chosen from, and the choice is kept and followed") func candidates() async throws {
        let video = MovingDisk(frameCount: 12)
        let models = VideoSegmenter(segmenter: ThreeAnswers(), tracker: FakeTracker(), options: .init())
        let store = InMemorySessionStore()
        let session = try AnnotationSession(models, video: video, store: store)
        try await session.apply(.addObject(object: 1))
        let place = AnchorPlace(object: 1, frame: 0)
        let center = MovingDisk.center(0)
        try await session.apply(.addPoint(place, point: nil, position: center, isPositive: true))
        let found = try await session.candidates(of: 1, at: 0)
        #expect(found.map(\.index) == [0, 1, 2] && found.map { $0.mask.area } == found.map { $0.mask.area }.sorted())
        let change = try await session.choose(2, of: 1, at: 0)
        #expect(change.logged.edit == .choose(place, found[2]))
        #expect(try await session.mask(of: 1, at: 0)?.mask == found[2].mask)
        for try await _ in session.propagate(.init()) {}
        // Points were sampled on the chosen mask, beyond the first one's edge.
        let points = try #require(try await session.tracks(of: 1, in: 0...0)[0])
        #expect(points.contains { $0.isPositive && (($0.position - center) * ($0.position - center)).sum() > 36 })
        let again = try AnnotationSession(models, video: video, store: InMemorySessionStore(log: store.loadLog()))
        #expect(try await again.mask(of: 1, at: 0)?.mask == found[2].mask)
        await #expect(throws: SessionError.unknownCandidate(7, object: 1, frame: 0)) { try await session.choose(7, of: 1, at: 0) }
        try await session.choose(nil, of: 1, at: 0)
        #expect(try await session.mask(of: 1, at: 0)?.mask != found[2].mask)
    }

    @Test("Overlaps go to the larger logit until a person puts the objects in an order") func order() async throws {
        let fixture = try SessionFixture(frames: 2)
        try await fixture.add(1, frame: 0, mask: disk(at: SIMD2(40, 30), radius: 10, size: fixture.video.size))
        try await fixture.add(2, frame: 0, mask: disk(at: SIMD2(46, 30), radius: 10, size: fixture.video.size))
        func owner() async throws -> UInt16 { try await fixture.session.result(at: 0).indexMask.values[30 * 96 + 43] }
        #expect(try await owner() == 1)
        try await fixture.session.apply(.orderObjects([2, 1]))
        #expect(try await owner() == 2)
        // Whole masks are kept.
        #expect(try await fixture.session.mask(of: 1, at: 0)?.mask?.mask[43, 30] == true)
        await #expect(throws: SessionError.incompleteOrder) { try await fixture.session.apply(.orderObjects([2])) }
        try await fixture.session.apply(.undo)
        #expect(try await owner() == 1)
    }

    @Test("Objects are named, coloured, sorted into categories and removed; numbers are not used again") func objects() async throws {
        let fixture = try SessionFixture()
        try await fixture.session.apply(.addObject(object: nil, name: "cat", color: Color(1, 2, 3)))
        try await fixture.session.apply(.renameObject(object: 1, name: "dog"))
        try await fixture.session.apply(.categorizeObject(object: 1, category: "animal"))
        try await fixture.session.apply(.recolorObject(object: 1, color: nil))
        let object = try #require(fixture.session.state.object(1))
        #expect(object.name == "dog" && object.color == nil && object.category == "animal")
        try await fixture.session.apply(.removeObject(object: 1))
        #expect(fixture.session.state.objects.isEmpty)
        let change = try await fixture.session.apply(.addObject(object: nil))
        #expect(change.objects == [2])
        await #expect(throws: SessionError.objectExists(1)) { try await fixture.session.apply(.addObject(object: 1)) }
    }
}

/// Three disks around the mean of the points, the smallest first.
private struct ThreeAnswers: PromptableSegmenter {
    let name = "three"
    let abilities: SegmenterAbilities = .candidates

    struct Frame: SegmentableFrame {
        let size: ImageSize

        private func answer(_ prompt: ObjectPrompt, radius: Float) -> MaskPrediction {
            let positives = prompt.points.filter(\.isPositive)
            let mean = positives.reduce(SIMD2<Float>.zero) { $0 + $1.position } / Float(max(1, positives.count))
            let values = disk(at: mean, radius: radius, size: size).values.map { $0 == 0 ? Float(-4) : 4 }
            return MaskPrediction(
                logits: MaskLogits(width: size.width, height: size.height, values: values), predictedIoU: 1 - radius / 100)
        }

        func predict(_ prompts: [ObjectPrompt]) -> [MaskPrediction] { prompts.map { answer($0, radius: 6) } }
        func candidates(for prompt: ObjectPrompt) -> [MaskPrediction] { [6, 12, 18].map { answer(prompt, radius: $0) } }
    }

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame { Frame(size: video.size) }
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { logits.values }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask {
        Mask(width: logits.width, height: logits.height, values: logits.values.map { $0 > 0 ? 1 : 0 })
    }
}

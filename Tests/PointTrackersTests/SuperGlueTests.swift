import Inference
import InferenceOpenVINO
import Media
import TestSupport
import Testing

@testable import PointTrackers

/// What the SuperGlue tracker does with points, whatever its weights.
@Suite(.serialized, .enabled(if: ParityCase.named("superpoint_superglue") != nil, Comment(rawValue: ParityCase.missing)))
struct SuperGlueTests {
    private let fixture: SuperGlueFixture
    private var size: ImageSize { fixture.size }

    init() throws { fixture = try SuperGlueFixture() }

    @Test(arguments: TimeDirection.allCases) func keypointsTakePointsAlong(_ direction: TimeDirection) throws {
        let tracker = try SuperGlueFixture.shared.get()
        let video = try fixture.clip(4)
        let start = direction == .forward ? 0 : 2
        let pairs = try fixture.pairs(tracker, video)
        #expect(pairs.count > 10)
        let session = try tracker.start(on: video, at: start, direction: direction)
        #expect(try session.add(pairs.map(\.from), group: 0) == Array(pairs.indices))
        #expect(session.points.map(\.position) == pairs.map(\.from) && session.points.allSatisfy { $0.isVisible && $0.confidence == 1 })
        try session.advance()
        #expect(session.points.map(\.position) == pairs.map(\.to))
        #expect(session.points.map(\.confidence) == pairs.map(\.score) && session.points.allSatisfy(\.isVisible))
        // The query frame's picture once more: from the query frame, not from the last one.
        try session.advance()
        let (first, third) = (try video.value(of: tracker.processor, at: 0), try video.value(of: tracker.processor, at: 2))
        let same = MatchedMotion.matches(first, third, try tracker.matcher(first, third))
        #expect(same.count > 10)
        for (point, pair) in zip(session.points, pairs) {
            if let match = same.first(where: { $0.from + 0.5 == pair.from }) {
                #expect(point.position == match.to + 0.5 && point.confidence == match.score)
            }
        }
        #expect(session.frame == start + 2 * direction.rawValue)
    }

    @Test func pointsOfSeveralQueryFrames() throws {
        let tracker = try SuperGlueFixture.shared.get()
        let video = try fixture.clip(6)
        let pairs = try fixture.pairs(tracker, video)
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add([pairs[0].from, pairs[1].from], group: 0)
        try session.advance()
        #expect(try session.add([pairs[2].to, SIMD2(-30, 500)], group: 1) == [2, 3])
        #expect(session.points[2].isVisible && !session.points[3].isVisible)
        try session.advance()
        // Alone: the same for all.
        let alone = try tracker.start(on: video, at: 1, direction: .forward)
        try alone.add([pairs[2].to], group: 0)
        try alone.advance()
        #expect(session.points[2].position == alone.points[0].position && session.points[2].confidence == alone.points[0].confidence)
        #expect(
            session.points.map(\.id) == [0, 1, 2, 3] && session.points[3].confidence == 0 && session.points[3].position == SIMD2(-30, 500))
        session.remove([0, 1, 77])
        try session.advance()
        #expect(session.points.map(\.id) == [2, 3])
        session.remove([2, 3])
        let computed = video.computations(of: tracker.processor.cacheKey)
        try session.advance()
        #expect(session.points.isEmpty && computed == 4 && video.computations(of: tracker.processor.cacheKey) == computed)
        // In the last frame.
        try session.advance()
        #expect(try session.add([pairs[0].to], group: 0) == [4])
        #expect(throws: MediaError.frameOutOfRange(index: 6, count: 6)) { try session.advance() }
        #expect(session.frame == 5 && session.points[0].isVisible)
    }

    @Test func oneFrame() throws {
        let tracker = try SuperGlueFixture.shared.get()
        let video = try fixture.clip(1)
        let session = try tracker.start(on: video, at: 0, direction: .backward)
        #expect(try session.add([], group: 0) == [])
        try session.add([SIMD2(2, 2)], group: 0)
        #expect(throws: MediaError.frameOutOfRange(index: -1, count: 1)) { try session.advance() }
        #expect(session.points.count == 1 && session.frame == 0)
        #expect(throws: TrackerError.self) { try session.add([SIMD2(.nan, 1)], group: 0) }
        #expect(throws: MediaError.frameOutOfRange(index: 1, count: 1)) { try tracker.start(on: video, at: 1, direction: .forward) }
        #expect(video.computations(of: tracker.processor.cacheKey) == 0)
    }

    @Test(arguments: [ImageSize(width: 5, height: 3), ImageSize(width: 8, height: 40), ImageSize(width: 17, height: 23)])
    func smallFrames(_ size: ImageSize) throws {
        let tracker = try SuperGlueFixture.shared.get()
        let video = FrameStore(TensorClip(frames: 3, size: size))
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add([SIMD2(2, 2)], group: 0)
        for _ in 0..<2 { try session.advance() }
        #expect(session.points[0].position.x.isFinite && session.points[0].confidence <= 1)
        if size.width < 16 { #expect(!session.points[0].isVisible && session.points[0].position == SIMD2(2, 2)) }
        let cells = SuperPoint.cells(in: size)
        let positions = try video.value(of: tracker.processor, at: 0).positions
        #expect(positions.allSatisfy { $0.x >= 4 && $0.y >= 4 && $0.x < Float(8 * cells.width - 4) && $0.y < Float(8 * cells.height - 4) })
    }

    @Test func noKeypointsAtAll() throws {
        let tracker = try fixture.make { $0.keypointThreshold = 1 }
        let video = try fixture.clip(2)
        #expect(try video.value(of: tracker.processor, at: 0).count == 0)
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add([SIMD2(20, 20)], group: 0)
        try session.advance()
        #expect(session.points == [TrackedPoint(id: 0, position: SIMD2(20, 20), confidence: 0, isVisible: false)])
        var generator = SplitMix64(seed: 1)
        for drawing in [SuperGlueTracker.Drawing.once, .everyFrame()] {
            let drawn = try tracker.drawPoints(
                masks: [Mask(size: size)], queryFrame: 0, in: video, positives: 2, negatives: 1, drawing: drawing, using: &generator)
            #expect(drawn.map(\.count) == [3, 3])
            #expect(drawn.allSatisfy { $0.allSatisfy { !$0.isVisible && $0.position == SIMD2(-0.5, -0.5) } })
        }
    }

    @Test func largeFramesAreReduced() throws {
        struct Doubled: FrameSource {
            let clip: ClipSource
            var size: ImageSize { ImageSize(width: 2 * clip.size.width, height: 2 * clip.size.height) }
            var frameCount: Int { clip.frameCount }
            var timing: VideoTiming { clip.timing }
            var name: String { clip.name }
            func frame(at index: Int) throws -> RGBImage {
                let image = try clip.frame(at: index)
                var doubled = RGBImage(width: size.width, height: size.height)
                for y in 0..<size.height { for x in 0..<size.width { doubled[x, y] = image[x / 2, y / 2] } }
                return doubled
            }
        }
        let reducing = try fixture.make { $0.longestSide = 128 }
        let large = FrameStore(Doubled(clip: try fixture.source(2)))
        let plain = try fixture.clip(2)
        let found = try large.value(of: reducing.processor, at: 0)
        #expect(found.image == size && found.count > 100)
        // Reducing smooths across pixels: the picture is another one. What positions mean is the same.
        let scale = reducing.scale(large.size)
        #expect(scale.frame(SIMD2(10, 20)) == SIMD2(21, 41) && scale.picture(SIMD2(21, 41)) == SIMD2(10, 20))
        #expect(reducing.scale(plain.size).frame(SIMD2(10, 20)) == SIMD2(10.5, 20.5))
        let session = try reducing.start(on: large, at: 0, direction: .forward)
        let pairs = MatchedMotion.matches(
            found, try large.value(of: reducing.processor, at: 1),
            try reducing.matcher(found, large.value(of: reducing.processor, at: 1)))
        try session.add(pairs.map { ($0.from + 0.5) * 2 }, group: 0)
        try session.advance()
        #expect(session.points.map(\.position) == pairs.map { ($0.to + 0.5) * 2 })
        #expect(!pairs.isEmpty)
    }

    @Test func theBestKeypointsAreKept() throws {
        let (all, best) = (try SuperGlueFixture.shared.get(), try fixture.make { $0.maximumKeypoints = 50 })
        let video = try fixture.clip(1)
        let (some, every) = (try video.value(of: best.processor, at: 0), try video.value(of: all.processor, at: 0))
        #expect(some.count == 50 && every.count > 150)
        #expect(some.scores == Array(every.scores.sorted(by: >).prefix(50)))
        let index = try #require(every.positions.firstIndex(of: some.positions[7]))
        #expect(
            Array(some.descriptors.values[(7 * 256)..<(8 * 256)]) == Array(every.descriptors.values[(index * 256)..<((index + 1) * 256)]))
    }

    @Test func manyPoints() throws {
        let tracker = try SuperGlueFixture.shared.get()
        let video = try fixture.clip(2)
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        let points = (0..<10_000).map { SIMD2(Float($0 % 100) * 1.28, Float($0 / 100) * 0.96) }
        try session.add(points, group: 0)
        try session.advance()
        #expect(session.points.count == 10_000 && session.points.contains(where: \.isVisible))
    }
}

import Foundation
import Inference
import InferenceOpenVINO
import Media
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// What the SuperGlue tracker does with points, whatever its weights.
@Suite(.serialized, .enabled(if: ParityCase.named("superpoint_superglue") != nil, Comment(rawValue: ParityCase.missing)))
struct SuperGlueTests {
    private let source: any TensorSource
    private let size = ImageSize(width: 128, height: 96)

    init() throws { source = try #require(ParityCase.named("superpoint_superglue")).weights().source }

    private static let engine = Result { try OpenVINOEngine(.init(cacheFolder: nil)) }

    /// One for most tests: compiling takes longer than running.
    private static let shared = Result {
        try SuperGlueTests().make(nil) { _ in }
    }

    private func make(_ source: (any TensorSource)?, _ change: (inout SuperGlueTracker.Options) -> Void) throws -> SuperGlueTracker {
        var options = SuperGlueTracker.Options()
        change(&options)
        let weights = Weights(source ?? self.source)
        return try SuperGlueTracker(
            detector: weights["superpoint"], matcher: weights["superglue"], engine: Self.engine.get(), precision: .float32, options: options
        )
    }

    /// The reference's pictures in turn: even frames show the first, odd ones the second.
    private func source(_ frames: Int) throws -> ClipSource {
        let inputs = try #require(ParityCase.named("superpoint_superglue")).inputs()
        let pictures = try (0..<2).map { picture in
            let gray = try inputs.tensor("image\(picture)")
            return RGBImage(
                width: gray.shape[3], height: gray.shape[2], pixels: gray.values.flatMap { [UInt8](repeating: UInt8($0), count: 3) })
        }
        return ClipSource(pictures, count: frames)
    }

    private func clip(_ frames: Int) throws -> FrameStore { FrameStore(try source(frames)) }

    /// Pairs of key points between the first two frames, in pixels of the frame.
    private func pairs(_ tracker: SuperGlueTracker, _ video: FrameStore) throws -> [MatchedMotion.Match] {
        let (first, second) = (try video.value(of: tracker.processor, at: 0), try video.value(of: tracker.processor, at: 1))
        return MatchedMotion.matches(first, second, try tracker.matcher(first, second)).map {
            .init(from: $0.from + 0.5, to: $0.to + 0.5, score: $0.score)
        }
    }

    @Test(arguments: TimeDirection.allCases) func keypointsTakePointsAlong(_ direction: TimeDirection) throws {
        let tracker = try Self.shared.get()
        let video = try clip(4)
        let start = direction == .forward ? 0 : 2
        let pairs = try pairs(tracker, video)
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
        let tracker = try Self.shared.get()
        let video = try clip(6)
        let pairs = try pairs(tracker, video)
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
        let tracker = try Self.shared.get()
        let video = try clip(1)
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
        let tracker = try Self.shared.get()
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
        let tracker = try make(nil) { $0.keypointThreshold = 1 }
        let video = try clip(2)
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
        let reducing = try make(nil) { $0.longestSide = 128 }
        let large = FrameStore(Doubled(clip: try source(2)))
        let plain = try clip(2)
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
        let (all, best) = (try Self.shared.get(), try make(nil) { $0.maximumKeypoints = 50 })
        let video = try clip(1)
        let (some, every) = (try video.value(of: best.processor, at: 0), try video.value(of: all.processor, at: 0))
        #expect(some.count == 50 && every.count > 150)
        #expect(some.scores == Array(every.scores.sorted(by: >).prefix(50)))
        let index = try #require(every.positions.firstIndex(of: some.positions[7]))
        #expect(
            Array(some.descriptors.values[(7 * 256)..<(8 * 256)]) == Array(every.descriptors.values[(index * 256)..<((index + 1) * 256)]))
    }

    @Test func manyPoints() throws {
        let tracker = try Self.shared.get()
        let video = try clip(2)
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        let points = (0..<10_000).map { SIMD2(Float($0 % 100) * 1.28, Float($0 / 100) * 0.96) }
        try session.add(points, group: 0)
        try session.advance()
        #expect(session.points.count == 10_000 && session.points.contains(where: \.isVisible))
    }

    // MARK: Points drawn among key points

    /// Columns before `end`.
    private func left(_ end: Int = 64) -> Mask {
        Mask(width: 128, height: 96, values: (0..<(128 * 96)).map { $0 % 128 < end ? 1 : 0 })
    }

    @Test func pointsDrawnOnceStayTheirKeypoints() throws {
        let tracker = try Self.shared.get()
        let video = try clip(4)
        var generator = SplitMix64(seed: 3)
        let drawn = try tracker.drawPoints(
            masks: [left(), left()], queryFrame: 2, in: video, positives: 8, negatives: 3, using: &generator)
        #expect(drawn.count == 4 && drawn.allSatisfy { $0.map(\.id) == Array(0..<22) })
        #expect(drawn[2].allSatisfy { $0.isVisible && $0.confidence == 1 })
        for (slot, point) in drawn[2].enumerated() { #expect((point.position.x < 64) == (slot % 11 < 8)) }
        // Without repetition.
        #expect(Set(drawn[2][..<8].map(\.position)).count == 8)
        let pairs = try pairs(tracker, video)
        for frame in [1, 3] {
            for (now, then) in zip(drawn[frame], drawn[2]) {
                let pair = pairs.first { $0.from == then.position }
                #expect(now.isVisible == (pair != nil) && now.confidence == pair?.score ?? 0)
                if let pair { #expect(now.position == pair.to) }
            }
        }
        #expect(drawn[1].contains(where: \.isVisible) && drawn[1].contains { !$0.isVisible })
        var again = SplitMix64(seed: 3)
        #expect(
            try tracker.drawPoints(masks: [left(), left()], queryFrame: 2, in: video, positives: 8, negatives: 3, using: &again) == drawn)
        // More than there are.
        let many = try tracker.drawPoints(masks: [left()], queryFrame: 0, in: video, positives: 300, negatives: 0, using: &again)
        let inside = try video.value(of: tracker.processor, at: 0).positions.count { $0.x < 63.5 }
        #expect(many[0].count { $0.isVisible } == inside && many[0].count == 300)
    }

    @Test(arguments: [false, true]) func pointsDrawnInEveryFrame(_ filtersBothImages: Bool) throws {
        let tracker = try Self.shared.get()
        let video = try clip(3)
        let pairs = try pairs(tracker, video)
        // A mask's edge that a key point crosses: the reference leaves that out.
        let crossing = try #require(pairs.first { $0.from.x != $0.to.x })
        let end = Int(max(crossing.from.x, crossing.to.x))
        var generator = SplitMix64(seed: 8)
        let drawn = try tracker.drawPoints(
            masks: [left(end)], queryFrame: 0, in: video, positives: 400, negatives: 400,
            drawing: .everyFrame(filtersBothImages: filtersBothImages), using: &generator)
        #expect(drawn[0].allSatisfy { !$0.isVisible })
        for (range, isInside) in [(0..<400, true), (400..<800, false)] {
            let candidates = pairs.filter {
                ($0.from.x < Float(end)) == isInside && (!filtersBothImages || ($0.to.x < Float(end)) == isInside)
            }
            #expect(filtersBothImages != candidates.contains(crossing) || (crossing.from.x < Float(end)) != isInside)
            let visible = drawn[1][range].filter(\.isVisible)
            #expect(visible.count == min(candidates.count, 400))
            #expect(drawn[1][range].prefix(visible.count).allSatisfy { $0.isVisible })
            let places = Set(candidates.map(\.to))
            #expect(visible.allSatisfy { places.contains($0.position) })
            // With repetition.
            if candidates.count > 8 { #expect(Set(visible.map(\.position)).count < candidates.count) }
        }
        #expect(drawn[1] != drawn[2])
    }

    @Test func whatCannotBeDrawn() throws {
        let tracker = try Self.shared.get()
        let video = try clip(2)
        var generator = SplitMix64(seed: 8)
        func draw(_ masks: [Mask], frame: Int, positives: Int) throws -> [[TrackedPoint]] {
            try tracker.drawPoints(masks: masks, queryFrame: frame, in: video, positives: positives, negatives: 0, using: &generator)
        }
        #expect(throws: MediaError.frameOutOfRange(index: 2, count: 2)) { try draw([left()], frame: 2, positives: 1) }
        #expect(throws: TrackerError.self) { try draw([Mask(width: 4, height: 4)], frame: 0, positives: 1) }
        #expect(throws: TrackerError.self) { try draw([left()], frame: 0, positives: -1) }
        #expect(try draw([], frame: 0, positives: 3) == [[], []])
        #expect(try draw([left()], frame: 0, positives: 0) == [[], []])
        let empty = try draw([Mask(size: size)], frame: 0, positives: 2)
        #expect(empty.count == 2 && empty.allSatisfy { $0.allSatisfy { !$0.isVisible } })
    }

    // MARK: Weights

    /// One of the two networks, as in a file of its own.
    private func part(_ name: String, prefix: String = "") throws -> any TensorSource {
        struct Part: TensorSource {
            let source: any TensorSource
            let part: String
            var name: String { "\(part)pth" }
            var fingerprint: String { "\(source.fingerprint)-\(part)" }
            var tensorNames: [String] { source.tensorNames.filter { $0.hasPrefix(part) }.map { String($0.dropFirst(part.count)) } }
            func shape(of tensor: String) -> [Int]? { source.shape(of: part + tensor) }
            func tensor(_ name: String) throws -> Tensor { try source.tensor(part + name) }
        }
        let part = Part(source: source, part: "\(name).")
        return prefix.isEmpty ? part : AlteredTensors(source: part, prefix: prefix)
    }

    @Test func checkpoints() throws {
        for prefix in ["", "module."] {
            let (detector, matcher) = (try part("superpoint", prefix: prefix), try part("superglue", prefix: prefix))
            #expect(SuperGlueTracker.recognisesDetector(detector) && !SuperGlueTracker.recognisesDetector(matcher))
            #expect(SuperGlueTracker.recognises(matcher) && !SuperGlueTracker.recognises(detector))
            let (one, other) = (Weights(matcher), Weights(detector))
            let engine = try Self.engine.get()
            #expect(try LearnedTracker.tracker(matcher: one, detector: other, engine: engine).name == "superglue")
            #expect(throws: TrackerError.self) { try LearnedTracker.tracker(matcher: other, detector: one, engine: engine) }
            #expect(throws: TrackerError.self) { try LearnedTracker.tracker(matcher: one, detector: one, engine: engine) }
            // Half of the tracker alone: the message says what is missing.
            let error = #expect(throws: TrackerError.self) { try LearnedTracker.tracker(weights: one, engine: engine) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("SuperPoint"))
        }
        let spoiled = Weights(AlteredTensors(source: try part("superpoint"), spoiled: "conv2a.bias"))
        #expect(throws: TensorFileError.notFinite(file: "altered.pth", tensor: "conv2a.bias")) {
            try LearnedTracker.tracker(matcher: Weights(try part("superglue")), detector: spoiled, engine: Self.engine.get())
        }
        for name in ["pips", "cotracker_v1", "raft_large"] {
            guard let other = try ParityCase.named(name)?.weights().source else { continue }
            #expect(!SuperGlueTracker.recognises(other) && !SuperGlueTracker.recognisesDetector(other), "\(name)")
        }
        for missing in ["superglue.gnn.layers.17.attn.proj.2.bias", "superpoint.convDb.weight", "superglue.kenc.encoder.10.running_var"] {
            #expect(throws: TensorFileError.missingTensor(file: "altered.pth", tensor: missing)) {
                try make(AlteredTensors(source: source, removed: [missing])) { _ in }
            }
        }
        #expect(throws: TrackerError.self) { try make(nil) { $0.sinkhornIterations = 0 } }
        #expect(throws: TrackerError.self) { try make(nil) { $0.matchThreshold = .nan } }
        #expect(throws: TrackerError.self) { try make(nil) { $0.longestSide = 8 } }
        #expect(throws: TrackerError.self) { try make(nil) { $0.reach = .infinity } }
        #expect(throws: TrackerError.self) { try make(nil) { $0.maximumKeypoints = 0 } }
    }

    @Test(arguments: ["superpoint.convPb.bias", "superpoint.convDb.weight", "superglue.final_proj.weight", "superglue.bin_score"])
    func weightsThatAreNoNumbers(_ name: String) throws {
        let tracker = try make(AlteredTensors(source: source, spoiled: name)) { _ in }
        let video = try clip(2)
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add([SIMD2(20, 20), SIMD2(64, 50)], group: 0)
        try session.advance()
        #expect(session.points.allSatisfy { !$0.isVisible && $0.confidence == 0 && $0.position.x.isFinite })
    }

    @Test func reducedPrecision() throws {
        let weights = Weights(source)
        let tracker = try SuperGlueTracker(
            detector: weights["superpoint"], matcher: weights["superglue"], engine: Self.engine.get(), precision: .bfloat16)
        let exact = try Self.shared.get()
        let video = try clip(2)
        let (some, all) = (try video.value(of: tracker.processor, at: 0), try video.value(of: exact.processor, at: 0))
        let common = Set(some.positions).intersection(all.positions).count
        let pairs = (try pairs(tracker, video), try pairs(exact, video))
        let equal = Set(pairs.0.map { [$0.from, $0.to] }).intersection(pairs.1.map { [$0.from, $0.to] }).count
        #expect(common * 10 > all.count * 8, "\(some.count) and \(all.count) key points, \(common) in common")
        #expect(equal * 10 > pairs.1.count * 7, "\(pairs.0.count) and \(pairs.1.count) matches, \(equal) in common")
    }
}

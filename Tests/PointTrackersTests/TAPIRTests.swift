import Foundation
import Inference
import InferenceOpenVINO
import Media
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// TAPIR's sessions, with generated weights.
@Suite(.serialized, .enabled(if: !TAPIRCase.all.isEmpty, Comment(rawValue: ParityCase.missing)))
struct TAPIRTests {
    private let parity: TAPIRCase
    private let clip: ClipSource
    private let source: any TensorSource

    init() throws {
        parity = try Self.plainCase
        let images = try parity.clip().images
        clip = ClipSource((0..<5).map { images[$0 % images.count] })
        source = try parity.data.weights().source
    }

    /// Without a pyramid, where there is one.
    private static var plainCase: TAPIRCase {
        get throws { try #require(TAPIRCase.all.first { $0.data.name == "tapir" } ?? TAPIRCase.all.first) }
    }

    private static let engine = Result { try OpenVINOEngine(.init(cacheFolder: nil)) }

    /// With the case's weights in float32, for all tests that need nothing else: compiling takes the most time.
    private static let plain = Result {
        let parity = try plainCase
        return try TAPIR(weights: parity.data.weights(), engine: engine.get(), precision: .float32)
    }

    private func tracker(_ options: TAPIR.Options = .init(), source: (any TensorSource)? = nil) throws -> TAPIR {
        try TAPIR(weights: Weights(source ?? self.source), engine: Self.engine.get(), precision: .float32, options: options)
    }

    /// The positions of a session's points frame by frame, until the video's end.
    private func run(_ session: any TrackingSession, frames: Int) throws -> [Int: [TrackedPoint]] {
        var result: [Int: [TrackedPoint]] = [:]
        for _ in 0..<frames {
            try session.advance()
            result[session.frame] = session.points
        }
        return result
    }

    /// Sessions in both directions have the original code's results, and the frames are encoded once for both.
    @Test func sessionsMatchTheReference() throws {
        let tracker = try Self.plain.get()
        let tracks = try parity.data.expected().tensor("tracks").values
        let occlusion = try parity.data.expected().tensor("occlusion").values
        let distance = try parity.data.expected().tensor("expected_dist").values
        let clip = try parity.clip()
        let frames = clip.frameCount
        let store = FrameStore(clip, capacity: frames)
        let queries = try parity.queries()
        for start in 0..<frames {
            let own = queries.indices.filter { queries[$0].0 == start }
            let sessions = try TimeDirection.allCases.map { try tracker.start(on: store, at: start, direction: $0) }
            for session in sessions { #expect(try session.add(own.map { queries[$0].1 }, group: 0) == Array(own.indices)) }
            var found = try run(sessions[0], frames: frames - 1 - start)
            found.merge(try run(sessions[1], frames: start)) { a, _ in a }
            #expect(found.count == frames - 1)
            for (t, points) in found {
                for (point, i) in zip(points, own) {
                    let k = frames * i + t
                    let difference = point.position - SIMD2(tracks[2 * k], tracks[2 * k + 1])
                    #expect(max(abs(difference.x), abs(difference.y)) < 0.002)
                    let confidence = 1 / ((1 + exp(occlusion[k])) * (1 + exp(distance[k])))
                    #expect(abs(point.confidence - confidence) < 1e-4)
                    #expect(point.isVisible == (point.confidence > 0.1 && clip.size.contains(point.position)))
                }
            }
        }
        #expect(store.computations(of: tracker.encoder.cacheKey) == frames)
    }

    /// A frame of other proportions: positions are scaled by each axis's own ratio, and by SAM-PT's rule where asked.
    @Test func positionsAreScaled() throws {
        let wide = ClipSource(
            clip.images.prefix(2).map { PillowResampler(from: $0.size, to: ImageSize(width: 512, height: 128)).resized($0) })
        let tracker = try Self.plain.get()
        let plain = try tracker.start(on: FrameStore(wide), at: 0, direction: .forward)
        try plain.add([SIMD2(200, 60)], group: 0)
        try plain.advance()
        var options = TAPIR.Options()
        options.usesReferencePixelCenters = true
        let reference = try self.tracker(options).start(on: FrameStore(wide), at: 0, direction: .forward)
        try reference.add([SIMD2(200.5, 60.5)], group: 0)
        try reference.advance()
        let maps = try wide.images.map { try tracker.encoder.process($0) }
        let query = tracker.estimator.query(SIMD2(100, 120), frame: 0, maps: maps[0])
        let expected = try tracker.estimator.estimates(of: [query], in: maps, first: 0)[0][1].position * SIMD2(2, 0.5)
        #expect(largest(plain.points[0].position - expected) < 1e-3)
        #expect(largest(reference.points[0].position - 0.5 - expected) < 1e-3)
    }

    private func largest(_ v: SIMD2<Float>) -> Float { max(abs(v.x), abs(v.y)) }

    /// Points do not depend on what else is tracked, nor on how many runs that takes.
    @Test func pointsAreIndependent() throws {
        let tracker = try Self.plain.get()
        let maps = try clip.images.prefix(3).map { try tracker.encoder.process($0) }
        let queries = (0..<70).map { i in
            tracker.estimator.query(SIMD2(Float(3 * i) + 10, Float(200 - 2 * i)), frame: i % 3, maps: maps[i % 3])
        }
        let all = try tracker.estimator.estimates(of: queries, in: Array(maps), first: 0)
        for i in [0, 15, 16, 63, 64, 69] {
            let alone = try tracker.estimator.estimates(of: [queries[i]], in: Array(maps), first: 0)[0]
            for (a, b) in zip(alone, all[i]) { #expect(largest(a.position - b.position) < 1e-3) }
        }
        #expect(largest(all[0][2].position - all[69][2].position) > 0.01)
        #expect(try tracker.estimator.estimates(of: [], in: Array(maps), first: 0).isEmpty)
    }

    @Test func plansCoverEveryFrame() {
        var options = TAPIR.Options()
        (options.window, options.margin) = (20, 4)
        for count in 1...90 {
            for frame in 0..<count {
                let plan = TAPIR.plan(for: frame, of: count, options: options)
                #expect(plan.contains(frame) && plan.lowerBound >= 0 && plan.upperBound <= count && plan.count == min(20, count))
                #expect(frame - plan.lowerBound >= 4 || plan.lowerBound == 0)
                #expect(plan.upperBound - frame > 4 || plan.upperBound == count)
            }
        }
    }

    /// A video longer than the window: every frame from its clip, whatever the direction, with the query frame's features.
    @Test func longVideosAreCut() throws {
        var options = TAPIR.Options()
        (options.window, options.margin) = (4, 1)
        let tracker = try tracker(options)
        let long = ClipSource(clip.images, count: 8)
        let maps = try clip.images.map { try tracker.encoder.process($0) }
        let query = tracker.estimator.query(SIMD2(100, 150), frame: 1, maps: maps[1])
        var expected: [Int: TAPIREstimate] = [:]
        for t in 0..<8 {
            let plan = TAPIR.plan(for: t, of: 8, options: options)
            let estimates = try tracker.estimator.estimates(of: [query], in: plan.map { maps[$0 % 5] }, first: plan.lowerBound)[0]
            expected[t] = estimates[t - plan.lowerBound]
        }
        let store = FrameStore(long, capacity: 1)
        let forward = try tracker.start(on: store, at: 1, direction: .forward)
        try forward.add([SIMD2(100, 150)], group: 0)
        let backward = try tracker.start(on: store, at: 1, direction: .backward)
        try backward.add([SIMD2(100, 150)], group: 0)
        // Frame 1 is encoded twice, for its points and for the clip; what clips have in common, once.
        for (session, count, computations) in [(forward, 6, 1 + 8), (backward, 1, 1 + 8 + 4)] {
            for (t, points) in try run(session, frames: count) {
                let estimate = try #require(expected[t])
                #expect(largest(points[0].position - estimate.position) < 1e-3, "frame \(t)")
            }
            #expect(store.computations(of: tracker.encoder.cacheKey) == computations)
            #expect(throws: MediaError.self) { try session.advance() }
        }
    }

    @Test func oddVideos() throws {
        let tracker = try Self.plain.get()
        // One frame; its points stay.
        let single = FrameStore(ClipSource([clip.images[0]]))
        #expect(throws: MediaError.frameOutOfRange(index: 1, count: 1)) { try tracker.start(on: single, at: 1, direction: .forward) }
        let session = try tracker.start(on: single, at: 0, direction: .backward)
        try session.add([SIMD2(20, 30)], group: 0)
        #expect(throws: MediaError.frameOutOfRange(index: -1, count: 1)) { try session.advance() }
        #expect(session.frame == 0 && session.points[0].isVisible && session.points[0].position == SIMD2(20, 30))

        // Three pixels; points outside, at the border, and nowhere.
        let tiny = FrameStore(ClipSource([RGBImage](repeating: RGBImage(width: 3, height: 2, red: 9, green: 90, blue: 60), count: 2)))
        let odd = try tracker.start(on: tiny, at: 1, direction: .backward)
        #expect(try odd.add([], group: 0).isEmpty)
        try odd.add([SIMD2(-5, 100), SIMD2(0, 0), SIMD2(3, 2), SIMD2(.nan, 0), SIMD2(.infinity, -.infinity), SIMD2(1e30, 0)], group: 0)
        #expect(odd.points.map(\.isVisible) == [false, true, false, false, false, false])
        try odd.advance()
        odd.remove([0, 7])
        #expect(odd.points.map(\.id) == [1, 2, 3, 4, 5])

        // No points at all.
        let empty = try tracker.start(on: FrameStore(clip), at: 0, direction: .forward)
        try empty.advance()
        #expect(empty.frame == 1 && empty.points.isEmpty)
    }

    /// A frame that cannot be decoded ends the clip; only moving on to it fails.
    @Test func damagedFrames() throws {
        let tracker = try Self.plain.get()
        let session = try tracker.start(on: FrameStore(ClipSource(clip.images, damaged: 3)), at: 1, direction: .forward)
        try session.add([SIMD2(100, 150)], group: 0)
        try session.advance()
        let whole = try tracker.start(on: FrameStore(ClipSource(Array(clip.images[..<3]))), at: 1, direction: .forward)
        try whole.add([SIMD2(100, 150)], group: 0)
        try whole.advance()
        #expect(session.points == whole.points)
        #expect(throws: MediaError.undecodable(path: "clip", frame: 3, reason: "for a test")) { try session.advance() }
        #expect(session.frame == 2 && session.points == whole.points)
    }

    @Test func weightsThatAreNoNumbersHidePoints() throws {
        let name = "torch_pips_mixer.linear_1.bias"
        let bad = AlteredTensors(source: source, replaced: [name: Tensor(shape: [388], repeating: .nan)])
        let session = try tracker(source: bad).start(on: FrameStore(ClipSource(Array(clip.images[..<2]))), at: 0, direction: .forward)
        try session.add([SIMD2(100, 150)], group: 0)
        try session.advance()
        #expect(session.points == [TrackedPoint(id: 0, position: SIMD2(100, 150), confidence: 0, isVisible: false)])
    }

    @Test func weightsAreChecked() throws {
        #expect(TAPIR.recognises(source))
        #expect(!TapNet.recognises(source))
        let name = "torch_pips_mixer.blocks.7.mlp1_up.weight"
        let missing = AlteredTensors(source: source, removed: [name])
        #expect(throws: TensorFileError.missingTensor(file: "altered.pth", tensor: name)) { try tracker(source: missing) }
        let misshaped = AlteredTensors(source: source, replaced: [name: Tensor(shape: [2048, 1, 5])])
        #expect(throws: TensorFileError.shapeMismatch(file: "altered.pth", tensor: name, expected: [2048, 1, 3], found: [2048, 1, 5])) {
            try tracker(source: misshaped)
        }
        let other = AlteredTensors(source: source, replaced: ["torch_pips_mixer.linear.weight": Tensor(shape: [512, 400])])
        #expect(!TAPIR.recognises(other))
        #expect(throws: TensorFileError.self) { try tracker(source: other) }
        #expect(!TAPIR.recognises(AlteredTensors(source: source, removed: ["torch_pips_mixer.linear.weight"])))
        var options = TAPIR.Options()
        options.margin = 60
        #expect(throws: TrackerError.self) { try tracker(options) }
        options.window = 0
        #expect(throws: TrackerError.self) { try tracker(options) }
    }

    /// Features survive the temporary file that a second pass reads them from.
    @Test func mapsAreStorable() throws {
        for parity in TAPIRCase.all {
            let levels = try parity.tracker(Self.engine.get()).estimator.network.mapSides.enumerated().map { index, side in
                Tensor(
                    shape: [side * side, index == 0 ? 128 : 256], (0..<(side * side * (index == 0 ? 128 : 256))).map { Float($0 % 977) })
            }
            let bytes = TAPIRMaps(levels: levels).storedBytes
            let loaded = try #require(TAPIRMaps(storedBytes: bytes, frame: ImageSize(width: 9, height: 9)))
            #expect(loaded.levels.map(\.shape) == levels.map(\.shape) && loaded.levels.map(\.values) == levels.map(\.values))
            #expect(TAPIRMaps(storedBytes: bytes.dropLast(4), frame: ImageSize(width: 9, height: 9)) == nil)
        }
    }
}

import Foundation
import Inference
import InferenceOpenVINO
import Media
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// What CoTracker 1 does with points, whatever its weights.
@Suite(.serialized, .enabled(if: ParityCase.named("cotracker_v1_tracker") != nil, Comment(rawValue: ParityCase.missing)))
struct CoTracker1Tests {
    private let source: any TensorSource
    private let engine: OpenVINOEngine
    private let size = ImageSize(width: 104, height: 72)

    init() throws {
        source = try #require(ParityCase.named("cotracker_v1_tracker")).weights().source
        engine = try Self.shared.get()
    }

    private static let shared = Result { try OpenVINOEngine(.init(cacheFolder: nil)) }

    private func tracker(
        _ source: (any TensorSource)? = nil, variant: CoTracker1Variant = .stride4Window8,
        _ change: (inout CoTracker1.Options) -> Void = { _ in }
    ) throws -> CoTracker1 {
        var options = CoTracker1.Options()
        options.inputSize = ImageSize(width: 128, height: 96)
        options.iterations = 1
        change(&options)
        return try CoTracker1(
            weights: Weights(source ?? self.source), engine: engine, precision: .float32, updaterPrecision: .float32, variant: variant,
            options: options)
    }

    private let three: [SIMD2<Float>] = [SIMD2(20, 30), SIMD2(60.5, 40), SIMD2(90, 10)]

    private func positions(_ points: [TrackedPoint]) -> [Float] { points.flatMap { [$0.position.x, $0.position.y, $0.confidence] } }

    /// The session's results in all frames to the end of its direction, by frame.
    private func follow(_ session: any TrackingSession, frames: Int) throws -> [[TrackedPoint]] {
        var result = [session.points]
        for _ in 1..<frames {
            try session.advance()
            result.append(session.points)
        }
        return result
    }

    /// A tracker that may look at some frames only does as in a video that ends there.
    @Test func limitsAreEnds() throws {
        let tracker = try tracker()
        let whole = FrameStore(TensorClip(frames: 20, size: size))
        let short = FrameStore(try SubrangeSource(TensorClip(frames: 20, size: size), start: 3, end: 13))
        for (direction, start) in [(TimeDirection.forward, 3), (.backward, 12)] {
            let limited = try tracker.start(on: whole.limited(to: 3..<13), at: start, direction: direction)
            let reference = try tracker.start(on: short, at: start - 3, direction: direction)
            for session in [limited, reference] { try session.add(three, group: 0) }
            #expect(try follow(limited, frames: 10).map(positions) == follow(reference, frames: 10).map(positions))
            #expect(throws: MediaError.self) { try limited.advance() }
        }
    }

    @Test(arguments: [5, 8, 9, 13, 20]) func aSessionIsTheReferencesRunOfPointsInTheFirstFrame(_ frames: Int) throws {
        let tracker = try tracker()
        let video = FrameStore(TensorClip(frames: frames, size: size))
        let raw = try tracker.rawTracks(three.map { .init(frame: 0, position: $0) }, in: video).forward
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        #expect(try session.add(three, group: 0) == [0, 1, 2])
        #expect(session.points.allSatisfy { $0.isVisible && $0.confidence == 1 })
        #expect(session.points.map(\.position) == three)
        for (frame, points) in try follow(session, frames: frames).enumerated().dropFirst() {
            let wanted = (0..<3).flatMap { i -> [Float] in
                let position = tracker.scale(size).position(raw[frame, i].position)
                return [position.x, position.y, WindowTracking.probability(raw[frame, i].visibility)]
            }
            #expect(largestDifference(positions(points), wanted) < 1e-4)
            #expect(points.allSatisfy { $0.isVisible == ($0.confidence > 0.7 && size.contains($0.position)) })
        }
        #expect(throws: MediaError.frameOutOfRange(index: frames, count: frames)) { try session.advance() }
        #expect(session.frame == frames - 1)
    }

    @Test(arguments: [CoTracker1Variant.stride4Window12, .stride8Window16]) func otherVariants(_ variant: CoTracker1Variant) throws {
        let tracker = try tracker(variant: variant)
        let frames = variant.window + 5
        let video = FrameStore(TensorClip(frames: frames, size: size), capacity: 32)
        let raw = try tracker.rawTracks(three.map { .init(frame: 0, position: $0) }, in: video).forward
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add(three, group: 0)
        let last = try #require(try follow(session, frames: frames).last)
        let wanted = (0..<3).map { tracker.scale(size).position(raw[frames - 1, $0].position) }
        #expect(largestDifference(last.flatMap { [$0.position.x, $0.position.y] }, wanted.flatMap { [$0.x, $0.y] }) < 1e-4)
        #expect(video.computations(of: tracker.processor.cacheKey) == frames)
    }

    @Test func backwardIsForwardOnTheReversedClip() throws {
        struct Reversed: FrameSource {
            let clip: TensorClip
            var size: ImageSize { clip.size }
            var frameCount: Int { clip.frameCount }
            var timing: VideoTiming { clip.timing }
            var name: String { clip.name }
            func frame(at index: Int) throws -> RGBImage { try clip.frame(at: frameCount - 1 - index) }
        }
        let tracker = try tracker()
        let clip = TensorClip(frames: 11, size: size)
        let backward = try tracker.start(on: FrameStore(clip), at: 9, direction: .backward)
        let forward = try tracker.start(on: FrameStore(Reversed(clip: clip)), at: 1, direction: .forward)
        try backward.add(three, group: 0)
        try forward.add(three, group: 0)
        let (a, b) = (try follow(backward, frames: 10), try follow(forward, frames: 10))
        #expect(a == b)
        #expect(backward.frame == 0)
        #expect(throws: MediaError.frameOutOfRange(index: -1, count: 11)) { try backward.advance() }
    }

    @Test func pointsAddedLaterChangeNothingReported() throws {
        let tracker = try tracker()
        let video = FrameStore(TensorClip(frames: 16, size: size))
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add([three[0]], group: 0)
        for _ in 0..<6 { try session.advance() }
        let before = session.points
        #expect(try session.add([three[1]], group: 1) == [1])
        #expect(session.points[0] == before[0])
        #expect(session.points[1].position == three[1] && session.points[1].isVisible)
        try session.advance()
        #expect(session.points.map(\.id) == [0, 1])
        // In the last frame of a half window: the current window is computed again, then the next.
        #expect(try session.add([three[2], SIMD2(-40, 500)], group: 1) == [2, 3])
        #expect(!session.points[3].isVisible)
        try session.advance()
        #expect(session.points.count == 4 && session.points[2].position != three[2])
        session.remove([0, 17])
        try session.advance()
        #expect(session.points.map(\.id) == [1, 2, 3])
        session.remove([1, 2, 3])
        let computed = video.computations(of: tracker.processor.cacheKey)
        for _ in 0..<3 { try session.advance() }
        #expect(session.points.isEmpty && session.frame == 12)
        #expect(video.computations(of: tracker.processor.cacheKey) == computed)
        #expect(try session.add([three[0]], group: 0) == [4])
        for _ in 0..<3 { try session.advance() }
        #expect(session.points[0].position.x.isFinite && session.frame == 15)
        // In the last frame.
        #expect(try session.add([three[1]], group: 0) == [5])
        #expect(throws: MediaError.frameOutOfRange(index: 16, count: 16)) { try session.advance() }
        #expect(session.points.map(\.id) == [4, 5] && session.points[1].isVisible)
    }

    @Test func framesAreEncodedOnceAndNotWithoutPoints() throws {
        let tracker = try tracker()
        let video = FrameStore(TensorClip(frames: 30, size: size))
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        for _ in 0..<10 { try session.advance() }
        #expect(video.computations(of: tracker.processor.cacheKey) == 0)
        try session.add([], group: 0)
        try session.add(three, group: 0)
        for _ in 10..<29 { try session.advance() }
        #expect(video.computations(of: tracker.processor.cacheKey) == 20)
    }

    @Test func oneFrame() throws {
        let tracker = try tracker()
        let video = FrameStore(TensorClip(frames: 1, size: ImageSize(width: 5, height: 3)))
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add([SIMD2(2, 2)], group: 0)
        #expect(throws: MediaError.frameOutOfRange(index: 1, count: 1)) { try session.advance() }
        #expect(try tracker.track([.init(frame: 0, position: SIMD2(2, 2))], in: video).frames[0][0].position == SIMD2(2, 2))
        #expect(try tracker.track([], in: video).frames == [[]])
        #expect(throws: MediaError.frameOutOfRange(index: 1, count: 1)) { try tracker.start(on: video, at: 1, direction: .forward) }
        #expect(throws: MediaError.frameOutOfRange(index: 2, count: 1)) { try tracker.track([.init(frame: 2, position: .zero)], in: video) }
        #expect(throws: TrackerError.self) { try session.add([SIMD2(.nan, 1)], group: 0) }
        #expect(session.points.count == 1)
    }

    @Test func aClipIsSplitAtTheQuery() throws {
        let tracker = try tracker()
        let video = FrameStore(TensorClip(frames: 14, size: size), capacity: 14)
        let queries = zip([0, 6, 13], three).map { CoTracker1.Query(frame: $0, position: $1) }
        let tracks = try tracker.track(queries, in: video).frames
        for (i, query) in queries.enumerated() {
            #expect(tracks[query.frame][i].position == query.position && tracks[query.frame][i].isVisible)
        }
        #expect(tracks.allSatisfy { $0.allSatisfy { $0.position.x.isFinite } })
        // With queries in one frame alone, a clip is a session in either direction.
        let middle = try tracker.track(three.map { .init(frame: 6, position: $0) }, in: video).frames
        for (direction, frames) in [(TimeDirection.forward, 8), (.backward, 7)] {
            let session = try tracker.start(on: video, at: 6, direction: direction)
            try session.add(three, group: 0)
            for (time, points) in try follow(session, frames: frames).enumerated() {
                #expect(middle[6 + time * direction.rawValue] == points)
            }
        }
        #expect(tracks[0][1].position != three[1] && tracks[13][1].position != three[1] && tracks[0][2].position != three[2])
    }

    @Test func manyPointsInGroups() throws {
        let points = (0..<40).map { SIMD2<Float>(Float($0 % 8) * 12 + 5, Float($0 / 8) * 12 + 5) }
        let video = FrameStore(TensorClip(frames: 9, size: size), capacity: 9)
        func last(_ groupSize: Int, _ count: Int) throws -> [TrackedPoint] {
            let session = try tracker { $0.groupSize = groupSize }.start(on: video, at: 0, direction: .forward)
            try session.add(Array(points[..<count]), group: 0)
            for _ in 1..<9 { try session.advance() }
            return session.points
        }
        let grouped = try last(16, 40)
        #expect(grouped.count == 40 && Set(grouped.map(\.position)).count == 40)
        // The first group does not see the others.
        #expect(try largestDifference(positions(Array(grouped[..<16])), positions(last(512, 16))) < 1e-4)
        #expect(try largestDifference(positions(grouped), positions(last(512, 40))) > 0)
    }

    @Test func checkpoints() throws {
        #expect(CoTracker1.recognises(source))
        #expect(CoTracker1.recognises(AlteredTensors(source: source, prefix: "module.")))
        for name in ["pips", "cotracker2", "cotracker3_offline"] {
            if let other = try ParityCase.named(name)?.weights().source { #expect(!CoTracker1.recognises(other), "\(name)") }
        }
        let missing = "updateformer.space_blocks.5.mlp.fc2.bias"
        #expect(throws: TensorFileError.missingTensor(file: "altered.pth", tensor: missing)) {
            try tracker(AlteredTensors(source: source, removed: [missing]))
        }
        #expect(CoTracker1Variant(fileName: "/a/cotracker_stride_4_wind_12.pth") == .stride4Window12)
        #expect(CoTracker1Variant(fileName: "cotracker_stride_8_wind_16.safetensors") == .stride8Window16)
        #expect(CoTracker1Variant(fileName: "models/cotracker-s4-w8.pth") == .stride4Window8)
        #expect(CoTracker1Variant(fileName: "mine.pth") == nil)
        #expect(throws: TrackerError.self) { try tracker { $0.iterations = 0 } }
        #expect(throws: TrackerError.self) { try tracker { $0.inputSize = ImageSize(width: 16, height: 96) } }
        #expect(throws: TrackerError.self) { try tracker { $0.visibilityThreshold = .nan } }
    }

    @Test(arguments: ["fnet.conv3.weight", "updateformer.flow_head.bias"]) func weightsThatAreNoNumbers(_ name: String) throws {
        let tracker = try tracker(AlteredTensors(source: source, spoiled: name))
        let video = FrameStore(TensorClip(frames: 6, size: size))
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add(three, group: 0)
        for points in try follow(session, frames: 6).dropFirst() {
            #expect(points.allSatisfy { !$0.isVisible && $0.position.x.isFinite && $0.position.y.isFinite })
        }
        let tracks = try tracker.track(three.map { .init(frame: 3, position: $0) }, in: video)
        #expect(tracks.points(in: 5).allSatisfy { !$0.isVisible })
    }
}

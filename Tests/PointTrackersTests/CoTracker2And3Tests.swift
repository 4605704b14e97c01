import Foundation
import Inference
import InferenceOpenVINO
import Media
import Support
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// What CoTracker 2 and 3 do with points, whatever their weights.
@Suite(
    .serialized,
    .enabled(
        if: ["cotracker2", "cotracker3_online", "cotracker3_offline"].allSatisfy { ParityCase.named($0) != nil },
        Comment(rawValue: ParityCase.missing)))
struct CoTracker2And3Tests {
    enum Network: String, CaseIterable, CustomStringConvertible {
        case two = "cotracker2"
        case online = "cotracker3_online"
        case offline = "cotracker3_offline"

        var description: String { rawValue }
        /// In a clip of that many frames.
        func window(_ frames: Int) -> Int { self == .two ? 8 : self == .online ? 16 : frames }
    }

    private let engine: OpenVINOEngine
    private let size = ImageSize(width: 104, height: 72)
    private let three: [SIMD2<Float>] = [SIMD2(20, 30), SIMD2(60.5, 40), SIMD2(90, 10)]

    /// Networks of equal weights are compiled once: most of the time goes there.
    private static let shared = Result { try OpenVINOEngine(.init(cacheFolder: Fixtures.temporaryFolder())) }
    /// Made once: those without options of their own, and all weights.
    private static let trackers = Protected<[Network: any VirtualTrackTracker]>([:])
    private static let sources = Protected<[Network: AlteredTensors]>([:])

    init() throws { engine = try Self.shared.get() }

    private func source(_ network: Network) throws -> any TensorSource {
        try Self.sources.withLock { sources in
            if let known = sources[network] { return known }
            let generated = try #require(ParityCase.named(network.rawValue)).weights().source
            var tensors: [String: Tensor] = [:]
            for name in generated.tensorNames { tensors[name] = try generated.tensor(name) }
            let source = AlteredTensors(source: generated, replaced: tensors)
            sources[network] = source
            return source
        }
    }

    private func tracker(_ network: Network) throws -> any VirtualTrackTracker {
        try Self.trackers.withLock { trackers in
            if let known = trackers[network] { return known }
            let made = try tracker(network, nil) { _ in }
            trackers[network] = made
            return made
        }
    }

    private func tracker(
        _ network: Network, _ source: (any TensorSource)? = nil, _ change: (inout CoTrackerOptions) -> Void
    ) throws -> any VirtualTrackTracker {
        var options = CoTrackerOptions()
        options.inputSize = ImageSize(width: 96, height: 64)
        options.iterations = 1
        options.supportGridSide = 0
        change(&options)
        let weights = Weights(try source ?? self.source(network))
        return network == .two
            ? try CoTracker2(weights: weights, engine: engine, precision: .float32, updaterPrecision: .float32, options: options)
            : try CoTracker3(weights: weights, engine: engine, precision: .float32, updaterPrecision: .float32, options: options)
    }

    /// A clip whose frames are another's, in any order.
    private struct Rearranged: FrameSource {
        let clip: TensorClip
        let order: [Int]
        var size: ImageSize { clip.size }
        var frameCount: Int { order.count }
        var timing: VideoTiming { VideoTiming(constantRate: 25, count: order.count) }
        var name: String { clip.name }
        func frame(at index: Int) throws -> RGBImage { try clip.frame(at: order[index]) }
    }

    private func numbers(_ points: [TrackedPoint]) -> [Float] { points.flatMap { [$0.position.x, $0.position.y, $0.confidence] } }

    /// The session's results in all frames to the end of its direction, by frame.
    private func follow(_ session: any TrackingSession, frames: Int) throws -> [[TrackedPoint]] {
        var result = [session.points]
        for _ in 1..<frames {
            try session.advance()
            result.append(session.points)
        }
        return result
    }

    private func follow(_ tracker: any VirtualTrackTracker, _ video: FrameStore, _ points: [SIMD2<Float>]) throws -> [[TrackedPoint]] {
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add(points, group: 0)
        return try follow(session, frames: video.frameCount)
    }

    @Test(arguments: [(Network.two, 5), (.two, 8), (.two, 13), (.online, 4), (.online, 17), (.online, 30), (.offline, 2), (.offline, 10)])
    func aSessionIsTheReferencesRunOfPointsInTheFirstFrame(_ network: Network, _ frames: Int) throws {
        let tracker = try tracker(network)
        let video = FrameStore(TensorClip(frames: frames, size: size))
        let scale = tracker.scale(size)
        let raw = try tracker.rawTracks(three.map { (0, scale.cells($0)) }, in: video, direction: .forward)
        let before = video.computations(of: tracker.processor.cacheKey)
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        #expect(try session.add(three, group: 0) == [0, 1, 2])
        #expect(session.points.map(\.position) == three && session.points.allSatisfy { $0.isVisible && $0.confidence == 1 })
        for (frame, points) in try follow(session, frames: frames).enumerated().dropFirst() {
            let wanted = (0..<3).flatMap { i -> [Float] in
                let position = scale.position(raw[frame, i].position)
                return [position.x, position.y, tracker.probability(raw[frame, i])]
            }
            #expect(largestDifference(numbers(points), wanted) < 1e-4)
            #expect(points.allSatisfy { $0.isVisible == ($0.confidence > tracker.visibilityThreshold && size.contains($0.position)) })
            #expect(points.map(\.position) != three)
        }
        #expect(throws: MediaError.frameOutOfRange(index: frames, count: frames)) { try session.advance() }
        #expect(session.frame == frames - 1)
        // Frames that the store has let go are encoded again for a second run, and only once for it.
        #expect(video.computations(of: tracker.processor.cacheKey) - before <= frames)
    }

    @Test func probabilities() throws {
        let state = PointState(position: .zero, visibility: 1, confidence: -2)
        let (visible, exact) = (1 / (1 + exp(-Float(1))), 1 / (1 + exp(Float(2))))
        #expect(try tracker(.two).probability(state) == visible && tracker(.two).visibilityThreshold == 0.9)
        for network in [Network.online, .offline] {
            #expect(try tracker(network).probability(state) == visible * exact && tracker(network).visibilityThreshold == 0.6)
        }
        let quirky = try tracker(.offline) { $0.referenceQuirks = true }
        #expect(quirky.probability(state) == visible && quirky.visibilityThreshold == 0.9)
        #expect(try tracker(.online) { $0.visibilityThreshold = 0.25 }.visibilityThreshold == 0.25)
    }

    /// The corners' pixel centres lie on each other, as in the authors' predictors.
    @Test func positionsInTheNetworksInput() throws {
        let frame = ImageSize(width: 11, height: 1)
        let corners = try tracker(.two).scale(frame)
        #expect(corners.cells(SIMD2(0.5, 0.5)) == .zero)
        #expect(abs(corners.cells(SIMD2(10.5, 0.5)).x - 95 / 4) < 1e-5)
        let smoothed = try tracker(.two) { $0.isAntialiased = true }.scale(frame)
        #expect(abs(smoothed.cells(SIMD2(11, 0)).x - 95.5 / 4) < 1e-5)
        for scale in [corners, smoothed] {
            let there = scale.position(scale.cells(SIMD2(3.25, 0.75)))
            #expect(abs(there.x - 3.25) < 1e-5 && abs(there.y - 0.75) < 1e-5)
        }
    }

    @Test(arguments: [Network.two, .online]) func aShortClipIsContinuedWithItsLastFrame(_ network: Network) throws {
        let tracker = try tracker(network)
        let clip = TensorClip(frames: 3, size: size)
        let continued = Rearranged(clip: clip, order: [0, 1, 2] + [Int](repeating: 2, count: network.window(0) - 3))
        let short = try follow(tracker, FrameStore(clip), three)
        let long = try follow(tracker, FrameStore(continued, capacity: 32), three)
        for frame in 0..<3 { #expect(largestDifference(numbers(short[frame]), numbers(long[frame])) < 1e-4) }
        #expect(short[2].map(\.position) != three)
    }

    @Test(arguments: Network.allCases) func backwardIsForwardOnTheReversedClip(_ network: Network) throws {
        let tracker = try tracker(network) { $0.supportGridSide = 2 }
        let clip = TensorClip(frames: 11, size: size)
        let backward = try tracker.start(on: FrameStore(clip), at: 9, direction: .backward)
        let forward = try tracker.start(
            on: FrameStore(Rearranged(clip: clip, order: Array((0..<11).reversed()))), at: 1, direction: .forward)
        try backward.add(three, group: 0)
        try forward.add(three, group: 0)
        #expect(try follow(backward, frames: 10) == follow(forward, frames: 10))
        #expect(backward.frame == 0)
        #expect(throws: MediaError.frameOutOfRange(index: -1, count: 11)) { try backward.advance() }
    }

    @Test func supportPointsInfluenceOthersAndAreNotReported() throws {
        let video = FrameStore(TensorClip(frames: 9, size: size), capacity: 9)
        for network in Network.allCases {
            let without = try follow(tracker(network), video, three)
            let with = try follow(tracker(network) { $0.supportGridSide = 6 }, video, three)
            #expect(with.allSatisfy { $0.map(\.id) == [0, 1, 2] })
            #expect(with[8] != without[8])
        }
    }

    @Test(arguments: Network.allCases) func pointsAddedLaterChangeNothingReported(_ network: Network) throws {
        let tracker = try tracker(network) { $0.longestClip = 8 }
        let video = FrameStore(TensorClip(frames: 20, size: size))
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add([three[0]], group: 0)
        for _ in 0..<6 { try session.advance() }
        let before = session.points
        #expect(try session.add([three[1]], group: 1) == [1])
        #expect(session.points[0] == before[0] && session.points[1].position == three[1] && session.points[1].isVisible)
        try session.advance()
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
        #expect(session.points.isEmpty && session.frame == 12 && video.computations(of: tracker.processor.cacheKey) == computed)
        #expect(try session.add([three[0]], group: 0) == [4])
        for _ in 0..<7 { try session.advance() }
        #expect(session.points[0].position.x.isFinite && session.frame == 19)
        #expect(try session.add([three[1]], group: 0) == [5])
        #expect(throws: MediaError.frameOutOfRange(index: 20, count: 20)) { try session.advance() }
        #expect(session.points.map(\.id) == [4, 5] && session.points[1].isVisible)
    }

    /// A clip longer than the longest that is looked at at once goes through windows, and memory stays what one needs.
    @Test func longClipsAtOnce() throws {
        let video = FrameStore(TensorClip(frames: 21, size: size), capacity: 4)
        let tracker = try tracker(.offline) { $0.longestClip = 8 }
        let run = tracker.run(on: video, from: 0, direction: .forward)
        run.add([.init(id: 0, time: 0, position: SIMD2(5, 5))])
        var starts: [Int] = []
        for start in run.windowStarts {
            try run.compute(start)
            #expect(run.heldFrames <= 8)
            starts.append(start)
        }
        #expect(starts == [0, 4, 8, 12, 16])
        #expect(video.computations(of: tracker.processor.cacheKey) == 21)
        // A clip of that length is one window.
        #expect(Array(tracker.run(on: video, from: 13, direction: .forward).windowStarts) == [0])
        #expect(tracker.window(length: 5).frames == 5)
        #expect(try self.tracker(.offline).window(length: 100).frames == 60)
    }

    @Test(arguments: Network.allCases) func oneFrame(_ network: Network) throws {
        let tracker = try tracker(network)
        let video = FrameStore(TensorClip(frames: 1, size: ImageSize(width: 5, height: 3)))
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add([SIMD2(2, 2)], group: 0)
        #expect(throws: MediaError.frameOutOfRange(index: 1, count: 1)) { try session.advance() }
        #expect(try tracker.clipTracks([.init(frame: 0, position: SIMD2(2, 2))], in: video).frames[0][0].position == SIMD2(2, 2))
        let quirky = try self.tracker(network) { $0.referenceQuirks = true }
        #expect(try quirky.clipTracks([.init(frame: 0, position: SIMD2(2, 2))], in: video).frames[0][0].position == SIMD2(2, 2))
        #expect(try tracker.clipTracks([], in: video).frames == [[]])
        #expect(throws: MediaError.frameOutOfRange(index: 1, count: 1)) { try tracker.start(on: video, at: 1, direction: .forward) }
        #expect(throws: MediaError.frameOutOfRange(index: 2, count: 1)) {
            try tracker.clipTracks([.init(frame: 2, position: .zero)], in: video)
        }
        #expect(throws: TrackerError.self) { try session.add([SIMD2(.nan, 1)], group: 0) }
        #expect(session.points.count == 1)
    }

    @Test(arguments: Network.allCases, [false, true]) func aClipIsSplitAtTheQuery(_ network: Network, _ quirks: Bool) throws {
        let tracker = try tracker(network) {
            $0.referenceQuirks = quirks
            $0.supportGridSide = 2
        }
        let video = FrameStore(TensorClip(frames: 12, size: size), capacity: 12)
        let queries: [PointQuery] = [
            .init(frame: 0, position: three[0]), .init(frame: 6, position: three[1]), .init(frame: 11, position: three[2]),
        ]
        let tracks = try tracker.clipTracks(queries, in: video).frames
        #expect(tracks.count == 12 && tracks.allSatisfy { $0.map(\.id) == [0, 1, 2] && $0.allSatisfy { $0.position.x.isFinite } })
        for (i, query) in queries.enumerated() {
            #expect(tracks[query.frame][i] == TrackedPoint(id: i, position: query.position, confidence: 1, isVisible: true))
        }
        #expect(tracks[0][1].position != three[1] && tracks[11][1].position != three[1] && tracks[0][2].position != three[2])
        guard quirks else { return }
        // The runs over the whole clip, split at the query.
        let scale = tracker.scale(size)
        let entries =
            queries.map { (time: $0.frame, position: scale.cells($0.position)) }
            + SupportGrid.coTracker3(side: 2, size: tracker.options.inputSize).map { (0, $0 / 4) }
        let forward = try tracker.rawTracks(entries, in: video, direction: .forward)
        let backward = try tracker.rawTracks(entries, in: video, direction: .backward)
        for frame in 0..<12 where frame != 6 {
            #expect(tracks[frame][1].position == scale.position((frame < 6 ? backward : forward)[frame, 1].position))
        }
    }

    @Test(arguments: Network.allCases) func manyPointsInGroups(_ network: Network) throws {
        let points = (0..<40).map { SIMD2<Float>(Float($0 % 8) * 12 + 5, Float($0 / 8) * 12 + 5) }
        let video = FrameStore(TensorClip(frames: 5, size: size))
        func last(_ groupSize: Int, _ count: Int) throws -> [TrackedPoint] {
            try #require(follow(tracker(network) { $0.groupSize = groupSize }, video, Array(points[..<count])).last)
        }
        let grouped = try last(16, 40)
        #expect(grouped.count == 40 && Set(grouped.map(\.position)).count == 40)
        // The first group does not see the others, and empty slots are not seen at all.
        #expect(try largestDifference(numbers(Array(grouped[..<16])), numbers(last(512, 16))) < 1e-4)
        #expect(try largestDifference(numbers(grouped), numbers(last(512, 40))) > 0)
    }

    @Test func checkpoints() throws {
        for network in Network.allCases {
            let source = try source(network)
            for source in [source, AlteredTensors(source: source, prefix: "module.")] as [any TensorSource] {
                #expect(CoTracker2.recognises(source) == (network == .two))
                #expect(CoTracker3.recognises(source) == (network != .two))
                #expect(!CoTracker1.recognises(source))
            }
            for missing in ["updateformer.space_point2virtual_blocks.2.norm_context.bias", "time_emb", "fnet.layer4.1.conv2.bias"] {
                #expect(throws: TensorFileError.missingTensor(file: "altered.pth", tensor: missing)) {
                    try tracker(network, AlteredTensors(source: source, removed: [missing])) { _ in }
                }
            }
            for shape in [[1, 7, network == .two ? 456 : 1110], [1, 8, 12], [8], [1, 514, network == .two ? 456 : 1110]] {
                #expect(throws: TensorFileError.self) {
                    try tracker(network, AlteredTensors(source: source, replaced: ["time_emb": Tensor(shape: shape)])) { _ in }
                }
            }
            #expect(throws: TrackerError.self) { try tracker(network) { $0.iterations = 0 } }
            #expect(throws: TrackerError.self) { try tracker(network) { $0.inputSize = ImageSize(width: 16, height: 96) } }
            #expect(throws: TrackerError.self) { try tracker(network) { $0.inputSize = ImageSize(width: 97, height: 96) } }
            #expect(throws: TrackerError.self) { try tracker(network) { $0.visibilityThreshold = .nan } }
            #expect(throws: TrackerError.self) { try tracker(network) { $0.longestClip = 7 } }
        }
        for name in ["pips", "cotracker_v1"] {
            if let other = try ParityCase.named(name)?.weights().source {
                #expect(!CoTracker2.recognises(other) && !CoTracker3.recognises(other), "\(name)")
            }
        }
        // Version 2.1 differs in its window alone.
        let table = Tensor(shape: [1, 16, 456], repeating: 0.5)
        let newer = try tracker(.two, AlteredTensors(source: source(.two), replaced: ["time_emb": table])) { _ in }
        #expect(newer.window(length: 100).frames == 16 && newer.window(length: 100).step == 8)
        let last = try #require(follow(newer, FrameStore(TensorClip(frames: 18, size: size)), three).last)
        #expect(last.allSatisfy { $0.position.x.isFinite } && last.map(\.position) != three)
    }

    @Test(arguments: Network.allCases, ["fnet.conv3.weight", "updateformer.flow_head.bias"])
    func weightsThatAreNoNumbers(_ network: Network, _ name: String) throws {
        let tracker = try tracker(network, AlteredTensors(source: source(network), spoiled: name)) { $0.iterations = 2 }
        let video = FrameStore(TensorClip(frames: 6, size: size))
        for points in try follow(tracker, video, three).dropFirst() {
            #expect(points.allSatisfy { !$0.isVisible && $0.position.x.isFinite && $0.position.y.isFinite })
        }
        let tracks = try tracker.clipTracks(three.map { .init(frame: 3, position: $0) }, in: video)
        #expect(tracks.points(in: 5).allSatisfy { !$0.isVisible } && tracks.points(in: 3).allSatisfy(\.isVisible))
    }
}

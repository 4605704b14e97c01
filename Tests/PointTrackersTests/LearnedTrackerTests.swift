import Foundation
import Inference
import InferenceOpenVINO
import Media
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// How the trackers RAFT, PIPs and PIPs++ behave at the limits; with generated weights, so that where points go means nothing.
@Suite(.serialized, .enabled(if: ParityCase.named("pips_tracker") != nil, Comment(rawValue: ParityCase.missing)))
struct LearnedTrackerTests {
    enum Kind: String, CaseIterable {
        case raft, raftSmall, pips, pipsPlusPlus

        var parity: String {
            switch self {
            case .raft: "raft_tracker"
            case .raftSmall: "raft_small"
            case .pips: "pips_tracker"
            case .pipsPlusPlus: "pips_plus_plus"
            }
        }

        func weights() throws -> any TensorSource { try #require(ParityCase.named(parity)).weights().source }

        /// With few iterations: quick.
        func tracker(_ source: any TensorSource, _ engine: OpenVINOEngine) throws -> any PointTracker {
            let weights = Weights(source)
            return switch self {
            case .raft, .raftSmall: try RAFTTracker(weights: weights, engine: engine, precision: .float32, iterations: 1)
            case .pips: try PIPsTracker(weights: weights, engine: engine, precision: .float32, options: .init(iterations: 1))
            case .pipsPlusPlus: try PIPsPlusPlusTracker(weights: weights, engine: engine, precision: .float32, iterations: 1)
            }
        }

        func recognises(_ source: any TensorSource) -> Bool {
            switch self {
            case .raft, .raftSmall:
                RAFTTracker.recognises(source) && (RAFTArchitecture(of: source.withoutModulePrefix) == .small) == (self == .raftSmall)
            case .pips: PIPsTracker.recognises(source)
            case .pipsPlusPlus: PIPsPlusPlusTracker.recognises(source)
            }
        }
    }

    private let engine: OpenVINOEngine

    init() throws { engine = try OpenVINOEngine(.init(cacheFolder: nil)) }

    private func video(_ frames: Int, width: Int = 128, height: Int = 96) -> FrameStore {
        FrameStore(
            PictureSource(
                pictures: (0..<frames).map { t in
                    let pixels = (0..<(3 * width * height)).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 50 &+ 11 &* t) }
                    return RGBImage(width: width, height: height, pixels: pixels)
                }))
    }

    @Test(arguments: Kind.allCases) func sessions(_ kind: Kind) throws {
        let tracker = try kind.tracker(kind.weights(), engine)
        let video = video(4)
        #expect(throws: MediaError.frameOutOfRange(index: 4, count: 4)) { try tracker.start(on: video, at: 4, direction: .forward) }
        let session = try tracker.start(on: video, at: 1, direction: .forward)
        #expect(try session.add([], group: 0).isEmpty && session.points.isEmpty)
        #expect(try session.add([SIMD2(0, 0), SIMD2(127.9, 95.9), SIMD2(-3, 400), SIMD2(60, 50)], group: 0) == [0, 1, 2, 3])
        #expect(session.points.map(\.isVisible) == [true, true, false, true])
        #expect(session.points.map(\.position) == [SIMD2(0, 0), SIMD2(127.9, 95.9), SIMD2(-3, 400), SIMD2(60, 50)])
        try session.advance()
        #expect(session.frame == 2 && session.points.count == 4)
        session.remove([1, 77])
        #expect(try session.add([SIMD2(20, 30)], group: 1) == [4])
        try session.advance()
        #expect(session.frame == 3 && session.points.map(\.id) == [0, 2, 3, 4])
        #expect(session.points.allSatisfy { $0.position.x.isFinite && $0.position.y.isFinite })
        // In the last frame: nothing to track in, but the point is there.
        #expect(try session.add([SIMD2(5, 6)], group: 1) == [5])
        let before = session.points
        #expect(throws: MediaError.frameOutOfRange(index: 4, count: 4)) { try session.advance() }
        #expect(session.frame == 3 && session.points == before)
        session.remove([0, 2, 3, 4, 5])
        #expect(session.points.isEmpty)
    }

    @Test(arguments: Kind.allCases) func oneFrame(_ kind: Kind) throws {
        let tracker = try kind.tracker(kind.weights(), engine)
        for direction in TimeDirection.allCases {
            let session = try tracker.start(on: video(1), at: 0, direction: direction)
            try session.add([SIMD2(10, 10)], group: 0)
            #expect(throws: MediaError.self) { try session.advance() }
            #expect(session.points.map(\.isVisible) == [true])
        }
    }

    /// A point goes the same way whatever others there are, and whenever they were added.
    @Test(arguments: Kind.allCases) func pointsDoNotInfluenceEachOther(_ kind: Kind) throws {
        let tracker = try kind.tracker(kind.weights(), engine)
        let video = video(3)
        let point = SIMD2<Float>(61.25, 40.5)
        let others = (0..<(kind == .pipsPlusPlus ? 530 : 600)).map { SIMD2(Float($0 % 128), Float($0 % 96)) }
        func last(_ others: [SIMD2<Float>]) throws -> TrackedPoint {
            let session = try tracker.start(on: video, at: 0, direction: .forward)
            try session.add(others, group: 0)
            let id = try #require(try session.add([point], group: 1).first)
            for _ in 0..<2 { try session.advance() }
            return try #require(session.points.first { $0.id == id })
        }
        let (alone, among) = (try last([]), try last(others))
        #expect(abs(alone.position.x - among.position.x) < 1e-3 && abs(alone.position.y - among.position.y) < 1e-3)
        #expect(alone.position != point)
    }

    @Test(arguments: Kind.allCases) func largeFramesAreReduced(_ kind: Kind) throws {
        let weights = Weights(try kind.weights())
        let tracker: any PointTracker =
            switch kind {
            case .raft, .raftSmall: try RAFTTracker(weights: weights, engine: engine, precision: .float32, iterations: 1, longestSide: 96)
            case .pips:
                try PIPsTracker(weights: weights, engine: engine, precision: .float32, options: .init(iterations: 1), longestSide: 96)
            case .pipsPlusPlus:
                try PIPsPlusPlusTracker(weights: weights, engine: engine, precision: .float32, iterations: 1, longestSide: 96)
            }
        let session = try tracker.start(on: video(2, width: 192, height: 150), at: 0, direction: .forward)
        try session.add([SIMD2(100, 80)], group: 0)
        let given = try #require(session.points.first).position
        #expect(abs(given.x - 100) < 1e-3 && abs(given.y - 80) < 1e-3)
        try session.advance()
        #expect(session.points.allSatisfy { $0.position.x.isFinite })
    }

    @Test(arguments: Kind.allCases) func smallFrames(_ kind: Kind) throws {
        let tracker = try kind.tracker(kind.weights(), engine)
        let session = try tracker.start(on: video(2, width: 17, height: 9), at: 0, direction: .forward)
        switch kind {
        case .raft, .raftSmall:
            // Padded to what the network needs.
            try session.add([SIMD2(8, 4)], group: 0)
            try session.advance()
            #expect(session.points.count == 1)
        case .pips, .pipsPlusPlus:
            #expect(throws: TrackerError.self) { try session.add([SIMD2(8, 4)], group: 0) }
            #expect(session.points.isEmpty)
        }
    }

    /// A source with one tensor changed.
    private struct Changed: TensorSource {
        let source: any TensorSource
        var prefix = ""
        var lacking: String?
        var misshaped: String?
        var noNumbers: String?

        var name: String { "changed" }
        var fingerprint: String { source.fingerprint + "-changed" }
        var tensorNames: [String] { source.tensorNames.filter { $0 != lacking }.map { prefix + $0 } }
        private func own(_ name: String) -> String? { name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil }
        func shape(of tensor: String) -> [Int]? {
            guard let own = own(tensor), own != lacking, let shape = source.shape(of: own) else { return nil }
            return own == misshaped ? shape + [1] : shape
        }
        func tensor(_ name: String) throws -> Tensor {
            let tensor = try source.tensor(own(name) ?? name)
            return own(name) == noNumbers ? Tensor(shape: tensor.shape, repeating: .nan) : tensor
        }
    }

    @Test(arguments: Kind.allCases) func checkpoints(_ kind: Kind) throws {
        let source = try kind.weights()
        for other in Kind.allCases { #expect(other.recognises(source) == (other == kind)) }
        #expect(kind.recognises(Changed(source: source, prefix: "module.")))
        _ = try kind.tracker(Changed(source: source, prefix: "module."), engine)
        // The encoders, the first layer and the last.
        let names: [String] =
            switch kind {
            case .raft:
                [
                    "fnet.layer2.0.downsample.0.bias", "cnet.layer1.1.norm2.running_var", "update_block.gru.convq2.weight",
                    "update_block.mask.2.bias",
                ]
            case .raftSmall:
                ["fnet.layer3.0.conv3.weight", "cnet.conv2.bias", "update_block.gru.convq.weight", "update_block.flow_head.conv2.bias"]
            case .pips: ["fnet.conv3.bias", "delta_block.to_delta.12.1.fn.3.weight", "norm.weight", "vis_predictor.0.bias"]
            case .pipsPlusPlus: ["fnet.layer4.1.conv2.weight", "delta_block.basicblock_list.7.conv2.conv.bias", "delta_block.dense.weight"]
            }
        for name in names {
            #expect(throws: TensorFileError.missingTensor(file: "changed", tensor: name)) {
                try kind.tracker(Changed(source: source, lacking: name), engine)
            }
            let shape = try #require(source.shape(of: name))
            #expect(throws: TensorFileError.shapeMismatch(file: "changed", tensor: name, expected: shape, found: shape + [1])) {
                try kind.tracker(Changed(source: source, misshaped: name), engine)
            }
        }
        for name in [names[0], names[names.count - 1]] {
            let session = try kind.tracker(Changed(source: source, noNumbers: name), engine).start(on: video(3), at: 0, direction: .forward)
            try session.add([SIMD2(50, 40)], group: 0)
            for _ in 0..<2 { try session.advance() }
            #expect(session.points.allSatisfy { $0.position.x.isFinite && $0.position.y.isFinite }, "\(kind) \(name)")
            // A layer in the middle may lose it on the way: of 0 and no number, a rectifier gives 0.
            if name == names.last { #expect(session.points.allSatisfy { !$0.isVisible }, "\(kind) \(name)") }
        }
    }

    /// SAM-PT's rules, which ask for less.
    @Test func pointsOutsideOfTheFrame() throws {
        let weights = Weights(try Kind.pipsPlusPlus.weights())
        for isVisibleOutside in [false, true] {
            let tracker = try PIPsPlusPlusTracker(
                weights: weights, engine: engine, precision: .float32, iterations: 1, isVisibleOutside: isVisibleOutside)
            let session = try tracker.start(on: video(2), at: 0, direction: .forward)
            try session.add([SIMD2(-30, 20), SIMD2(30, 20)], group: 0)
            try session.advance()
            #expect(session.points.map(\.isVisible) == [isVisibleOutside, true])
        }
    }

    @Test func flowsThatAgree() {
        #expect(RAFTSession.agreement(SIMD2(5, -3), SIMD2(-5, 3)) == 1)
        #expect(RAFTSession.agreement(SIMD2(5, -3), SIMD2(-4.5, 3)) > 0.5)
        #expect(RAFTSession.agreement(SIMD2(5, -3), SIMD2(-3, 3)) < 0.5)
        #expect(RAFTSession.agreement(SIMD2(100, 0), SIMD2(-98, 0)) > 0.5)
        #expect(RAFTSession.agreement(SIMD2(5, -3), SIMD2(.nan, 3)) == 0)
    }

    @Test func chainingOfWindows() {
        // The worked examples of the specification, and visibilities that only a lower threshold finds.
        #expect(PIPsSession.chained([0.95, 0.5, 0.8], threshold: 0.9) == 1)
        #expect(PIPsSession.chained([0.1, 0.2, 0.85, 0.3], threshold: 0.9) == 3)
        #expect(PIPsSession.chained([0.95, 0.99], threshold: 0.9) == 2)
        #expect(PIPsSession.chained([0, 0, 0], threshold: 0.9) == 3)
        #expect(PIPsSession.chained([.nan], threshold: 0.9) == 1)
    }
}

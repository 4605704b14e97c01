import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import PointTrackers
import TensorFiles
import TestSupport

/// A published tracker with generated weights, of which all graphs are checked that it needs to follow some points.
struct TrackedGraphs: Sendable, CustomStringConvertible {
    let description: String
    /// How many graphs there are.
    let count: Int
    private let make: @Sendable (_ engine: RecordingEngine) throws -> any PointTracker

    /// Follows 8 points through 8 small frames, so that PIPs and PIPs++ have no unused slots. Everything is float32.
    func runs() throws -> [RecordingEngine.Run] {
        let engine = RecordingEngine(try OpenVINOEngine(.init(cacheFolder: nil)))
        let clip = Clip()
        let session = try make(engine).start(on: FrameStore(clip), at: 0, direction: .forward)
        let (first, step) = (SIMD2<Float>(20, 15), SIMD2<Float>(11, 7))
        try session.add((0..<8).map { first + Float($0) * step }, group: 0)
        for _ in 1..<clip.frameCount { try session.advance() }
        return engine.runs
    }

    private struct Clip: FrameSource {
        let name = "clip"
        let size = ImageSize(width: 128, height: 96)
        let frameCount = 8
        var timing: VideoTiming { VideoTiming(constantRate: 25, count: frameCount) }

        func frame(at index: Int) throws -> RGBImage {
            let pixels = (0..<(3 * size.pixelCount)).map { i -> UInt8 in
                let (x, y) = (i / 3 % size.width + 2 * index, i / 3 / size.width + index)
                return UInt8(truncatingIfNeeded: (x / 3 &* 37) ^ (y / 3 &* 71) &+ 40 &* (i % 3))
            }
            return RGBImage(width: size.width, height: size.height, pixels: pixels)
        }
    }

    private static func weights(_ name: String) throws -> Weights {
        if name == "tapnet" {
            return try ParityCase(folder: Fixtures.packageRoot.appendingPathComponent("Tests/PointTrackersTests/Resources/tapnet"))
                .weights()
        }
        struct Missing: Error {}
        guard let parity = ParityCase.named(name) else { throw Missing() }
        return try parity.weights()
    }

    private static var coTrackerOptions: CoTrackerOptions {
        var options = CoTrackerOptions()
        (options.iterations, options.inputSize) = (1, ImageSize(width: 128, height: 96))
        return options
    }

    static let all: [TrackedGraphs] = [
        TrackedGraphs(description: "cotracker_v1", count: 2) { engine in
            var options = CoTracker1.Options()
            (options.iterations, options.inputSize) = (1, ImageSize(width: 128, height: 96))
            return try CoTracker1(
                weights: weights("cotracker_v1"), engine: engine, precision: .float32, updaterPrecision: .float32, options: options)
        },
        TrackedGraphs(description: "cotracker2", count: 2) {
            try CoTracker2(
                weights: weights("cotracker2"), engine: $0, precision: .float32, updaterPrecision: .float32, options: coTrackerOptions)
        },
        TrackedGraphs(description: "cotracker3_online", count: 3) {
            try CoTracker3(
                weights: weights("cotracker3_online"), engine: $0, precision: .float32, updaterPrecision: .float32,
                options: coTrackerOptions)
        },
        TrackedGraphs(description: "pips", count: 2) {
            try PIPsTracker(weights: weights("pips"), engine: $0, precision: .float32, options: .init(iterations: 1))
        },
        TrackedGraphs(description: "pips_plus_plus", count: 2) {
            try PIPsPlusPlusTracker(weights: weights("pips_plus_plus"), engine: $0, precision: .float32, iterations: 1)
        },
        TrackedGraphs(description: "raft_large", count: 5) {
            try RAFTTracker(weights: weights("raft_large"), engine: $0, precision: .float32, iterations: 2)
        },
        TrackedGraphs(description: "raft_small", count: 5) {
            try RAFTTracker(weights: weights("raft_small"), engine: $0, precision: .float32, iterations: 2)
        },
        TrackedGraphs(description: "tapir", count: 3) { try TAPIR(weights: weights("tapir"), engine: $0, precision: .float32) },
        TrackedGraphs(description: "bootstapir", count: 3) { try TAPIR(weights: weights("bootstapir"), engine: $0, precision: .float32) },
        TrackedGraphs(description: "tapnet", count: 6) { try TapNet(weights: weights("tapnet"), engine: $0, precision: .float32) },
        TrackedGraphs(description: "superpoint_superglue", count: 3) {
            let weights = try weights("superpoint_superglue")
            return try SuperGlueTracker(detector: weights["superpoint"], matcher: weights["superglue"], engine: $0, precision: .float32)
        },
    ]
}

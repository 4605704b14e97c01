import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// CoTracker 1 against the original code: the network with every iteration, and SAM-PT's tracker around it.
@Suite(.serialized, .enabled(if: !ParityCase.cases(of: "cotracker_v1").isEmpty, Comment(rawValue: ParityCase.missing)))
struct CoTracker1ParityTests {
    private struct Config: Decodable {
        var stride: Int
        var window: Int
        var iters: Int
        var interpShape: [Int]?
        var visibilityThreshold: Float?
        var supportGridSize: Int?
        var supportGridEveryNFrames: Int?

        var variant: CoTracker1Variant? { CoTracker1Variant.allCases.first { $0.stride == stride && $0.window == window } }
    }

    private static let networks = ParityCase.cases(of: "cotracker_v1").filter { $0.has("window0.iter0") }
    private static let trackers = ParityCase.cases(of: "cotracker_v1").filter { $0.has("forwardTrajectories") }

    private func positions(_ tracks: RawTracks, stride: Int) -> Tensor {
        Tensor(
            shape: [1, tracks.frames, tracks.points, 2],
            tracks.states.flatMap { [$0.position.x * Float(stride), $0.position.y * Float(stride)] })
    }

    private func visibility(_ tracks: RawTracks) -> Tensor {
        Tensor(shape: [1, tracks.frames, tracks.points], tracks.states.map { WindowTracking.probability($0.visibility) })
    }

    @Test(arguments: networks) func network(_ parity: ParityCase) throws {
        let (config, inputs) = (try parity.config(Config.self), try parity.inputs())
        let variant = try #require(config.variant)
        let (frames, step) = (config.window, config.window / 2)
        let clip = try TensorClip(inputs.tensor("rgbs"))
        var options = CoTracker1.Options()
        options.inputSize = clip.size
        options.iterations = config.iters
        options.supportGridSide = 0
        let tracker = try CoTracker1(
            weights: parity.weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32, updaterPrecision: .float32,
            variant: variant, options: options, tap: CoTrackerParity.taps)
        let video = FrameStore(clip, capacity: 2 * frames)
        var results: [String: Tensor] = [:]

        // The reference continues a window past the clip's end with the last frame, and encodes of each window what is new.
        func pyramids(_ range: Range<Int>) throws -> [FeaturePyramid] {
            try range.map { try video.value(of: tracker.processor, at: min($0, clip.frameCount - 1)) }
        }
        let windowStarts = Array(Swift.stride(from: 0, to: max(1, clip.frameCount - step), by: step))
        for (index, start) in windowStarts.enumerated() {
            results["fmaps\(index)"] = CoTrackerParity.maps(
                try pyramids((start + (index == 0 ? 0 : step))..<(start + frames)).map(\.levels[0]))
        }
        let queries = try CoTrackerParity.queries(inputs.tensor("queries"))
        // Windows without points are left out.
        let first = try #require(windowStarts.first { start in queries.contains { $0.frame < start + frames } })
        let firstMaps = try pyramids(first..<(first + frames))
        var window = -1
        let tracks = try tracker.rawTracks(queries, in: video) { iteration, starts, outcomes, tokens, outputs in
            if iteration == 0 {
                window += 1
                results["window\(window).featInit"] = Tensor(shape: [1, starts.count, 128], starts.flatMap(\.template))
            }
            let name = "window\(window)"
            results["\(name).iter\(iteration)"] = Tensor(
                shape: [1, frames, starts.count, 2],
                (0..<frames).flatMap { s in
                    outcomes.flatMap { [Float(config.stride) * $0.positions[s].x, Float(config.stride) * $0.positions[s].y] }
                })
            results["\(name).visLogits"] = Tensor(
                shape: [1, frames, starts.count], (0..<frames).flatMap { s in outcomes.map { $0.visibility[s] } })
            guard window == 0, iteration == 0 else { return }
            let (count, numbers) = (starts.count, CoTracker1Updater.tokenWidth)
            results["window0.corr0"] = correlations(starts, maps: firstMaps)
            results["window0.tokens0"] = Tensor(shape: [1, count, frames, numbers], Array(tokens.values.prefix(count * frames * numbers)))
            for name in ["embedded", "time", "hidden", "delta"] {
                guard let tensor = outputs["tap.\(name)"] else { continue }
                let width = tensor.shape[3]
                results["window0.\(name)0"] = Tensor(
                    shape: (name == "time" ? [] : [1]) + [count, frames, width], Array(tensor.values.prefix(count * frames * width)))
            }
            if let space = outputs["tap.space"] {
                let (rows, width) = (space.values, space.shape[3])
                results["window0.space0"] = Tensor(
                    shape: [frames, count, width],
                    (0..<frames).flatMap { rows[($0 * space.shape[2] * width)..<(($0 * space.shape[2] + count) * width)] })
            }
        }
        results["trajectories"] = positions(tracks.forward, stride: config.stride)
        results["visibilities"] = visibility(tracks.forward)
        try TrackerParity.check(parity, results) { $0.contains("iter") || $0 == "trajectories" }
    }

    private func correlations(_ starts: [PointWindowStart], maps: [FeaturePyramid]) -> Tensor {
        let windows = CorrelationWindows(radius: 3, outside: .zeros, channels: 128)
        return Tensor(shape: [1, maps.count, starts.count, 196]) { target in
            for frame in maps.indices {
                for (i, start) in starts.enumerated() {
                    let position = [start.estimate.positions[frame].x, start.estimate.positions[frame].y]
                    position.withUnsafeBufferPointer { position in
                        start.template.withUnsafeBufferPointer { template in
                            windows.correlate(
                                maps[frame], points: 1, positions: StridedRows(base: position.baseAddress!, stride: 2),
                                templates: StridedRows(base: template.baseAddress!, stride: 128),
                                into: MutableStridedRows(base: target.baseAddress! + (frame * starts.count + i) * 196, stride: 196))
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: trackers) func tracker(_ parity: ParityCase) throws {
        let (config, inputs) = (try parity.config(Config.self), try parity.inputs())
        let variant = try #require(config.variant)
        let size = try #require(config.interpShape)
        var options = CoTracker1.Options()
        options.inputSize = ImageSize(width: size[1], height: size[0])
        options.iterations = config.iters
        options.visibilityThreshold = try #require(config.visibilityThreshold)
        options.supportGridSide = try #require(config.supportGridSize)
        options.supportGridInterval = try #require(config.supportGridEveryNFrames)
        options.referenceQuirks = true
        let tracker = try CoTracker1(
            weights: parity.weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32, updaterPrecision: .float32,
            variant: variant, options: options)
        var results: [String: Tensor] = [:]
        for (prefix, clip, points) in [("", "rgbs", "queries"), ("short.", "shortRgbs", "shortQueries")] where inputs.shape(of: clip) != nil
        {
            let video = FrameStore(try TensorClip(inputs.tensor(clip)), capacity: 32)
            let queries = try CoTrackerParity.queries(inputs.tensor(points))
            let raw = try tracker.rawTracks(queries, in: video)
            results["\(prefix)forwardTrajectories"] = positions(raw.forward, stride: config.stride)
            results["\(prefix)rawTrajectories"] = positions(raw.merged, stride: config.stride)
            results["\(prefix)rawVisibilities"] = visibility(raw.merged)
            let tracks = try tracker.track(queries, in: video).frames
            results["\(prefix)trajectories"] = Tensor(
                shape: [1, tracks.count, queries.count, 2], tracks.flatMap { $0.flatMap { [$0.position.x - 0.5, $0.position.y - 0.5] } })
            results["\(prefix)visibilities"] = Tensor(
                shape: [1, tracks.count, queries.count], tracks.flatMap { $0.map { $0.isVisible ? 1 : 0 } })
        }
        try TrackerParity.check(parity, results) { $0.hasSuffix("rajectories") }
    }
}

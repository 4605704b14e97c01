import Foundation
import Inference
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// CoTracker 1 against the original code: the network with every iteration, and SAM-PT's tracker around it.
@Suite(
    .serialized,
    .enabled(if: ParityCase.named("cotracker_v1") != nil && ParityCase.named("cotracker_v1_tracker") != nil, Comment(rawValue: ParityCase.missing)))
struct CoTracker1ParityTests {
    private func positions(_ tracks: RawTracks, stride: Int) -> Tensor {
        Tensor(shape: [1, tracks.frames, tracks.points, 2], tracks.states.flatMap { [$0.position.x * Float(stride), $0.position.y * Float(stride)] })
    }

    private func visibility(_ tracks: RawTracks) -> Tensor {
        Tensor(shape: [1, tracks.frames, tracks.points], tracks.states.map { WindowTracking.probability($0.visibility) })
    }

    @Test func network() throws {
        let parity = try #require(ParityCase.named("cotracker_v1"))
        let inputs = try parity.inputs()
        let clip = try TensorClip(inputs.tensor("rgbs"))
        var options = CoTracker1.Options()
        options.inputSize = clip.size
        options.supportGridSide = 0
        let tracker = try CoTracker1(
            weights: parity.weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32, updaterPrecision: .float32,
            variant: .stride4Window8, options: options, tap: CoTrackerParity.taps)
        let video = FrameStore(clip, capacity: 16)
        var results: [String: Tensor] = [:]

        let firstMaps = try (0..<8).map { try video.value(of: tracker.processor, at: $0) }
        let maps = try (0..<12).map { try video.value(of: tracker.processor, at: $0).levels[0] }
        for (name, range) in [("fmaps0", 0..<8), ("fmaps1", 8..<12)] {
            results[name] = CoTrackerParity.maps(Array(maps[range]))
        }
        var window = -1
        let tracks = try tracker.rawTracks(CoTrackerParity.queries(inputs.tensor("queries")), in: video) { iteration, starts, outcomes, tokens, outputs in
            if iteration == 0 {
                window += 1
                results["window\(window).featInit"] = Tensor(shape: [1, starts.count, 128], starts.flatMap(\.template))
            }
            let name = "window\(window)"
            results["\(name).iter\(iteration)"] = Tensor(
                shape: [1, 8, starts.count, 2], (0..<8).flatMap { s in outcomes.flatMap { [4 * $0.positions[s].x, 4 * $0.positions[s].y] } })
            results["\(name).visLogits"] = Tensor(shape: [1, 8, starts.count], (0..<8).flatMap { s in outcomes.map { $0.visibility[s] } })
            guard window == 0, iteration == 0 else { return }
            let count = starts.count
            results["window0.corr0"] = correlations(starts, maps: firstMaps)
            results["window0.tokens0"] = Tensor(shape: [1, count, 8, 456], Array(tokens.values.prefix(count * 8 * 456)))
            for name in ["embedded", "time", "hidden", "delta"] {
                guard let tensor = outputs["tap.\(name)"] else { continue }
                let width = tensor.shape[3]
                results["window0.\(name)0"] = Tensor(
                    shape: (name == "time" ? [] : [1]) + [count, 8, width], Array(tensor.values.prefix(count * 8 * width)))
            }
            if let space = outputs["tap.space"] {
                let (rows, width) = (space.values, space.shape[3])
                results["window0.space0"] = Tensor(
                    shape: [8, count, width],
                    (0..<8).flatMap { rows[($0 * space.shape[2] * width)..<(($0 * space.shape[2] + count) * width)] })
            }
        }
        results["trajectories"] = positions(tracks.forward, stride: 4)
        results["visibilities"] = visibility(tracks.forward)
        try TrackerParity.check(parity, results) { $0.contains("iter") || $0 == "trajectories" }
    }

    private func correlations(_ starts: [PointWindowStart], maps: [FeaturePyramid]) -> Tensor {
        let windows = CorrelationWindows(radius: 3, outside: .zeros, channels: 128)
        return Tensor(shape: [1, 8, starts.count, 196]) { target in
            for frame in 0..<8 {
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

    @Test func tracker() throws {
        let parity = try #require(ParityCase.named("cotracker_v1_tracker"))
        let inputs = try parity.inputs()
        var options = CoTracker1.Options()
        options.inputSize = ImageSize(width: 128, height: 96)
        options.referenceQuirks = true
        let tracker = try CoTracker1(
            weights: parity.weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32, updaterPrecision: .float32,
            variant: .stride4Window8, options: options)
        var results: [String: Tensor] = [:]
        for (prefix, clip, points) in [("", "rgbs", "queries"), ("short.", "shortRgbs", "shortQueries")] {
            let video = FrameStore(try TensorClip(inputs.tensor(clip)), capacity: 32)
            let queries = try CoTrackerParity.queries(inputs.tensor(points))
            let raw = try tracker.rawTracks(queries, in: video)
            results["\(prefix)forwardTrajectories"] = positions(raw.forward, stride: 4)
            results["\(prefix)rawTrajectories"] = positions(raw.merged, stride: 4)
            results["\(prefix)rawVisibilities"] = visibility(raw.merged)
            let tracks = try tracker.track(queries, in: video).points
            results["\(prefix)trajectories"] = Tensor(
                shape: [1, tracks.count, queries.count, 2], tracks.flatMap { $0.flatMap { [$0.position.x - 0.5, $0.position.y - 0.5] } })
            results["\(prefix)visibilities"] = Tensor(
                shape: [1, tracks.count, queries.count], tracks.flatMap { $0.map { $0.isVisible ? 1 : 0 } })
        }
        try TrackerParity.check(parity, results) { $0.hasSuffix("rajectories") }
    }
}

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
    /// The largest error in relation to its limit so far.
    private final class Worst {
        var name = ""
        var ratio = 0.0
    }

    private func check(_ parity: ParityCase, _ results: [String: Tensor], positions: (String) -> Bool) throws {
        let expected = try parity.expected()
        let worst = Worst()
        for output in parity.outputs {
            let result = try #require(results[output.name], "\(output.name) is not computed")
            let elements = try #require(output.elements(of: result), "\(output.name) has the shape \(result.shape)")
            let wanted = try expected.tensor(output.name).values
            if output.dtype == "uint8" {
                #expect(elements == wanted, "\(output.name)")
                continue
            }
            let error = relativeL2(elements, wanted)
            #expect(error <= parity.limit(of: output.name), "\(output.name)")
            if positions(output.name) {
                #expect(largestDifference(elements, wanted) <= parity.largestDifference(of: output.name), "\(output.name)")
            }
            if error / parity.limit(of: output.name) > worst.ratio { (worst.name, worst.ratio) = (output.name, error / parity.limit(of: output.name)) }
        }
        print("\(parity): \(parity.outputs.count) outputs, nearest to its limit \(worst.name) (\(worst.ratio) of it)")
    }

    private func queries(_ tensor: Tensor) -> [CoTracker1.Query] {
        let values = tensor.values
        // The reference counts pixel centres as whole numbers.
        return stride(from: 0, to: values.count, by: 3).map {
            .init(frame: Int(values[$0]), position: SIMD2(values[$0 + 1], values[$0 + 2]) + 0.5)
        }
    }

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
        let taps: GraphTap = { name, value in
            let tapped = value()
            // A value that is an output already gets a node of its own.
            tapped.graph.output("tap.\(name)", tapped.reshaped([1] + tapped.shape))
        }
        let tracker = try CoTracker1(
            weights: parity.weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32, updaterPrecision: .float32,
            variant: .stride4Window8, options: options, tap: taps)
        let video = FrameStore(clip, capacity: 16)
        var results: [String: Tensor] = [:]

        let maps = try (0..<12).map { try video.value(of: tracker.processor, at: $0).levels[0] }
        for (name, range) in [("fmaps0", 0..<8), ("fmaps1", 8..<12)] {
            results[name] = Tensor(shape: [range.count, 128, 24, 32], range.flatMap { frame -> [Float] in
                let rows = maps[frame].rows.values
                return (0..<128).flatMap { channel in (0..<768).map { rows[$0 * 128 + channel] } }
            })
        }
        var window = -1
        let tracks = try tracker.rawTracks(queries(inputs.tensor("queries")), in: video) { iteration, starts, outcomes, tokens, outputs in
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
            results["window0.corr0"] = correlations(starts, maps: (0..<8).map { try! video.value(of: tracker.processor, at: $0) })
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
        try check(parity, results) { $0.contains("iter") || $0 == "trajectories" }
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
            let queries = try queries(inputs.tensor(points))
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
        try check(parity, results) { $0.hasSuffix("rajectories") }
    }
}

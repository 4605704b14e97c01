import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// CoTracker 3 against the original code: every iteration, at once and window by window.
@Suite(
    .serialized,
    .enabled(if: !ParityCase.cases(of: "cotracker3_offline", "cotracker3_online").isEmpty, Comment(rawValue: ParityCase.missing)))
struct CoTracker3ParityTests {
    private struct Config: Decodable {
        var window: Int
        var iters: Int
    }

    private let engine: OpenVINOEngine

    init() throws { engine = try OpenVINOEngine(.init(cacheFolder: nil)) }

    private func tracker(_ parity: ParityCase, size: ImageSize) throws -> CoTracker3 {
        var options = CoTrackerOptions()
        options.inputSize = size
        options.iterations = try parity.config(Config.self).iters
        return try CoTracker3(
            weights: parity.weights(), engine: engine, precision: .float32, updaterPrecision: .float32, mode: nil, options: options,
            tap: CoTrackerParity.taps)
    }

    /// The encoder's maps before they are normalised.
    private func maps(_ parity: ParityCase, _ video: FrameStore, frames: [Int]) throws -> Tensor {
        let processor = try FeaturePyramidProcessor(
            weights: parity.weights()["fnet"], input: TrackerFrameInput(size: video.size), stride: 4, levels: 1, engine: engine,
            precision: .float32)
        return CoTrackerParity.maps(try frames.map { try video.value(of: processor, at: $0).levels[0] })
    }

    /// The learned numbers of the finest level among the tokens: frames x points, as the reference has them.
    private func correlations(_ tokens: Tensor, _ parity: ParityCase, frames: Int, order: [Int]) throws -> Tensor {
        let times = TimeTable.stretched(try TimeTable.read(parity.weights(), width: 1110, example: 16), to: frames)
        let values = tokens.values
        var result: [Float] = []
        for frame in 0..<frames {
            for point in order {
                let token = values[((point * frames + frame) * 1110)...]
                for k in 2..<258 { result.append(token[token.startIndex + k] - times[frame * 1110 + k]) }
            }
        }
        return Tensor(shape: [frames * order.count, 256], result)
    }

    private func tokens(_ tensor: Tensor, frames: Int, order: [Int]) -> Tensor {
        CoTrackerParity.picked(tensor.reshaped([tensor.shape[0] / frames, frames, 1110]), axis: 0, order)
    }

    /// All products of the patches of points and of their queries on the finest level, where points still are at their queries.
    private func products(_ starts: [PointWindowStart], _ pyramids: [FeaturePyramid], order: [Int]) -> Tensor {
        var result: [Float] = []
        var patch = [Float](repeating: 0, count: 49 * 128)
        for pyramid in pyramids {
            for point in order {
                patch.withUnsafeMutableBufferPointer {
                    CoTracker3Correlation.patches.write(pyramid.levels[0], at: starts[point].estimate.positions[0], into: $0.baseAddress!)
                }
                let template = starts[point].template
                for i in 0..<49 {
                    for j in 0..<49 {
                        var product: Float = 0
                        for k in 0..<128 { product += patch[i * 128 + k] * template[j * 128 + k] }
                        result.append(product)
                    }
                }
            }
        }
        return Tensor(shape: [pyramids.count * starts.count, 49 * 49], result)
    }

    @Test(arguments: ParityCase.cases(of: "cotracker3_offline")) func offline(_ parity: ParityCase) throws {
        let inputs = try parity.inputs()
        let clip = try TensorClip(inputs.tensor("video"))
        let tracker = try tracker(parity, size: clip.size)
        #expect(tracker.mode == .offline)
        let frames = clip.frameCount
        let video = FrameStore(clip, capacity: 16)
        let queries = try CoTrackerParity.queries(inputs.tensor("queries"))
        let order = CoTrackerParity.order(queries)
        var results = ["fmaps0": try maps(parity, video, frames: Array(0..<frames))]
        let pyramids = try (0..<frames).map { try video.value(of: tracker.processor, at: $0) }
        let scale = tracker.scale(clip.size)
        let tracks = try tracker.rawTracks(
            queries.map { ($0.frame, scale.cells($0.position)) }, in: video, direction: .forward
        ) { iteration, starts, estimates, tokens, outputs in
            results["iter\(iteration).coords"] = CoTrackerParity.byFrame(estimates, order: order, CoTrackerParity.pixels)
            if let delta = outputs["delta"] {
                results["delta\(iteration)"] = CoTrackerParity.picked(delta.reshaped([delta.shape[0] / frames, frames, 4]), axis: 0, order)
            }
            guard iteration == 0 else { return }
            results["corrVolume0"] = products(starts, pyramids, order: order)
            results["corrMlp0"] = try? correlations(tokens, parity, frames: frames, order: order)
            results["tokens0"] = self.tokens(tokens, frames: frames, order: order)
            results.merge(CoTrackerParity.transformer(outputs, order: order)) { first, _ in first }
        }
        results["trajectories"] = CoTrackerParity.byFrame(tracks, CoTrackerParity.pixels)
        results["visibilities"] = CoTrackerParity.byFrame(tracks) { [WindowTracking.probability($0.visibility)] }
        results["confidences"] = CoTrackerParity.byFrame(tracks) { [WindowTracking.probability($0.confidence)] }
        try TrackerParity.check(parity, results) { $0.contains("coords") || $0 == "trajectories" }
    }

    @Test(arguments: ParityCase.cases(of: "cotracker3_online")) func online(_ parity: ParityCase) throws {
        let inputs = try parity.inputs()
        let clip = try TensorClip(inputs.tensor("video"))
        let tracker = try tracker(parity, size: clip.size)
        #expect(tracker.mode == .online)
        let (length, frames) = (clip.frameCount, try parity.config(Config.self).window)
        let video = FrameStore(clip, capacity: 2 * frames)
        let queries = try CoTrackerParity.queries(inputs.tensor("queries"))
        let order = CoTrackerParity.order(queries)
        // The reference continues the clip to a multiple of the window.
        var results = ["fmaps0": try maps(parity, video, frames: CoTrackerParity.padded(length, to: frames))]
        func write(_ tracks: RawTracks, _ name: String) {
            results["\(name).trajectories"] = CoTrackerParity.byFrame(tracks, CoTrackerParity.pixels)
            results["\(name).visibilities"] = CoTrackerParity.byFrame(tracks) { [WindowTracking.probability($0.visibility)] }
            results["\(name).confidences"] = CoTrackerParity.byFrame(tracks) { [WindowTracking.probability($0.confidence)] }
        }
        // Window by window, as the reference's calls with one chunk after the other.
        let scale = tracker.scale(clip.size)
        let run = WindowRun(
            window: tracker.window(length: length), length: length, support: .init(grid: [], interval: nil, lifetime: nil),
            groupSize: Int.max,
            awaitsAll: true
        ) { try video.value(of: tracker.processor, at: $0) }
        run.add(queries.enumerated().map { .init(id: $0, time: $1.frame, position: scale.cells($1.position)) })
        var known: [[PointState]] = []
        for (window, start) in run.windowStarts.enumerated() {
            try run.compute(start) { iteration, _, estimates, tokens, outputs in
                results["window\(window).iter\(iteration)"] = CoTrackerParity.byFrame(estimates, order: order, CoTrackerParity.pixels)
                results["window\(window).visLogits"] = CoTrackerParity.byFrame(estimates, order: order) { [$0.visibility] }
                results["window\(window).confLogits"] = CoTrackerParity.byFrame(estimates, order: order) { [$0.confidence] }
                guard window == 0, iteration == 0 else { return }
                results["window0.corrMlp0"] = try? correlations(tokens, parity, frames: frames, order: order)
                results["window0.tokens0"] = self.tokens(tokens, frames: frames, order: order)
                if let delta = outputs["delta"] {
                    results["window0.delta0"] = CoTrackerParity.picked(
                        delta.reshaped([delta.shape[0] / frames, frames, 4]), axis: 0, order)
                }
                for (name, tensor) in CoTrackerParity.transformer(outputs, order: order) { results["window0.\(name)"] = tensor }
            }
            known.removeLast(max(0, known.count - start))
            for time in start..<min(length, start + frames) {
                let outcomes = run.outcomes(at: time)
                known.append(queries.indices.map { outcomes[$0] ?? PointState() })
            }
            var step = RawTracks(frames: known.count, points: queries.count)
            for (frame, states) in known.enumerated() {
                for (point, state) in states.enumerated() { step[frame, point] = state }
            }
            write(step, "online.step\(window)")
        }
        #expect(run.current == (max(length, frames) - frames + frames / 2 - 1) / (frames / 2) * (frames / 2))
        // All at once.
        write(
            try tracker.rawTracks(queries.map { ($0.frame, scale.cells($0.position)) }, in: video, direction: .forward), "full")
        try TrackerParity.check(parity, results) { $0.contains("iter") || $0.hasSuffix("trajectories") }
    }
}

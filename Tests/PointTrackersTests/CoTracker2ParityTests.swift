import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// CoTracker 2 against the original code: every iteration of all windows.
@Suite(.serialized, .enabled(if: !ParityCase.cases(of: "cotracker2").isEmpty, Comment(rawValue: ParityCase.missing)))
struct CoTracker2ParityTests {
    private struct Config: Decodable {
        var window: Int
        var iters: Int
    }

    @Test(arguments: ParityCase.cases(of: "cotracker2")) func network(_ parity: ParityCase) throws {
        let (config, inputs) = (try parity.config(Config.self), try parity.inputs())
        let frames = config.window
        let clip = try TensorClip(inputs.tensor("video"))
        var options = CoTrackerOptions()
        options.inputSize = clip.size
        options.iterations = config.iters
        let tracker = try CoTracker2(
            weights: parity.weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32, updaterPrecision: .float32,
            options: options, tap: CoTrackerParity.taps)
        #expect(tracker.windowFrames == frames)
        let video = FrameStore(clip, capacity: 2 * frames)
        let queries = try CoTrackerParity.queries(inputs.tensor("queries"))
        let order = CoTrackerParity.order(queries)

        var results: [String: Tensor] = [:]
        // The reference continues the clip to a multiple of the window.
        results["fmaps0"] = CoTrackerParity.maps(
            try CoTrackerParity.padded(clip.frameCount, to: frames).map { try video.value(of: tracker.processor, at: $0).levels[0] })
        var window = -1
        let scale = tracker.scale(clip.size)
        let tracks = try tracker.rawTracks(
            queries.map { ($0.frame, scale.cells($0.position)) }, in: video, direction: .forward
        ) { iteration, _, estimates, tokens, outputs in
            if iteration == 0 { window += 1 }
            results["window\(window).iter\(iteration)"] = CoTrackerParity.byFrame(estimates, order: order, CoTrackerParity.pixels)
            results["window\(window).visLogits"] = CoTrackerParity.byFrame(estimates, order: order) { [$0.visibility] }
            guard window == 0, iteration == 0 else { return }
            results["window0.tokens0"] = CoTrackerParity.picked(
                tokens.reshaped([tokens.shape[0] / frames, frames, tokens.shape[1]]), axis: 0, order)
            for (name, tensor) in CoTrackerParity.transformer(outputs, order: order) { results["window0.\(name)"] = tensor }
        }
        #expect(window == (max(clip.frameCount, frames) - frames + frames / 2 - 1) / (frames / 2))
        results["trajectories"] = CoTrackerParity.byFrame(tracks, CoTrackerParity.pixels)
        results["visibilities"] = CoTrackerParity.byFrame(tracks) { [WindowTracking.probability($0.visibility)] }
        try TrackerParity.check(parity, results) { $0.contains("iter") || $0 == "trajectories" }
    }
}

import ArgumentParser
import Inference
import PointTrackers
import SAMPT
import SegmentationJobs
import Segmenters
import TensorFiles

/// Which point tracker runs.
package struct TrackerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The point tracker: nano (built in, learned), lucas-kanade (classic, needs no network), the name of a published one as \
            "sampt models list" shows it (cotracker, pips, pips++, raft, tapir, superglue, ...), or its checkpoint file (.pth, .pt, .safetensors, .npy); \
            which network it is, its tensors tell. (default: the preset's, or nano)
            """,
            valueName: "name or file"))
    var tracker: String?

    package func validate() throws {
        if let tracker { _ = try ModelChoice.tracker(tracker) }
    }

    /// The options that were given, as they are written.
    var given: [String] { tracker == nil ? [] : ["--tracker"] }

    /// - Parameter name: from the settings.
    /// - Throws: `ValidationError` for an unknown name.
    package func choice(_ name: String) throws -> ModelChoice {
        try ModelChoice.tracker(name, option: tracker == nil ? "the setting tracker" : "--tracker")
    }

    /// The parts of a tracker whose precision can be chosen.
    static func parts(of choice: ModelChoice) -> [NetworkOptions.Part] {
        if choice == .lucasKanade { return [] }
        if case .builtIn = choice { return [.encoder, .head] }
        return [.tracker]
    }

    /// - Parameters:
    ///   - engine: not asked for by trackers without a network.
    ///   - encoder: the built-in tracker's, which the segmenter may share.
    func make(
        _ choice: ModelChoice, engine: @autoclosure () throws -> any InferenceEngine, networks: NetworkOptions,
        encoder: NanoFrameEncoder? = nil
    ) throws -> any PointTracker {
        if choice == .lucasKanade { return LucasKanadeTracker() }
        let engine = try engine()
        guard let weights = try choice.weights() else {
            return try NanoTrack(engine: engine, encoder: encoder ?? networks.nanoEncoder(engine), precision: networks.precision(of: .head))
        }
        let precision = try networks.precision(of: .tracker)
        guard SuperGlueTracker.recognises(weights.source) else {
            return try LearnedTracker.tracker(weights: weights, engine: engine, precision: precision)
        }
        return try LearnedTracker.tracker(matcher: weights, detector: choice.detectorWeights(), engine: engine, precision: precision)
    }

    package init() {}
}

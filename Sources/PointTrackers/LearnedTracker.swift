import Inference
import NeuralGraph
import TensorFiles

/// The learned trackers of the literature, told apart by the tensors of a checkpoint.
///
///     let tracker = try LearnedTracker.tracker(weights: Weights(checkpoint), engine: OpenVINOEngine())
public enum LearnedTracker {
    /// The tracker whose network a checkpoint holds, with its default options.
    /// - Parameter precision: of the network; what must be exact (positions, correlations) is float32 in any case, and all of CoTracker unless
    ///   bfloat16 is asked for.
    /// - Throws: `TrackerError.unknownCheckpoint` when it holds none of them, `.notFinite`, `TensorFileError` naming a tensor that is absent or has another shape.
    public static func tracker(
        weights: Weights, engine: any InferenceEngine, precision: Precision = .automatic
    ) throws -> any PointTracker {
        let source = weights.source
        try checkFinite(source)
        // What CoTracker gets wrong in one window is where the next starts: in bfloat16, tracks are off by pixels in the end.
        let exact = precision == .automatic ? .float32 : precision
        if CoTracker1.recognises(source) {
            return try CoTracker1(weights: weights.withoutModulePrefix, engine: engine, precision: exact, updaterPrecision: exact)
        }
        if CoTracker2.recognises(source) {
            return try CoTracker2(weights: weights.withoutModulePrefix, engine: engine, precision: exact, updaterPrecision: exact)
        }
        if CoTracker3.recognises(source) {
            return try CoTracker3(weights: weights.withoutModulePrefix, engine: engine, precision: exact, updaterPrecision: exact)
        }
        if PIPsTracker.recognises(source) { return try PIPsTracker(weights: weights, engine: engine, precision: precision) }
        if PIPsPlusPlusTracker.recognises(source) { return try PIPsPlusPlusTracker(weights: weights, engine: engine, precision: precision) }
        if RAFTTracker.recognises(source) { return try RAFTTracker(weights: weights, engine: engine, precision: precision) }
        if TAPIR.recognises(source) { return try TAPIR(weights: weights, engine: engine, precision: precision) }
        if TapNet.recognises(source) { return try TapNet(weights: weights, engine: engine, precision: precision) }
        if SuperGlueTracker.recognises(source) || SuperGlueTracker.recognisesDetector(source) {
            throw TrackerError.unknownCheckpoint(file: source.name, reason: "it is half of one, which takes a file of SuperGlue and one of SuperPoint")
        }
        throw TrackerError.unknownCheckpoint(file: source.name, reason: "its tensors are those of none of \(networks.joined(separator: ", "))")
    }

    /// The tracker that finds key points with one network and matches them with another, with its default options.
    /// - Parameters:
    ///   - matcher: the weights of SuperGlue.
    ///   - detector: the weights of SuperPoint.
    ///   - precision: as of the other trackers.
    /// - Throws: as of the other trackers.
    public static func tracker(
        matcher: Weights, detector: Weights, engine: any InferenceEngine, precision: Precision = .automatic
    ) throws -> SuperGlueTracker {
        for source in [matcher.source, detector.source] { try checkFinite(source) }
        guard SuperGlueTracker.recognises(matcher.source) else {
            throw TrackerError.unknownCheckpoint(file: matcher.source.name, reason: "its tensors are not those of SuperGlue")
        }
        guard SuperGlueTracker.recognisesDetector(detector.source) else {
            throw TrackerError.unknownCheckpoint(file: detector.source.name, reason: "its tensors are not those of SuperPoint")
        }
        return try SuperGlueTracker(detector: detector, matcher: matcher, engine: engine, precision: precision)
    }

    /// Weights that are no numbers would spread quietly, or vanish in a ReLU, and leave wrong tracks that look like tracks.
    private static func checkFinite(_ source: any TensorSource) throws {
        for name in source.tensorNames {
            let isFinite = try source.tensor(name).withUnsafeBuffer { values in
                // NaN and infinity times 0 are NaN, other numbers 0.
                var sum: Float = 0
                for value in values { sum += value * 0 }
                return sum == 0
            }
            guard isFinite else { throw TrackerError.notFinite(file: source.name, tensor: name) }
        }
    }

    private static let networks = ["CoTracker 1 to 3", "PIPs", "PIPs++", "RAFT", "TAPIR", "TapNet", "SuperGlue"]
}

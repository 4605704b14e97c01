import Inference
import Segmenters
import TensorFiles

/// The learned trackers of the literature, told apart by the tensors of a checkpoint (`TrackerFamily`).
///
///     let tracker = try LearnedTracker.tracker(weights: Weights(checkpoint), engine: OpenVINOEngine())
public enum LearnedTracker {
    /// The tracker whose network a checkpoint holds, with its default options.
    /// - Parameter precision: of the network; what must be exact (positions, correlations) is float32 in any case, and all of CoTracker
    ///   unless bfloat16 is asked for.
    /// - Throws: `TrackerError.unknownCheckpoint` when it holds none of them, `TensorFileError` naming a tensor that is absent, has another
    ///   shape or is not finite.
    public static func tracker(
        weights: Weights, engine: any InferenceEngine, precision: Precision = .automatic
    ) throws -> any PointTracker {
        let source = weights.source
        try Weights(source).checkFinite(engine)
        switch TrackerFamily(of: source)?.source {
        case .checkpoint(_, let make): return try make(weights, engine, precision)
        case .pair, .detector:
            let (pair, detector) = (TrackerFamily.superGlue.title, TrackerFamily.superPoint.title)
            throw TrackerError.unknownCheckpoint(
                file: source.name, reason: "it is half of one, which takes a file of \(pair) and one of \(detector)")
        case .builtIn, .classic, nil:
            let known = TrackerFamily.all.filter { $0.isTracker && !$0.isBuiltIn }.map(\.title)
            throw TrackerError.unknownCheckpoint(
                file: source.name, reason: "its tensors are those of none of \(known.joined(separator: ", "))")
        }
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
        for source in [matcher.source, detector.source] { try Weights(source).checkFinite(engine) }
        for (weights, family) in [(matcher, TrackerFamily.superGlue), (detector, .superPoint)] where !family.recognises(weights.source) {
            throw TrackerError.unknownCheckpoint(file: weights.source.name, reason: "its tensors are not those of \(family.title)")
        }
        return try SuperGlueTracker(detector: detector, matcher: matcher, engine: engine, precision: precision)
    }

    /// A tracker that needs no checkpoint; nil for other families.
    /// - Parameters:
    ///   - engine: not asked for by trackers without a network.
    ///   - encoder: the built-in segmenter's, which both may share.
    ///   - precision: of the built-in tracker's head.
    /// - Throws: `MissingResource`.
    public static func builtIn(
        _ family: TrackerFamily, engine: () throws -> any InferenceEngine, encoder: (any InferenceEngine) throws -> NanoFrameEncoder,
        precision: Precision = .automatic
    ) throws -> (any PointTracker)? {
        switch family.source {
        case .classic(let make): return make()
        case .builtIn(let make):
            let engine = try engine()
            return try make(engine, encoder(engine), precision)
        case .checkpoint, .pair, .detector: return nil
        }
    }
}

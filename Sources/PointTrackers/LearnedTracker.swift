import Inference
import NeuralGraph
import TensorFiles

/// The learned trackers of the literature, told apart by the tensors of a checkpoint.
///
///     let tracker = try LearnedTracker.tracker(weights: Weights(checkpoint), engine: OpenVINOEngine())
public enum LearnedTracker {
    /// The networks that are known.
    public enum Network: String, Sendable, CaseIterable {
        case coTracker1 = "CoTracker 1"
        case coTracker2 = "CoTracker 2"
        case coTracker3 = "CoTracker 3"
        case pips = "PIPs"
        case pipsPlusPlus = "PIPs++"
        case raft = "RAFT"
        case tapir = "TAPIR"
        case tapNet = "TapNet"
        case superGlue = "SuperGlue"
        case superPoint = "SuperPoint"

        /// The network that a checkpoint holds, judged by names and shapes of its tensors; nil for an unknown one.
        public init?(of source: any TensorSource) {
            guard let found = Self.allCases.first(where: { $0.isRecognised(in: source) }) else { return nil }
            self = found
        }

        private func isRecognised(in source: any TensorSource) -> Bool {
            switch self {
            case .coTracker1: CoTracker1.recognises(source)
            case .coTracker2: CoTracker2.recognises(source)
            case .coTracker3: CoTracker3.recognises(source)
            case .pips: PIPsTracker.recognises(source)
            case .pipsPlusPlus: PIPsPlusPlusTracker.recognises(source)
            case .raft: RAFTTracker.recognises(source)
            case .tapir: TAPIR.recognises(source)
            case .tapNet: TapNet.recognises(source)
            case .superGlue: SuperGlueTracker.recognises(source)
            case .superPoint: SuperGlueTracker.recognisesDetector(source)
            }
        }
    }

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
        // What CoTracker gets wrong in one window is where the next starts: in bfloat16, tracks are off by pixels in the end.
        let exact = precision == .automatic ? .float32 : precision
        switch Network(of: source) {
        case .coTracker1:
            return try CoTracker1(weights: weights.withoutModulePrefix, engine: engine, precision: exact, updaterPrecision: exact)
        case .coTracker2:
            return try CoTracker2(weights: weights.withoutModulePrefix, engine: engine, precision: exact, updaterPrecision: exact)
        case .coTracker3:
            return try CoTracker3(weights: weights.withoutModulePrefix, engine: engine, precision: exact, updaterPrecision: exact)
        case .pips: return try PIPsTracker(weights: weights, engine: engine, precision: precision)
        case .pipsPlusPlus: return try PIPsPlusPlusTracker(weights: weights, engine: engine, precision: precision)
        case .raft: return try RAFTTracker(weights: weights, engine: engine, precision: precision)
        case .tapir: return try TAPIR(weights: weights, engine: engine, precision: precision)
        case .tapNet: return try TapNet(weights: weights, engine: engine, precision: precision)
        case .superGlue, .superPoint:
            throw TrackerError.unknownCheckpoint(
                file: source.name, reason: "it is half of one, which takes a file of SuperGlue and one of SuperPoint")
        case nil:
            throw TrackerError.unknownCheckpoint(
                file: source.name, reason: "its tensors are those of none of \(networks.joined(separator: ", "))")
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
        guard SuperGlueTracker.recognises(matcher.source) else {
            throw TrackerError.unknownCheckpoint(file: matcher.source.name, reason: "its tensors are not those of SuperGlue")
        }
        guard SuperGlueTracker.recognisesDetector(detector.source) else {
            throw TrackerError.unknownCheckpoint(file: detector.source.name, reason: "its tensors are not those of SuperPoint")
        }
        return try SuperGlueTracker(detector: detector, matcher: matcher, engine: engine, precision: precision)
    }

    private static let networks = ["CoTracker 1 to 3", "PIPs", "PIPs++", "RAFT", "TAPIR", "TapNet", "SuperGlue"]
}

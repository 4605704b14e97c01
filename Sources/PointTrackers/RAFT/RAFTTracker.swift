import Inference
import Media
import NeuralGraph
import TensorFiles

/// Follows points by chaining optical flow from frame to frame, estimated by RAFT, large or small; which one follows from the checkpoint.
///
/// A point that disappears behind something follows what hides it. By default every flow is compared with the flow back: where the two
/// disagree, the point is hidden in that frame. Points do not influence each other, and any number of them costs the same.
public final class RAFTTracker: PointTracker {
    public let name: String
    public var isCausal: Bool { TrackerFamily.raft.isCausal }
    public let architecture: RAFTArchitecture
    /// Frames with a longer side are reduced to it: the memory of the correlations grows with the square of the pixels.
    public let longestSide: Int
    let maps: RAFTMapsProcessor
    private let findsOcclusions: Bool

    /// - Parameters:
    ///   - weights: of `raft-things.pth`, `raft-small.pth` or another checkpoint of the same tensors, with or without the prefix `module.`.
    ///   - precision: of the encoders and the update; correlations are float32.
    ///   - iterations: of the update, 1 or more.
    ///   - findsOcclusions: whether the flow back is computed and compared, which takes twice the time. Without it a point is visible
    ///     wherever it is inside the frame, as in SAM-PT.
    ///   - longestSide: see the property; SAM-PT works at 1024.
    /// - Throws: `TensorFileError` naming a tensor that is absent or has another shape, `TrackerError.invalidOption`.
    public init(
        weights: Weights, engine: any InferenceEngine, precision: Precision = .automatic, iterations: Int = 32,
        findsOcclusions: Bool = true, longestSide: Int = 1024
    ) throws {
        try TrackerError.check("iterations", iterations, 1..., of: "RAFT")
        try TrackerError.check("longestSide", longestSide, 1..., of: "RAFT")
        let weights = weights.withoutModulePrefix
        // A file that is neither is read as one of the two, which then says what it lacks.
        architecture =
            RAFTArchitecture(of: weights.source)
            ?? (weights.contains("update_block.gru.convz.weight") ? .small : .large)
        name = TrackerFamily.raft.name + (architecture == .large ? "" : "-small")
        self.findsOcclusions = findsOcclusions
        self.longestSide = longestSide
        let estimator = RAFTFlowEstimator(
            network: try RAFTNetwork(weights, architecture), fingerprint: weights.fingerprint, engine: engine, precision: precision,
            iterations: iterations)
        maps = RAFTMapsProcessor(estimator: estimator, precision: precision, longestSide: self.longestSide)
    }

    /// Whether a file holds RAFT, large or small, told from the names and shapes of its tensors.
    public static func recognises(_ source: any TensorSource) -> Bool { RAFTArchitecture(of: source.withoutModulePrefix) != nil }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try video.check(frame: frame)
        return RAFTSession(video: video, frame: frame, direction: direction, maps: maps, findsOcclusions: findsOcclusions)
    }
}

/// RAFT's maps of a frame, computed once for the flows to both of its neighbours.
struct RAFTMapsProcessor: FrameProcessor {
    let estimator: RAFTFlowEstimator
    let cacheKey: String
    let longestSide: Int

    init(estimator: RAFTFlowEstimator, precision: Precision, longestSide: Int) {
        self.estimator = estimator
        self.longestSide = longestSide
        cacheKey = "\(estimator.key)-\(precision.rawValue)-\(longestSide)"
    }

    func process(_ image: RGBImage) throws -> RAFTFlowEstimator.Maps {
        try estimator.maps(of: image, input: WorkingSize(frame: image.size, longestSide: longestSide).input)
    }
}

import Inference
import Media
import TensorFiles

/// TapNet (<https://github.com/google-deepmind/tapnet>): finds each point in every frame by itself, by how well the frame's features match
/// those of its query frame.
///
/// Features of a frame depend on four frames to both sides and on nothing else, so videos of any length are followed frame by frame, with
/// the result of the whole clip at once, in memory that does not grow. Points do not influence each other and there may be any number of
/// them. Groups are not used.
public final class TapNet: PointTracker {
    public struct Options: Sendable {
        /// The confidence (1 - probability of being hidden) above which a point counts as visible.
        public var visibilityThreshold: Float = 0.5
        /// See `TAPIR.Options.usesReferencePixelCenters`.
        public var usesReferencePixelCenters = false

        public init() {}
    }

    public var name: String { TrackerFamily.tapNet.name }
    let stem: TapNetStem
    let options: Options
    private let heads: NetworkLibrary

    /// - Parameters:
    ///   - weights: of `checkpoint_wo_optstate.npy`.
    ///   - precision: of the encoder; positions are found in float32 whatever it is.
    /// - Throws: `TensorFileError` naming the tensor that is absent or has another shape.
    public convenience init(
        weights: Weights, engine: any InferenceEngine, precision: Precision = .automatic, options: Options = Options()
    ) throws {
        self.init(try TapNetNetwork(weights), engine: engine, precision: precision, options: options)
    }

    init(_ network: TapNetNetwork, engine: any InferenceEngine, precision: Precision, options: Options) {
        self.options = options
        stem = TapNetStem(network, engine: engine, precision: precision)
        heads = NetworkLibrary(engine: engine, precision: .float32)
    }

    /// Whether a file holds a TapNet network, by the names of its tensors.
    public static func recognises(_ source: any TensorSource) -> Bool { TapNetNetwork.recognises(source) }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try video.check(frame: frame)
        return TapNetSession(tracker: self, video: video, frame: frame, direction: direction)
    }

    func head(points: Int) throws -> any CompiledNetwork {
        try heads.network("tapnet-head-1-\(stem.network.fingerprint)-\(stem.network.side)-\(points)") {
            try stem.network.head.model(count: points)
        }
    }
}

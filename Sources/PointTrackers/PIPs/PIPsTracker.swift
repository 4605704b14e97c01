import Inference
import Media
import NeuralGraph
import TensorFiles

/// PIPs: follows points through windows of 8 frames, which are chained where a point is most surely visible, as in SAM-PT.
///
/// A point's appearance is that of the frame it was added in, for good. Points do not influence each other; their windows begin in frames
/// of their own, and those that begin in one frame run together.
public final class PIPsTracker: PointTracker {
    public var name: String { TrackerFamily.pips.name }
    /// Frames with a longer side are reduced to it.
    public var longestSide: Int { features.longestSide }
    /// Visibility above which a point counts as visible, 0 to 1.
    public let visibilityThreshold: Float
    let window: PIPsWindow
    let options: Options
    let features: SizedFeatures

    /// How windows are run and chained. The defaults are SAM-PT's.
    public struct Options: Sendable, Equatable {
        /// Iterations of a window, 1 or more.
        public var iterations: Int
        /// A window begins in the last frame of the one before whose visibility is above this; where there is none, the threshold sinks in
        /// steps of 0.02 until there is.
        public var chainingThreshold: Float

        public init(iterations: Int = 6, chainingThreshold: Float = 0.9) {
            self.iterations = iterations
            self.chainingThreshold = chainingThreshold
        }
    }

    /// - Parameters:
    ///   - weights: of the published `model-000200000.pth` or another checkpoint of the same tensors, with or without the prefix `module.`.
    ///   - precision: of the encoder; points are followed in float32.
    ///   - visibilityThreshold: see the property.
    ///   - longestSide: see the property; SAM-PT works at 1024.
    /// - Throws: `TensorFileError` naming a tensor that is absent or has another shape, `TrackerError.invalidOption`.
    public init(
        weights: Weights, engine: any InferenceEngine, precision: Precision = .automatic, options: Options = .init(),
        visibilityThreshold: Float = 0.5, longestSide: Int = 1024
    ) throws {
        try TrackerError.check("iterations", options.iterations, 1..., of: "PIPs")
        try TrackerError.check("longestSide", longestSide, 1..., of: "PIPs")
        let weights = weights.withoutModulePrefix
        self.options = options
        self.visibilityThreshold = visibilityThreshold
        window = PIPsWindow(
            mixer: try PIPsMixer(weights), fingerprint: weights.fingerprint, engine: engine, iterations: options.iterations)
        features = try SizedFeatures(
            weights: weights["fnet"], stride: Self.stride, longestSide: longestSide, engine: engine, precision: precision)
    }

    /// Pixels of a cell's side.
    static let stride = 4

    /// Whether a file holds PIPs, told from the names and shapes of its tensors.
    public static func recognises(_ source: any TensorSource) -> Bool {
        let source = source.withoutModulePrefix
        return source.shape(of: "fnet.conv1.weight") == [64, 3, 7, 7]
            && source.shape(of: "delta_block.to_delta.0.weight") == [512, PIPsMixer.tokenWidth]
    }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try video.check(frame: frame)
        return try PIPsSession(tracker: self, video: video, frame: frame, direction: direction)
    }
}

import Inference
import Media
import NeuralGraph
import TensorFiles

/// CoTracker 2 and 2.1: points tracked together through overlapping windows of 8 or 16 frames, each seeing the others by way of learned
/// tracks.
///
/// Source: github.com/facebookresearch/co-tracker (version 2), arXiv:2307.07635.
///
/// Frames are resized to a fixed size, whatever their shape, and positions with them, so that the centres of the corner pixels coincide.
/// Clips shorter than a window are continued with their last frame (the reference finds nothing in those of at most half a window). A
/// window without points of later frames is the same as one with them: the network does not attend to these. (For exactly 64 points the
/// reference does, by mistaking one mask for another; this does not.)
public final class CoTracker2: PointTracker, VirtualTrackTracker {
    public typealias Options = CoTrackerOptions

    public var name: String { TrackerFamily.coTracker2.name }
    /// Frames that are looked at together: 8 in version 2, 16 in version 2.1.
    public var windowFrames: Int { network.frames }
    public let options: Options
    let processor: FeaturePyramidProcessor
    private let network: FeatureWindow

    /// - Parameters:
    ///   - weights: a published checkpoint's (`cotracker2.pth`, `cotracker2v1.pth`). The number of frames of a window follows from it.
    ///   - precision: the encoder's arithmetic. bfloat16 moves tracks by some tenths of a pixel.
    ///   - updaterPrecision: the transformer's. bfloat16 moves tracks by pixels.
    /// - Throws: `TensorFileError` naming a tensor that is absent or has another shape, `TrackerError.invalidOption`.
    public convenience init(
        weights: Weights, engine: any InferenceEngine, precision: Precision = .float32, updaterPrecision: Precision = .float32,
        options: Options = .init()
    ) throws {
        try self.init(
            weights: weights, engine: engine, precision: precision, updaterPrecision: updaterPrecision, options: options, tap: nil)
    }

    init(
        weights: Weights, engine: any InferenceEngine, precision: Precision, updaterPrecision: Precision, options: Options, tap: GraphTap?
    ) throws {
        let stride = 4
        try options.validate(stride: stride)
        self.options = options
        processor = try FeaturePyramidProcessor(
            weights: weights["fnet"], input: Self.frameInput(options), stride: stride, engine: engine, precision: precision)
        network = FeatureWindow(
            try CoTracker2Updater(weights).window(tap: tap), iterations: options.iterations,
            library: NetworkLibrary(engine: engine, precision: updaterPrecision))
    }

    /// Whether a checkpoint holds a CoTracker 2, judged by names and shapes of its tensors.
    public static func recognises(_ source: any TensorSource) -> Bool {
        let source = UnprefixedTensors(source, prefix: "module.") ?? source
        return source.shape(of: "updateformer.input_transform.weight") == [VirtualTrackTransformer.width, FeatureWindow.tokenWidth]
            && source.shape(of: "updateformer.virual_tracks") == [
                1, VirtualTrackTransformer.virtualTracks, 1, VirtualTrackTransformer.width,
            ]
            && source.shape(of: "fnet.conv1.weight") == [64, 3, 7, 7]
    }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try session(on: video, at: frame, direction: direction)
    }

    /// Follows points through a whole clip, with all queries known from the start. See `CoTrackerOptions.referenceQuirks`.
    /// - Throws: `MediaError.frameOutOfRange` for a query in a frame that does not exist, `MediaError` when a frame cannot be decoded,
    ///   `CancellationError` between windows when the task is cancelled.
    public func track(_ queries: [PointQuery], in video: FrameStore) throws -> PointTracks { try clipTracks(queries, in: video) }

    func window(length: Int) -> any PointWindow { network }
    var visibilityThreshold: Float { options.visibilityThreshold ?? 0.9 }
    func probability(_ state: PointState) -> Float { WindowTracking.probability(state.visibility) }
}

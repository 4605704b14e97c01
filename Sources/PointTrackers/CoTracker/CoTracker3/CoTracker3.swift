import Inference
import Media
import NeuralGraph
import TensorFiles

/// CoTracker 3: points tracked together, each seeing the others by way of learned tracks; through overlapping windows of 16 frames, or in a
/// whole clip at once.
///
/// Source: github.com/facebookresearch/co-tracker (version 3), arXiv:2410.11831.
///
/// Frames are resized to a fixed size, whatever their shape, and positions with them, so that the centres of the corner pixels coincide. A
/// point takes 100 KB for its looks where it was queried.
///
/// Through windows, clips shorter than one are continued with their last frame (the reference finds nothing in those of at most half a
/// window). At once, a clip of up to `CoTrackerOptions.longestClip` frames is one window, and networks are compiled for its number of
/// frames; all of these are read before the first position after the query's is known. Longer clips are tracked through windows of that
/// length. Points take part from the window on that has their query's frame.
public final class CoTracker3: PointTracker, VirtualTrackTracker {
    public typealias Options = CoTrackerOptions

    /// How a clip is gone through. Each mode has its own published files.
    public enum Mode: String, Sendable, CaseIterable {
        /// Window by window: `scaled_online.pth`, `baseline_online.pth`.
        case online
        /// The whole clip at once: `scaled_offline.pth`, `baseline_offline.pth`.
        case offline
    }

    public var name: String { TrackerFamily.coTracker3.name }
    public let mode: Mode
    public let options: Options
    let processor: FeaturePyramidProcessor
    private let network: CoTracker3Window.Network

    /// - Parameters:
    ///   - weights: a published checkpoint's.
    ///   - precision: the encoder's arithmetic. bfloat16 moves tracks by some tenths of a pixel.
    ///   - updaterPrecision: the transformer's and the correlations'. bfloat16 moves tracks by pixels.
    ///   - mode: nil: online for files with embeddings of up to 16 frames, as the published ones have; offline for others.
    /// - Throws: `TensorFileError` naming a tensor that is absent or has another shape, `TrackerError.invalidOption`.
    public convenience init(
        weights: Weights, engine: any InferenceEngine, precision: Precision = .float32, updaterPrecision: Precision = .float32,
        mode: Mode? = nil, options: Options = .init()
    ) throws {
        try self.init(
            weights: weights, engine: engine, precision: precision, updaterPrecision: updaterPrecision, mode: mode, options: options,
            tap: nil)
    }

    init(
        weights: Weights, engine: any InferenceEngine, precision: Precision, updaterPrecision: Precision, mode: Mode?, options: Options,
        tap: GraphTap?
    ) throws {
        let stride = 4
        try options.validate(stride: stride)
        network = try CoTracker3Window.Network(
            weights, iterations: options.iterations, library: NetworkLibrary(engine: engine, precision: updaterPrecision), tap: tap)
        (self.options, self.mode) = (options, mode ?? (network.timeTable.shape[0] <= 16 ? .online : .offline))
        processor = try FeaturePyramidProcessor(
            weights: weights["fnet"], input: Self.frameInput(options), stride: stride, levels: CoTracker3Correlation.levels,
            normalizes: true,
            engine: engine, precision: precision)
    }

    /// Whether a checkpoint holds a CoTracker 3, judged by names and shapes of its tensors.
    public static func recognises(_ source: any TensorSource) -> Bool {
        let source = UnprefixedTensors(source, prefix: "module.") ?? source
        return source.shape(of: "updateformer.input_transform.weight") == [VirtualTrackTransformer.width, CoTracker3Updater.tokenWidth]
            && source.shape(of: "updateformer.vis_conf_head.weight") == [2, VirtualTrackTransformer.width]
            && source.shape(of: "fnet.conv1.weight") == [64, 3, 7, 7]
    }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try session(on: video, at: frame, direction: direction)
    }

    /// Follows points through a whole clip, with all queries known from the start. See `CoTrackerOptions.referenceQuirks`.
    /// - Throws: `MediaError.frameOutOfRange` for a query in a frame that does not exist, `MediaError` when a frame cannot be decoded,
    ///   `CancellationError` between windows when the task is cancelled.
    public func track(_ queries: [PointQuery], in video: FrameStore) throws -> PointTracks { try clipTracks(queries, in: video) }

    func window(length: Int) -> any PointWindow {
        let trained = network.timeTable.shape[0]
        switch mode {
        case .online: return CoTracker3Window(network, frames: trained, step: trained / 2)
        case .offline:
            let longest = options.longestClip ?? trained
            return CoTracker3Window(network, frames: min(length, longest), step: longest / 2)
        }
    }

    private var ignoresConfidence: Bool { options.referenceQuirks && mode == .offline }
    var visibilityThreshold: Float { options.visibilityThreshold ?? (ignoresConfidence ? 0.9 : 0.6) }

    func probability(_ state: PointState) -> Float {
        let visibility = WindowTracking.probability(state.visibility)
        return ignoresConfidence ? visibility : visibility * WindowTracking.probability(state.confidence)
    }
}

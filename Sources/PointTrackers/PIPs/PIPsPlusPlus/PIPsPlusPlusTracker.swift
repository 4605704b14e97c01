import Inference
import Media
import NeuralGraph
import TensorFiles

/// PIPs++: follows points through long windows, up to 128 frames at once.
///
/// The features of all frames of a window are in memory together: 6.3 MB a frame of 1024 x 576 pixels, 800 MB for a whole window, however
/// long the video is; less with shorter windows. A point takes another 1 KB a frame of the window. Points do not influence each other. The
/// network says nothing of occlusion: a point counts as visible wherever it is inside the frame.
public final class PIPsPlusPlusTracker: PointTracker {
    public var name: String { TrackerFamily.pipsPlusPlus.name }
    /// Frames with a longer side are reduced to it.
    public var longestSide: Int { features.longestSide }
    /// The most frames of a window, 2 to 128.
    public let windowLength: Int
    /// Whether points outside of the frame count as visible too, as in SAM-PT.
    public let isVisibleOutside: Bool
    let window: PIPsPlusPlusWindow
    let features: SizedFeatures

    /// - Parameters:
    ///   - weights: of the published `model-000200000.pth` of PIPs++ or another checkpoint of the same tensors, with or without the prefix
    ///     `module.`.
    ///   - precision: of the encoder; points are followed in float32.
    ///   - iterations: of a window, 1 or more.
    ///   - windowLength: the most frames of a window; 2 to 128. Less takes less memory.
    ///   - isVisibleOutside: see the property.
    ///   - longestSide: see the property; SAM-PT works at 1024.
    /// - Throws: `TensorFileError` naming a tensor that is absent or has another shape, `TrackerError.invalidOption`.
    public init(
        weights: Weights, engine: any InferenceEngine, precision: Precision = .automatic, iterations: Int = 16, windowLength: Int = 128,
        isVisibleOutside: Bool = false, longestSide: Int = 1024
    ) throws {
        try TrackerError.check("iterations", iterations, 1..., of: "PIPs++")
        try TrackerError.check("windowLength", windowLength, 2...128, of: "PIPs++")
        try TrackerError.check("longestSide", longestSide, 1..., of: "PIPs++")
        let weights = weights.withoutModulePrefix
        self.isVisibleOutside = isVisibleOutside
        self.windowLength = windowLength
        window = PIPsPlusPlusWindow(
            network: try PIPsPlusPlusNetwork(weights), fingerprint: weights.fingerprint, engine: engine,
            iterations: iterations)
        features = try SizedFeatures(
            weights: weights["fnet"], stride: Self.stride, longestSide: longestSide, engine: engine, precision: precision)
    }

    /// Pixels of a cell's side.
    static let stride = 8

    /// Whether a file holds PIPs++, told from the names and shapes of its tensors.
    public static func recognises(_ source: any TensorSource) -> Bool {
        let source = source.withoutModulePrefix
        return source.shape(of: "fnet.conv1.weight") == [64, 3, 7, 7]
            && source.shape(of: "delta_block.first_block_conv.conv.weight") == [128, PIPsPlusPlusNetwork.tokenWidth, 3]
    }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try video.check(frame: frame)
        return try PIPsPlusPlusSession(tracker: self, video: video, frame: frame, direction: direction)
    }
}

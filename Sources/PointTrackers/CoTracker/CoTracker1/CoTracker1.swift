import Inference
import Media
import NeuralGraph
import TensorFiles

/// CoTracker 1: points tracked together through overlapping windows of frames, each seeing the others by attention. The default tracker of
/// the SAM-PT paper.
///
/// Source: github.com/facebookresearch/co-tracker (version 1), arXiv:2307.07635, and SAM-PT's way of using it.
///
/// Frames are resized to a fixed size, whatever their shape. Positions become the network's by a plain ratio of pixel centres counted in
/// whole numbers, as in the reference.
///
/// Points influence each other: through attention, and through their order (see `FeatureWindow`): the same points added in another order
/// give slightly different tracks.
public final class CoTracker1: PointTracker, WindowTracker {
    /// How points are tracked. The defaults are the SAM-PT paper's.
    public struct Options: Sendable {
        /// Updates of a window, 1 or more.
        public var iterations = 6
        /// Probability above which a point counts as visible, 0 to 1.
        public var visibilityThreshold: Float = 0.7
        /// What frames are resized to; each side at least 8 cells.
        public var inputSize = ImageSize(width: 512, height: 384)
        /// Whether frames that get smaller are smoothed. The reference does not, and its networks were not trained so.
        public var isAntialiased = false
        /// Side of the regular grids of support points; 0: none.
        public var supportGridSide = 2
        /// Every how many frames a grid of support points is set, 1 or more.
        public var supportGridInterval = 12
        /// How many frames a support grid is kept, at least, so that long videos take no longer for each frame than short ones; nil: to the
        /// end, as in the reference. Clips of no more frames are not affected.
        public var supportGridLifetime: Int? = 120
        /// How many points attend to each other at most. More are tracked in groups in the order of adding, each with all support points:
        /// attention takes memory with the square of their number.
        public var groupSize = 512
        /// For `track(_:in:)` alone. True does what the reference does: forward and backward runs over the whole clip, windows aligned to
        /// its ends, backward results where the forward ones are exactly 0, positions and visibilities in the query's own frame as the
        /// network guesses them, support grids kept to the end. False splits at the query's frame, which keeps the query, and runs no more
        /// than needed.
        public var referenceQuirks = false

        public init() {}
    }

    public var name: String { TrackerFamily.coTracker1.name }
    public let variant: CoTracker1Variant
    public let options: Options
    let window: FeatureWindow
    let processor: FeaturePyramidProcessor

    /// - Parameters:
    ///   - weights: a published checkpoint's, of any of the variants.
    ///   - precision: the encoder's arithmetic. bfloat16 moves tracks by some tenths of a pixel.
    ///   - updaterPrecision: the transformer's. bfloat16 moves tracks by pixels.
    ///   - variant: nil: as the file is named; `stride4Window8` where that tells nothing. The tensors tell nothing.
    /// - Throws: `TensorFileError` naming a tensor that is absent or has another shape, `TrackerError.invalidOption`.
    public convenience init(
        weights: Weights, engine: any InferenceEngine, precision: Precision = .float32, updaterPrecision: Precision = .float32,
        variant: CoTracker1Variant? = nil, options: Options = .init()
    ) throws {
        try self.init(
            weights: weights, engine: engine, precision: precision, updaterPrecision: updaterPrecision, variant: variant, options: options,
            tap: nil)
    }

    init(
        weights: Weights, engine: any InferenceEngine, precision: Precision, updaterPrecision: Precision, variant: CoTracker1Variant?,
        options: Options, tap: GraphTap?
    ) throws {
        let variant = variant ?? CoTracker1Variant(fileName: weights.source.name) ?? .stride4Window8
        try options.validate(stride: variant.stride)
        (self.variant, self.options) = (variant, options)
        processor = try FeaturePyramidProcessor(
            weights: weights["fnet"],
            input: TrackerFrameInput(size: options.inputSize, resampling: options.isAntialiased ? .antialiased : .halfPixel),
            stride: variant.stride, engine: engine, precision: precision)
        window = FeatureWindow(
            try CoTracker1Updater(weights).window(frames: variant.window, fingerprint: weights.source.fingerprint, tap: tap),
            iterations: options.iterations, library: NetworkLibrary(engine: engine, precision: updaterPrecision))
    }

    /// Whether a checkpoint holds a CoTracker 1, judged by names and shapes of its tensors.
    public static func recognises(_ source: any TensorSource) -> Bool {
        let source = UnprefixedTensors(source, prefix: "module.") ?? source
        return source.shape(of: "updateformer.input_transform.weight") == [CoTracker1Updater.width, CoTracker1Updater.tokenWidth]
            && source.shape(of: "updateformer.time_blocks.0.attn.qkv.weight") == [3 * CoTracker1Updater.width, CoTracker1Updater.width]
            && source.shape(of: "fnet.conv1.weight") == [64, 3, 7, 7]
    }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try session(on: video, at: frame, direction: direction)
    }

    func run(on video: FrameStore, from frame: Int, direction: TimeDirection) -> WindowRun {
        let stride = Float(variant.stride)
        let grid = SupportGrid.coTracker1(side: options.supportGridSide, size: options.inputSize).map { $0 / stride }
        return WindowRun(
            window: window, length: video.framesAfter(frame, direction) + 1,
            support: .init(grid: grid, interval: options.supportGridInterval, lifetime: options.supportGridLifetime),
            groupSize: options.groupSize
        ) { [processor] time in try video.value(of: processor, at: frame + direction.rawValue * time) }
    }

    func scale(_ frame: ImageSize) -> CellScale {
        let input = SIMD2(Float(options.inputSize.width), Float(options.inputSize.height))
        return CellScale(cellsPerPixel: input / SIMD2(Float(frame.width), Float(frame.height)) / Float(variant.stride))
    }

    var visibilityThreshold: Float { options.visibilityThreshold }
    func probability(_ state: PointState) -> Float { WindowTracking.probability(state.visibility) }
}

extension CoTracker1.Options {
    fileprivate func validate(stride: Int) throws {
        func check(_ condition: Bool, _ message: String) throws { if !condition { throw TrackerError.invalidOption(message) } }
        try check(iterations >= 1, "CoTracker needs at least 1 iteration, not \(iterations).")
        try check(
            (0...1).contains(visibilityThreshold), "CoTracker's visibility threshold must be between 0 and 1, not \(visibilityThreshold).")
        try check(
            min(inputSize.width, inputSize.height) >= 8 * stride && max(inputSize.width, inputSize.height) <= 1 << 14,
            "CoTracker's input must have sides from \(8 * stride) to \(1 << 14) pixels, not \(inputSize).")
        try check((0...64).contains(supportGridSide), "CoTracker's support grid must have a side from 0 to 64, not \(supportGridSide).")
        try check(supportGridInterval >= 1, "CoTracker's support grids must be at least 1 frame apart, not \(supportGridInterval).")
        try check((supportGridLifetime ?? 1) >= 1, "CoTracker's support grids must be kept for at least 1 frame.")
        try check(groupSize >= 1, "CoTracker's groups must have at least 1 point, not \(groupSize).")
    }
}

import Media

/// A point that says where an object is, or where it is not.
public struct PointPrompt: Sendable, Hashable {
    /// In pixels of the frame; pixel centres at +0.5.
    public var position: SIMD2<Float>
    public var isPositive: Bool

    public init(_ position: SIMD2<Float>, isPositive: Bool) {
        self.position = position
        self.isPositive = isPositive
    }

    public static func positive(_ x: Float, _ y: Float) -> PointPrompt { PointPrompt(SIMD2(x, y), isPositive: true) }
    public static func negative(_ x: Float, _ y: Float) -> PointPrompt { PointPrompt(SIMD2(x, y), isPositive: false) }
}

/// Low-resolution mask logits in a segmenter's own grid, as it feeds them back to itself. Above 0 is object.
public struct MaskLogits: Sendable, Equatable {
    public var width: Int
    public var height: Int
    /// `width * height` logits, row-major.
    public var values: [Float]

    public init(width: Int, height: Int, values: [Float]) {
        precondition(values.count == width * height, "MaskLogits needs one value a cell")
        (self.width, self.height, self.values) = (width, height, values)
    }
}

/// What is known of one object in one frame when its mask is asked for.
public struct ObjectPrompt: Sendable {
    public var points: [PointPrompt]
    /// A tight box around the object, in pixels of the frame. Segmenters without box input ignore it.
    public var box: Box?
    /// The logits of an earlier pass over the same frame. Logits of another grid are ignored.
    public var previousLogits: MaskLogits?
    /// What the object looks like in other frames, for segmenters that can use it.
    public var memory: AppearanceMemory?

    public init(points: [PointPrompt], box: Box? = nil, previousLogits: MaskLogits? = nil, memory: AppearanceMemory? = nil) {
        self.points = points
        self.box = box
        self.previousLogits = previousLogits
        self.memory = memory
    }
}

/// A segmenter's answer to one prompt.
public struct MaskPrediction: Sendable {
    public var logits: MaskLogits
    /// The segmenter's own estimate of the mask's intersection over union with the truth, about 0 to 1.
    public var predictedIoU: Float

    public init(logits: MaskLogits, predictedIoU: Float) {
        self.logits = logits
        self.predictedIoU = predictedIoU
    }
}

/// A network that turns prompts into masks: SAM and its relatives, or the built-in NanoPrompt.
public protocol PromptableSegmenter: Sendable {
    /// Short, as on the command line.
    var name: String { get }
    /// Whether its frames are `AppearanceRemembering`; false unless a segmenter says otherwise.
    var remembersAppearance: Bool { get }
    /// How it is best asked in the frames of a video.
    var recommendedPrompting: RecommendedPrompting { get }
    /// Prepares frame `index` for prompts: the image encoder runs here, once per frame (its output lives in `video`'s cache).
    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame
    /// Logits for every pixel of a frame (row-major), interpolated the way the segmenter's reference does it.
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float]
    /// The pixels of a frame with a logit above 0.
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask
}

extension PromptableSegmenter {
    public var remembersAppearance: Bool { false }
    public var recommendedPrompting: RecommendedPrompting { RecommendedPrompting() }
}

/// How a segmenter is best asked in the frames of a video.
public struct RecommendedPrompting: Sendable, Equatable {
    /// Passes that refine a mask: where frames are `BoxPromptable`, those with the box around the mask of the pass before; otherwise
    /// those after the first.
    public var refinements: Int
    /// The mask of the frame before serves in place of the first pass when its predicted IoU was at least this; nil: it does not.
    public var previousMaskIoU: Float?

    public init(refinements: Int = 1, previousMaskIoU: Float? = nil) {
        (self.refinements, self.previousMaskIoU) = (refinements, previousMaskIoU)
    }
}

/// One frame, encoded, ready for prompts.
public protocol SegmentableFrame: Sendable {
    /// The frame's size in pixels.
    var size: ImageSize { get }
    /// One decoder pass for several objects at once; answers come in the order of the prompts.
    func predict(_ prompts: [ObjectPrompt]) throws -> [MaskPrediction]
}

/// Optional ability of a segmenter's frames: remembering how an object looks, to find it in other frames.
public protocol AppearanceRemembering: SegmentableFrame {
    /// Most points one memory can hold; further ones are left out, positives first.
    var memoryCapacity: Int { get }
    /// The appearance of the frame at `points`, for `ObjectPrompt.memory` in other frames.
    func remember(_ points: [PointPrompt]) throws -> AppearanceMemory
}

/// Embeddings of an object's points in some frame, made and understood by one segmenter with one set of weights.
public struct AppearanceMemory: Sendable, Equatable {
    /// One embedding with its label per point.
    public struct Entry: Sendable, Equatable {
        public var embedding: [Float]
        public var isPositive: Bool

        public init(embedding: [Float], isPositive: Bool) {
            self.embedding = embedding
            self.isPositive = isPositive
        }
    }

    public var entries: [Entry]
    public init(entries: [Entry]) { self.entries = entries }
}

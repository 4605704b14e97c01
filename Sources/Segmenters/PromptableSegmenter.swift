import Media

/// A network that turns prompts into masks: SAM and its relatives, or the built-in NanoPrompt.
public protocol PromptableSegmenter: Sendable {
    /// Short, as on the command line.
    var name: String { get }
    /// What it can do beyond answering to points; nothing unless a segmenter says otherwise.
    var abilities: SegmenterAbilities { get }
    /// Why it computes nothing: what stands for a segmenter that is not there says so. nil: it computes.
    var unavailability: String? { get }
    /// How it is best asked in the frames of a video.
    var recommendedPrompting: RecommendedPrompting { get }
    /// Prepares frame `index` for prompts: the image encoder runs here, once per frame (its output lives in `video`'s cache).
    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame
    /// Logits for every pixel of a frame (row-major), interpolated the way the segmenter's reference does it.
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float]
    /// The pixels of a frame with a logit above 0.
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask
    /// Loads the networks that frames of this size are asked with, so that this can go on beside other work. Whoever does not call it has
    /// them loaded when they are needed. Nothing unless a segmenter says otherwise.
    func loadNetworks(for size: ImageSize) throws
}

extension PromptableSegmenter {
    public var abilities: SegmenterAbilities { [] }
    public var unavailability: String? { nil }
    public var recommendedPrompting: RecommendedPrompting { RecommendedPrompting() }
    public func loadNetworks(for size: ImageSize) throws {}
}

/// What a segmenter can do beyond answering to points. They compose: whoever asks a segmenter uses all that it has.
public struct SegmenterAbilities: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Boxes count as prompts (`ObjectPrompt.box`), and so a mask can be refined by the box around it (`SegmentableFrame.bounds`).
    public static let boxes = SegmenterAbilities(rawValue: 1)
    /// Frames remember how an object looks (`SegmentableFrame.remember`), to find it in other frames.
    public static let appearanceMemory = SegmenterAbilities(rawValue: 2)
    /// Frames have several answers to a prompt that leaves open how much is meant (`SegmentableFrame.candidates`).
    public static let candidates = SegmenterAbilities(rawValue: 4)
}

/// How a segmenter is best asked in the frames of a video.
public struct RecommendedPrompting: Sendable, Equatable {
    /// Passes that refine a mask (`PassSchedule`): with segmenters that take boxes those with the box around the mask of the pass before;
    /// with others those after the first.
    public var refinements: Int
    /// The mask of the frame before serves in place of the first pass when its predicted IoU was at least this; nil: it does not.
    public var previousMaskIoU: Float?

    public init(refinements: Int = 1, previousMaskIoU: Float? = nil) {
        (self.refinements, self.previousMaskIoU) = (refinements, previousMaskIoU)
    }
}

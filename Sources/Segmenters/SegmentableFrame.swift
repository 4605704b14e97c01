import Media

/// One frame, encoded, ready for prompts.
///
/// `size` and `predict` are all that a segmenter needs; the rest belongs to its `SegmenterAbilities` and has a default.
public protocol SegmentableFrame: Sendable {
    /// The frame's size in pixels.
    var size: ImageSize { get }
    /// One decoder pass for several objects; answers come in the order of the prompts. An answer must be the same, bit by bit, whoever else
    /// is asked for: in a session objects come and go.
    func predict(_ prompts: [ObjectPrompt]) throws -> [MaskPrediction]

    /// Several answers to a prompt that leaves open how much is meant, such as one point on a rider; the most likely first. Default: the
    /// one answer of `predict`.
    func candidates(for prompt: ObjectPrompt) throws -> [MaskPrediction]
    /// What an object of this frame looks like, for `ObjectPrompt.memory` in other frames. Default: nil.
    func remember(_ sample: AppearanceSample) throws -> AppearanceMemory?
    /// A memory with what this later frame shows of the object. Asked for after every sure mask, in order; a segmenter may leave some out.
    /// Default: the memory as it is.
    func refresh(_ memory: AppearanceMemory, with mask: Mask) throws -> AppearanceMemory
    /// The box around the pixels of the frame with a logit above 0, and how many they are; nil when there are none. Default: nil, so that
    /// nothing is refined by boxes.
    func bounds(of logits: MaskLogits) -> (box: Box, pixels: Int)?
    /// Pixels of the network's input per pixel of the frame. Default: 1.
    var inputScale: SIMD2<Float> { get }
    /// How many threads at a time may call `predictBeside`; 1, the default: `predict` is better.
    var lanes: Int { get }
    /// As `predict`, on a share of the processor's cores.
    func predictBeside(_ prompt: ObjectPrompt) throws -> MaskPrediction?
}

extension SegmentableFrame {
    public func candidates(for prompt: ObjectPrompt) throws -> [MaskPrediction] { try predict([prompt]) }
    public func remember(_ sample: AppearanceSample) throws -> AppearanceMemory? { nil }
    public func refresh(_ memory: AppearanceMemory, with mask: Mask) throws -> AppearanceMemory { memory }
    public func bounds(of logits: MaskLogits) -> (box: Box, pixels: Int)? { nil }
    public var inputScale: SIMD2<Float> { SIMD2(1, 1) }
    public var lanes: Int { 1 }
    public func predictBeside(_ prompt: ObjectPrompt) throws -> MaskPrediction? { try predict([prompt]).first }
}

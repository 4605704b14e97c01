import Foundation
import Media
import Segmenters

/// One object in one frame, as one span's result has it: what is kept.
///
/// The mask is whole: overlaps with other objects are resolved when results are delivered. `data` is the form for files: for the logits at
/// most a byte a cell of the segmenter's grid (15 KB with the built-in one and a video of 854x480, 64 KB with SAM) before they are
/// compressed; 18 bytes a point; and the mask's runs.
public struct SpanFrame: Sendable, Equatable {
    public var index: Int
    /// Where the mask comes from.
    public var origin: MaskEvidence.Origin
    /// The object's pixels; nil where it is not seen.
    public var mask: RunLengthMask?
    /// Of a predicted mask.
    public var logits: RoundedLogits?
    /// The segmenter's estimate, 0 to 1; nil where it was not asked.
    public var predictedIoU: Float?
    /// nil where the object was not looked for.
    public var evidence: MaskEvidence?
    /// The object's tracked points.
    public var points: [PromptPoint]

    /// As `ObjectResult.confidence`.
    public var confidence: Float? { evidence?.confidence }

    public init(
        index: Int, origin: MaskEvidence.Origin, mask: RunLengthMask? = nil, logits: RoundedLogits? = nil, predictedIoU: Float? = nil,
        evidence: MaskEvidence? = nil, points: [PromptPoint] = []
    ) {
        (self.index, self.origin, self.mask, self.logits) = (index, origin, mask, logits)
        (self.predictedIoU, self.evidence, self.points) = (predictedIoU, evidence, points)
    }
}

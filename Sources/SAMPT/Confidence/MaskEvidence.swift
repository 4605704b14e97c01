import Media
import Segmenters

/// What a run knows about how good an object's mask in one frame is, without knowing the truth. All values are 0 to 1, and larger
/// ones are better where a mask is predicted.
public struct MaskEvidence: Sendable, Equatable {
    /// Where the mask comes from.
    public enum Origin: UInt8, Sendable {
        /// The user gave it.
        case given
        /// The segmenter made it.
        case predicted
        /// There is none: the object is hidden, outside the frame, or lost.
        case absent
    }

    public var origin: Origin
    /// The segmenter's estimate of the mask's intersection over union with the truth; 0 where it was not asked.
    public var predictedIoU: Float = 1
    /// The intersection over union of the masks at logits above 1 and above -1: how sharp the edge is (SAM's stability score).
    public var stability: Float = 1
    /// The share of the object's positive points that are visible.
    public var visibleShare: Float = 1
    /// The share of the visible positive points that lie in the mask; 0 where none is visible.
    public var insideShare: Float = 1
    /// The share of the visible negative points that lie outside the mask; 1 where none is visible.
    public var outsideShare: Float = 1
    /// The share of the positive points of the query frame that are visible and lie in the mask. Points of re-initialisations lie in
    /// the mask that they were sampled on, right or wrong; these do not depend on it.
    public var queryShare: Float = 1
    /// The tracker's mean confidence in the positive points.
    public var trackerConfidence: Float = 1
    /// How much the mask resembles that of the frame before, moved to the same centre: their intersection over union.
    public var shapeOverlap: Float = 1
    /// The mask's area by the running mean of those before, or the other way round where it is larger.
    public var areaRatio: Float = 1
    /// The share of the positive points that have left the frame.
    public var leftShare: Float = 0
    /// The last mask's area by that in the query frame, at most 1: an object that goes behind another gets smaller first.
    public var lastArea: Float = 1

    public init(origin: Origin) { self.origin = origin }

    /// The evidence of a mask that the user gave.
    public static let given = MaskEvidence(origin: .given)
}

extension MaskEvidence {
    /// Every value with its name, in a fixed order.
    public var values: [(name: String, value: Float)] { Self.fields.map { ($0.name, self[keyPath: $0.path]) } }

    static var fields: [(name: String, path: WritableKeyPath<MaskEvidence, Float>)] {
        [
            ("predictedIoU", \.predictedIoU), ("stability", \.stability), ("visibleShare", \.visibleShare), ("insideShare", \.insideShare),
            ("outsideShare", \.outsideShare), ("queryShare", \.queryShare), ("trackerConfidence", \.trackerConfidence),
            ("shapeOverlap", \.shapeOverlap), ("areaRatio", \.areaRatio), ("leftShare", \.leftShare), ("lastArea", \.lastArea),
        ]
    }

    /// Counts what the object's points say.
    /// - Parameter mask: the object's; nil where there is none.
    mutating func count(_ points: [PromptPoint], in mask: Mask?) {
        var (positives, visible, inside, left, negatives, outside, queried, queriedInside) = (0, 0, 0, 0, 0, 0, 0, 0)
        var confidence: Float = 0
        for point in points {
            let isInside =
                point.isVisible
                && mask.map { $0.size.contains(point.position) && $0[Int(point.position.x), Int(point.position.y)] } ?? false
            guard point.isPositive else {
                negatives += point.isVisible ? 1 : 0
                outside += point.isVisible && !isInside ? 1 : 0
                continue
            }
            positives += 1
            visible += point.isVisible ? 1 : 0
            inside += isInside ? 1 : 0
            left += point.status == .outside ? 1 : 0
            let isFromQuery = point.origin != .reinitialization
            queried += isFromQuery ? 1 : 0
            queriedInside += isFromQuery && isInside ? 1 : 0
            confidence += point.confidence.clampedToUnit
        }
        func share(_ part: Int, of whole: Int, otherwise: Float) -> Float { whole > 0 ? Float(part) / Float(whole) : otherwise }
        visibleShare = share(visible, of: positives, otherwise: 0)
        insideShare = share(inside, of: visible, otherwise: 0)
        outsideShare = share(outside, of: negatives, otherwise: 1)
        queryShare = share(queriedInside, of: queried, otherwise: 1)
        leftShare = share(left, of: positives, otherwise: 0)
        trackerConfidence = positives > 0 ? confidence / Float(positives) : 0
    }
}

extension Float {
    /// Within 0 to 1; 0 for what is not a number.
    var clampedToUnit: Float { self > 0 ? min(self, 1) : 0 }

    /// The smaller of two positive numbers by the larger, 0 where one is not positive.
    static func ratio(_ a: Float, _ b: Float) -> Float { a > 0 && b > 0 ? (a < b ? a / b : b / a).clampedToUnit : 0 }
}

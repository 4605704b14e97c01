import Foundation

/// One number for how good a mask is likely to be: the expected region similarity J (intersection over union with the truth), 0 to 1.
///
/// Where a mask is predicted, it is a logistic function of the evidence; where there is none, the probability that the object is indeed
/// not to be seen, another one. No weight is negative, so that better evidence never lowers the confidence. The coefficients were fitted
/// to clips with exact masks (`Training/confidence/fit.py`; docs/results.md, "Confidence") with the built-in models. Other models
/// use the same: there it ranks frames, and `sampt evaluate confidence` tells how far the numbers can be taken at their word.
struct MaskConfidence: Sendable {
    /// A sum of evidence on the scale of log odds.
    struct Sum: Sendable {
        var bias: Float
        /// A reason of nil stands for `.fewPoints` or `.disagreement`, whichever explains more.
        var weights: [(evidence: @Sendable (MaskEvidence) -> Float, weight: Float, reason: ReviewReason?)]

        func value(_ evidence: MaskEvidence) -> Float {
            weights.reduce(bias) { $0 + $1.weight * $1.evidence(evidence).clampedToUnit }
        }
    }

    var present: Sum
    var absent: Sum

    func value(_ evidence: MaskEvidence) -> Float {
        switch evidence.origin {
        case .given: 1
        case .predicted: Self.logistic(present.value(evidence))
        case .absent: Self.logistic(absent.value(evidence))
        }
    }

    /// What lowers the confidence most, from where all evidence is good.
    func reason(_ evidence: MaskEvidence) -> ReviewReason {
        guard evidence.origin != .absent else { return .lost }
        let pointsReason: ReviewReason = evidence.insideShare < evidence.visibleShare ? .disagreement : .fewPoints
        var losses: [ReviewReason: Float] = [:]
        for term in present.weights {
            losses[term.reason ?? pointsReason, default: 0] += term.weight * (1 - term.evidence(evidence).clampedToUnit)
        }
        return ReviewReason.allCases.max { losses[$0, default: 0] < losses[$1, default: 0] } ?? .unsure
    }

    /// The log odds of a share, from those of 0.02 to those of 0.995 brought to 0 to 1: 0.9 and 0.95 differ as 0.5 and 0.68 do.
    static func logOdds(_ share: Float) -> Float {
        func odds(_ value: Float) -> Float { log(value / (1 - value)) }
        let (least, most): (Float, Float) = (0.02, 0.995)
        // No number (NaN) counts as the least.
        let bounded = share > least ? min(share, most) : least
        return (odds(bounded) - odds(least)) / (odds(most) - odds(least))
    }

    private static func logistic(_ value: Float) -> Float { 1 / (1 + exp(-value)) }
}

/// Why a person should look at a frame.
public enum ReviewReason: String, Sendable, CaseIterable, Codable {
    /// The segmenter expects little of its mask, or its edge is blurred.
    case unsure = "segmenter unsure"
    /// Many of the object's points are hidden, or the tracker is not sure of them.
    case fewPoints = "few points visible"
    /// Visible points of the object lie outside its mask, or points of the surroundings in it.
    case disagreement = "mask and points disagree"
    /// The mask changed its form or size from one frame to the next.
    case jump = "mask changes suddenly"
    /// There is no mask.
    case lost = "object lost"
}

extension MaskEvidence {
    /// The expected intersection over union with the truth, 0 to 1. For a frame without a mask, the probability that the object is not to
    /// be seen.
    public var confidence: Float { MaskConfidence.fitted.value(self) }

    /// What lowers the confidence most.
    public var weakness: ReviewReason { MaskConfidence.fitted.reason(self) }
}

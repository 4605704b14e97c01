import Media
import Segmenters

/// Gives every pixel that several objects claim to one of them: the one with the largest logit above 0, a given mask before all, the
/// earlier object on ties; or, where a person has put the objects in an order, the topmost.
struct OverlapResolution {
    let segmenter: any PromptableSegmenter
    /// Compares logits as they are, and not as they are kept.
    var isExact = false
    /// The topmost first; nil: logits decide.
    var order: [ObjectID]?

    func results(of outcomes: [(id: ObjectID, outcome: ObjectOutcome)], size: ImageSize) -> [ObjectResult] {
        results(of: outcomes, exclusiveMasks(outcomes, size: size))
    }

    /// Overlaps and all.
    func wholeResults(of outcomes: [(id: ObjectID, outcome: ObjectOutcome)], size: ImageSize) -> [ObjectResult] {
        results(of: outcomes, wholeMasks(outcomes, size: size))
    }

    private func results(of outcomes: [(id: ObjectID, outcome: ObjectOutcome)], _ masks: [Mask]) -> [ObjectResult] {
        zip(outcomes, masks).map { object, mask in
            ObjectResult(
                id: object.id, mask: mask, predictedIoU: object.outcome.predictedIoU, evidence: object.outcome.evidence,
                points: object.outcome.points)
        }
    }

    private func wholeMasks(_ outcomes: [(id: ObjectID, outcome: ObjectOutcome)], size: ImageSize) -> [Mask] {
        outcomes.map { _, outcome in
            switch outcome.shape {
            case .absent: Mask(size: size)
            case .given(let mask): mask
            case .predicted(let logits): outcome.mask ?? segmenter.mask(logits, size: size)
            }
        }
    }

    private func exclusiveMasks(_ outcomes: [(id: ObjectID, outcome: ObjectOutcome)], size: ImageSize) -> [Mask] {
        var masks = wholeMasks(outcomes, size: size)
        guard masks.count > 1 else { return masks }
        // Full-resolution logits are needed only where two objects claim a pixel, so only for objects that share some.
        var claims = [UInt16](repeating: 0, count: size.pixelCount)
        for mask in masks {
            for i in 0..<claims.count { claims[i] &+= UInt16(mask.values[i]) }
        }
        let contested = claims.indices.filter { claims[$0] > 1 }
        guard !contested.isEmpty else { return masks }
        var best = [Float](repeating: -.infinity, count: contested.count)
        var owner = [Int](repeating: -1, count: contested.count)
        for (o, (id, outcome)) in outcomes.enumerated() {
            guard contested.contains(where: { masks[o].values[$0] != 0 }) else { continue }
            let rank = order.map { -Float($0.firstIndex(of: id) ?? $0.count) }
            var full: [Float]?
            if rank == nil, case .predicted(let logits) = outcome.shape {
                full = segmenter.frameLogits(isExact ? logits : RoundedLogits(logits).logits, size: size)
            }
            for (c, i) in contested.enumerated() where masks[o].values[i] != 0 {
                let value = rank ?? full?[i] ?? .greatestFiniteMagnitude
                if value > best[c] { (best[c], owner[c]) = (value, o) }
            }
        }
        for (c, i) in contested.enumerated() {
            for o in masks.indices where o != owner[c] { masks[o].values[i] = 0 }
        }
        return masks
    }
}

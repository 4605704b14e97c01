import Media
import Segmenters

/// What one direction of tracking found of one object in one frame, before overlaps with other objects are resolved.
struct ObjectOutcome: Sendable {
    enum Shape: Sendable {
        /// Not seen, or its mask was not trusted.
        case absent
        /// The segmenter's answer.
        case predicted(MaskLogits)
        /// The mask the object was marked with; it wins over every other object.
        case given(Mask)
    }

    var shape: Shape = .absent
    /// The pixels of `shape` at the frame's size, where they have been computed already.
    var mask: Mask?
    var predictedIoU: Float?
    /// nil where the object was not looked for.
    var evidence: MaskEvidence?
    var points: [PromptPoint] = []
}

extension FrameResult {
    /// Resolves overlaps: a pixel goes to the object with the largest logit above 0, a given mask before all, the earlier object on ties.
    init(
        frameIndex: Int, image: RGBImage, segmenter: any PromptableSegmenter, outcomes: [(id: ObjectID, outcome: ObjectOutcome)]
    ) {
        let masks = Self.exclusiveMasks(outcomes.map(\.outcome), size: image.size, segmenter: segmenter)
        let objects = zip(outcomes, masks).map { object, mask in
            ObjectResult(
                id: object.id, mask: mask, predictedIoU: object.outcome.predictedIoU, evidence: object.outcome.evidence,
                points: object.outcome.points)
        }
        var index = IndexMask(width: image.width, height: image.height)
        for object in objects { index.add(object.mask, id: object.id) }
        self.init(frameIndex: frameIndex, image: image, objects: objects, indexMask: index)
    }

    private static func exclusiveMasks(_ outcomes: [ObjectOutcome], size: ImageSize, segmenter: any PromptableSegmenter) -> [Mask] {
        var masks = outcomes.map { outcome -> Mask in
            switch outcome.shape {
            case .absent: Mask(size: size)
            case .given(let mask): mask
            case .predicted(let logits): outcome.mask ?? segmenter.mask(logits, size: size)
            }
        }
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
        for (o, outcome) in outcomes.enumerated() {
            guard contested.contains(where: { masks[o].values[$0] != 0 }) else { continue }
            var full: [Float]?
            if case .predicted(let logits) = outcome.shape { full = segmenter.frameLogits(logits, size: size) }
            for (c, i) in contested.enumerated() where masks[o].values[i] != 0 {
                let value = full?[i] ?? .greatestFiniteMagnitude
                if value > best[c] { (best[c], owner[c]) = (value, o) }
            }
        }
        for (c, i) in contested.enumerated() {
            for o in masks.indices where o != owner[c] { masks[o].values[i] = 0 }
        }
        return masks
    }
}

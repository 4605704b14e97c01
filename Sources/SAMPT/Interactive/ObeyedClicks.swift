import Media
import Segmenters

/// Corrections do what their clicks say.
///
/// The answer to a correction starts from the mask and the tracked points of before. Where these are far off, as on another object, they
/// outweigh a click: a person clicks on the object, and nothing moves. So what the answer leaves out is asked for by the clicks alone, and
/// joins the mask around them, or leaves it.
extension AnchorMasks {
    /// A click speaks for what is around it, up to so many times as far as the edge of the mask that is wrong there: little where the mask
    /// lacks little.
    private static let reach: Float = 8
    /// Of a mask without positive clicks, at least this share is left by negative ones: a click on a part may mean all to the segmenter.
    private static let leastLeft = 0.25

    /// The answer to an anchor's prompts; nil where there is nothing to ask with.
    func answered(_ anchor: ObjectAnchor, on encoded: any SegmentableFrame) throws -> ObjectOutcome? {
        guard var found = try asked(anchor, on: encoded) else { return nil }
        guard anchor.correctsByClicks else { return found }
        let outside = anchor.missed(by: found, isPositive: true)
        if !outside.isEmpty, let own = try asked(anchor.asking(with: anchor.points), on: encoded) {
            found = joined(found, own, around: outside, anchor) { max($0, $1) }
        }
        let inside = anchor.missed(by: found, isPositive: false)
        if !inside.isEmpty, let other = try asked(anchor.asking(for: inside), on: encoded) {
            // A bite where more would be too much.
            for reach in [Self.reach, 1] {
                let left = joined(found, other, around: inside, reach: reach, anchor) { min($0, -$1) }
                if isLeft(left, of: found, anchor) { return left }
            }
        }
        return found
    }

    /// Whether negative clicks leave what positive ones say, or enough. That an object is not there is said by an empty mask.
    private func isLeft(_ left: ObjectOutcome, of found: ObjectOutcome, _ anchor: ObjectAnchor) -> Bool {
        guard let mask = left.mask, let before = found.mask, !mask.isEmpty else { return false }
        let kept = anchor.points.filter { $0.isPositive && before.contains($0.position) }
        return kept.isEmpty ? Double(mask.area) >= Self.leastLeft * Double(before.area) : kept.allSatisfy { mask.contains($0.position) }
    }

    /// Two answers as one, as sure as the less sure: the second counts around clicks.
    private func joined(
        _ first: ObjectOutcome, _ second: ObjectOutcome, around clicks: [AnchorPoint], reach: Float = reach, _ anchor: ObjectAnchor,
        _ combine: (Float, Float) -> Float
    ) -> ObjectOutcome {
        guard case .predicted(var logits) = first.shape, case .predicted(let others) = second.shape, let own = second.mask,
            logits.values.count == others.values.count
        else { return first }
        var area = (first.mask ?? Mask(size: video.size)).surroundings(of: clicks.map(\.position), reach: reach)
        // Parts that no click touches are none of the second answer's.
        let whole = segmenter.mask(others, size: video.size)
        for i in area.values.indices where whole.values[i] != own.values[i] { area.values[i] = 0 }
        guard let limits = self.logits(of: area, like: logits) else { return first }
        for i in logits.values.indices { logits.values[i] = combine(logits.values[i], min(others.values[i], limits.values[i])) }
        let predictedIoU = min(first.predictedIoU ?? 0, second.predictedIoU ?? 0)
        let mask = cleaned(segmenter.mask(logits, size: video.size), sparing: anchor.points.filter(\.isPositive).map(\.position))
        return outcome(MaskPrediction(logits: logits, predictedIoU: predictedIoU), mask)
    }
}

extension ObjectAnchor {
    /// The clicks that a mask does not do as they say: positive ones outside, or negative ones inside.
    fileprivate func missed(by outcome: ObjectOutcome, isPositive: Bool) -> [AnchorPoint] {
        points.filter { $0.isPositive == isPositive && (outcome.mask?.contains($0.position) ?? false) != isPositive }
    }

    /// Clicks without anything of before.
    fileprivate func asking(with points: [AnchorPoint]) -> ObjectAnchor {
        var anchor = ObjectAnchor()
        anchor.points = points
        return anchor
    }

    /// What lies at negative clicks, and not at positive ones.
    fileprivate func asking(for wrong: [AnchorPoint]) -> ObjectAnchor {
        func turned(_ points: [AnchorPoint], isPositive: Bool) -> [AnchorPoint] {
            points.map { AnchorPoint(id: $0.id, position: $0.position, isPositive: isPositive) }
        }
        return asking(with: turned(wrong, isPositive: true) + turned(points.filter(\.isPositive), isPositive: false))
    }
}

extension Mask {
    /// A disk around each place, so many times as wide as it is far from there to the mask's edge; everything where there is no edge.
    fileprivate func surroundings(of places: [SIMD2<Float>], reach: Float) -> Mask {
        var area = Mask(size: size)
        for place in places {
            let sought: UInt8 = contains(place) ? 0 : 1
            var nearest = Float.infinity
            forEachPixel { index, position in
                if values[index] == sought { nearest = min(nearest, place.squaredDistance(to: position)) }
            }
            forEachPixel { index, position in
                if place.squaredDistance(to: position) <= nearest * reach * reach { area.values[index] = 1 }
            }
        }
        return area
    }

    private func forEachPixel(_ visit: (_ index: Int, _ center: SIMD2<Float>) -> Void) {
        for y in 0..<height {
            for x in 0..<width { visit(y * width + x, SIMD2(Float(x) + 0.5, Float(y) + 0.5)) }
        }
    }
}

import Foundation
import Media
import Support

/// Everything in a picture: a grid of points prompts the segmenter one by one, and of all answers those stay that are sure, stable, and not
/// the same thing again (SAM's automatic mask generator with one crop, as SAM-PT's proposals for UVO were made).
public struct AutomaticMasks: Sendable, Equatable {
    /// The grid's points in each direction.
    public var pointsPerSide = 32
    /// Masks with a predicted IoU up to this are dropped.
    public var predictedIoU: Float = 0.88
    /// Masks are dropped whose area shrinks to less than this share when the threshold of the logits is raised from -`stabilityOffset` to
    /// +`stabilityOffset`.
    public var stability = 0.95
    public var stabilityOffset: Float = 1
    /// Of two masks whose boxes overlap by more than this (intersection over union), the surer one stays.
    public var boxOverlap = 0.7

    public init() {}

    public struct Found: Sendable, Equatable {
        public var mask: RunLengthMask
        /// The segmenter's estimate, 0 to 1.
        public var predictedIoU: Float
        public var stability: Double
    }

    /// - Parameters:
    ///   - segmenter: the one that encoded the frame.
    ///   - progress: called with the points done and in all.
    /// - Returns: the surest first.
    /// - Throws: what the networks throw; `SegmenterError.invalidGrid`; `CancellationError`.
    public func find(
        in frame: any SegmentableFrame, with segmenter: any PromptableSegmenter, progress: (@Sendable (Int, Int) -> Void)? = nil
    ) throws -> [Found] {
        guard (1...256).contains(pointsPerSide) else { throw SegmenterError.invalidGrid(pointsPerSide) }
        let size = frame.size
        var found: [(mask: Found, corners: Box)] = []
        let total = pointsPerSide * pointsPerSide
        for place in 0..<total {
            try Cancellation.check()
            // The reference's coordinates count from the first pixel's centre.
            let (column, row) = (place % pointsPerSide, place / pointsPerSide)
            let share = SIMD2(Float(2 * column + 1), Float(2 * row + 1)) / Float(2 * pointsPerSide)
            let position = share * SIMD2(Float(size.width), Float(size.height)) + 0.5
            let prompt = ObjectPrompt(points: [PointPrompt(clamped(position, size), isPositive: true)])
            for answer in try frame.candidates(for: prompt) where answer.predictedIoU > predictedIoU {
                if let one = judged(answer, segmenter, size) { found.append(one) }
            }
            progress?(place + 1, total)
        }
        return suppressed(found)
    }

    /// In pictures of less than 64 pixels the grid's last point would lie on the border.
    private func clamped(_ position: SIMD2<Float>, _ size: ImageSize) -> SIMD2<Float> {
        SIMD2(min(position.x, Float(size.width) - 0.5), min(position.y, Float(size.height) - 0.5))
    }

    private func judged(
        _ answer: MaskPrediction, _ segmenter: any PromptableSegmenter, _ size: ImageSize
    ) -> (mask: Found, corners: Box)? {
        let logits = segmenter.frameLogits(answer.logits, size: size)
        guard logits.count == size.pixelCount else { return nil }
        var (sure, possible) = (0, 0)
        var mask = Mask(size: size)
        logits.withUnsafeBufferPointer { logits in
            mask.values.withUnsafeMutableBufferPointer { mask in
                for i in logits.indices {
                    sure += logits[i] > stabilityOffset ? 1 : 0
                    possible += logits[i] > -stabilityOffset ? 1 : 0
                    mask[i] = logits[i] > 0 ? 1 : 0
                }
            }
        }
        guard possible > 0, Double(sure) / Double(possible) >= stability, let bounds = mask.bounds else { return nil }
        // The reference's boxes go from the first to the last pixel, and their areas with them.
        let corners = Box(
            x0: Float(bounds.columns.lowerBound), y0: Float(bounds.rows.lowerBound), x1: Float(bounds.columns.upperBound),
            y1: Float(bounds.rows.upperBound))
        let found = Found(
            mask: RunLengthMask(mask), predictedIoU: answer.predictedIoU, stability: Double(sure) / Double(possible))
        return (found, corners)
    }

    private func suppressed(_ found: [(mask: Found, corners: Box)]) -> [Found] {
        let order = found.indices.sorted {
            (found[$1].mask.predictedIoU, $0) < (found[$0].mask.predictedIoU, $1)
        }
        var kept: [Int] = []
        for index in order {
            let box = found[index].corners
            let isNew = kept.allSatisfy { Self.overlap(box, found[$0].corners) <= boxOverlap }
            if isNew { kept.append(index) }
        }
        return kept.map { found[$0].mask }
    }

    /// 0 for boxes without an area, as in the reference.
    private static func overlap(_ a: Box, _ b: Box) -> Double {
        let width = max(0, min(a.x1, b.x1) - max(a.x0, b.x0))
        let height = max(0, min(a.y1, b.y1) - max(a.y0, b.y0))
        let both = Double(width * height)
        let either = Double((a.x1 - a.x0) * (a.y1 - a.y0)) + Double((b.x1 - b.x0) * (b.y1 - b.y0)) - both
        return either > 0 ? both / either : 0
    }
}

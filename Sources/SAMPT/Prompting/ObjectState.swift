import Media
import Segmenters
import Support

/// What is remembered of one object from frame to frame in one direction of time: how large it was, what it looks like.
struct ObjectState: Sendable {
    private(set) var memory: AppearanceMemory?
    let hasNegativeClicks: Bool
    var generator: SeededGenerator

    /// The mask's area in the query frame and its running mean since, in pixels.
    let initialArea: Float
    private(set) var recentArea: Float
    /// The logits of the frame before, where they may stand for this frame's first pass.
    private(set) var previousLogits: MaskLogits?
    /// The last mask's area in pixels and its form, which the next ones are compared with.
    private var lastArea: Float
    private var lastShape: LogitShape?
    /// Whether points may be sampled on the mask of the frame before.
    private(set) var isFitForSeeding = false

    init(_ start: ObjectStart, generator: SeededGenerator) {
        self.generator = generator
        memory = start.memory
        hasNegativeClicks = start.points.clicks.negative > 0
        initialArea = Float(start.area)
        recentArea = initialArea
        lastArea = initialArea
    }

    /// A random choice of `count` elements, in their order.
    mutating func pick<Element>(_ count: Int, of elements: [Element]) -> [Element] {
        guard elements.count > count else { return elements }
        return elements.indices.shuffled(using: &generator).prefix(count).sorted().map { elements[$0] }
    }

    /// Takes or leaves the segmenter's answer.
    /// - Parameters:
    ///   - points: the object's in this frame.
    ///   - isRecovery: whether the answer comes from the memory alone.
    mutating func conclude(
        _ prediction: MaskPrediction?, mask: (MaskLogits) -> Mask, points: [PromptPoint], isRecovery: Bool, options: VideoSegmenterOptions
    ) -> ObjectOutcome {
        var outcome = ObjectOutcome(points: points)
        (previousLogits, isFitForSeeding) = (nil, false)
        outcome.evidence = absence(prediction, points)
        guard let prediction else { return outcome }
        outcome.predictedIoU = prediction.predictedIoU
        guard prediction.predictedIoU >= options.prompting.minimumIoU else { return outcome }
        let mask = mask(prediction.logits)
        let area = Float(mask.area)
        guard !isRecovery || isRecovered(prediction, area: area, options.prompting.recovery) else { return outcome }
        outcome.shape = .predicted(prediction.logits)
        outcome.mask = mask
        if area > 0 { outcome.evidence = evidence(prediction, mask, area: area, points) }
        guard
            options.reinitialization.plausibleArea.contains(area, recentArea: recentArea, initialArea: initialArea, frame: mask.size)
        else { return outcome }
        if let limit = options.prompting.previousMaskIoU, prediction.predictedIoU >= limit { previousLogits = prediction.logits }
        recentArea = 0.7 * recentArea + 0.3 * area
        isFitForSeeding = prediction.predictedIoU >= options.reinitialization.minimumIoU
        return outcome
    }

    /// Takes along how the object looks in a frame whose mask is sure.
    mutating func refreshMemory(with mask: Mask?, in frame: any SegmentableFrame) throws {
        guard isFitForSeeding, let memory, let mask, !mask.isEmpty else { return }
        self.memory = try frame.refresh(memory, with: mask)
    }

    private func absence(_ prediction: MaskPrediction?, _ points: [PromptPoint]) -> MaskEvidence {
        var evidence = MaskEvidence(origin: .absent)
        evidence.count(points, in: nil)
        evidence.predictedIoU = (prediction?.predictedIoU ?? 0).clampedToUnit
        evidence.lastArea = initialArea > 0 ? (lastArea / initialArea).clampedToUnit : 1
        return evidence
    }

    private mutating func evidence(_ prediction: MaskPrediction, _ mask: Mask, area: Float, _ points: [PromptPoint]) -> MaskEvidence {
        var evidence = MaskEvidence(origin: .predicted)
        evidence.count(points, in: mask)
        evidence.predictedIoU = prediction.predictedIoU.clampedToUnit
        let shape = LogitShape(prediction.logits)
        evidence.stability = shape.stability
        evidence.shapeOverlap = lastShape.flatMap { $0.overlap(shape) } ?? 1
        evidence.areaRatio = Float.ratio(area, recentArea)
        (lastShape, lastArea) = (shape, area)
        return evidence
    }

    private func isRecovered(_ prediction: MaskPrediction, area: Float, _ options: RecoveryOptions) -> Bool {
        prediction.predictedIoU >= options.minimumIoU && area > options.recentAreas.lowerBound * recentArea
            && area < options.recentAreas.upperBound * recentArea
    }
}

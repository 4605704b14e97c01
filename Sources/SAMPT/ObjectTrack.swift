import Media
import PointTrackers
import Segmenters

/// The state of one object in one direction of tracking: its points, how large it was, what it looks like.
struct ObjectTrack {
    /// Where a tracked point comes from.
    private struct Origin {
        var isPositive: Bool
        /// Whether it was placed in the query frame; such points stay for ever.
        var isFromQuery: Bool
    }

    let object: Int
    private let options: VideoSegmenterOptions
    private let memory: AppearanceMemory?
    private var origins: [Int: Origin] = [:]
    private var generator: SeededGenerator

    /// The mask's area in the query frame and its running mean since, in pixels.
    private let initialArea: Float
    private var recentArea: Float
    private var framesSinceSeeding = 0
    /// The logits of the frame before, where they may stand for this frame's first pass.
    private var previousLogits: MaskLogits?

    init(object: Int, start: ObjectStart, options: VideoSegmenterOptions, generator: SeededGenerator) {
        self.object = object
        self.options = options
        self.generator = generator
        memory = start.memory
        initialArea = Float(start.area)
        recentArea = initialArea
    }

    mutating func addPoints(
        positives: [SIMD2<Float>], negatives: [SIMD2<Float>], seededAt frame: Int, to session: any TrackingSession
    ) throws {
        let isFirst = origins.isEmpty
        // Points of one object move together, those of its surroundings likewise.
        for id in try session.add(positives, group: 2 * object + 1) { origins[id] = Origin(isPositive: true, isFromQuery: isFirst) }
        for id in try session.add(negatives, group: 2 * object) { origins[id] = Origin(isPositive: false, isFromQuery: isFirst) }
        framesSinceSeeding = 0
    }

    /// This object's points among all tracked ones, positives first.
    func promptPoints(_ tracked: [TrackedPoint], in size: ImageSize) -> [PromptPoint] {
        let own = tracked.compactMap { point in
            origins[point.id].map {
                let isUsable = options.promptConfidence.map { point.confidence >= $0 && size.contains(point.position) }
                return PromptPoint(
                    id: point.id, position: point.position, isPositive: $0.isPositive, isVisible: isUsable ?? point.isVisible,
                    confidence: point.confidence)
            }
        }
        return own.filter(\.isPositive) + own.filter { !$0.isPositive }
    }

    /// A random choice of `count` elements, in their order.
    mutating func pick<Element>(_ count: Int, of elements: [Element]) -> [Element] {
        guard elements.count > count else { return elements }
        return elements.indices.shuffled(using: &generator).prefix(count).sorted().map { elements[$0] }
    }

    /// The visible points that prompt the segmenter in this frame.
    mutating func candidate(_ tracked: [TrackedPoint], in size: ImageSize) -> FrameCandidate {
        let visible = promptPoints(tracked, in: size).filter(\.isVisible)
        let positives = pick(options.positivePoints, of: visible.filter(\.isPositive).map(\.position))
        let negatives = pick(options.negativePoints, of: visible.filter { !$0.isPositive }.map(\.position))
        return FrameCandidate(
            object: object, positives: positives, negatives: negatives, memory: memory, isRecovery: positives.isEmpty && memory != nil,
            previousLogits: options.refinementIterations > 0 ? previousLogits : nil)
    }

    /// Takes or leaves the segmenter's answer and re-initialises the points when it is time.
    mutating func conclude(
        _ candidate: FrameCandidate, tracked: [TrackedPoint], session: any TrackingSession, video: FrameStore,
        segmenter: any PromptableSegmenter
    ) throws -> ObjectOutcome {
        var outcome = ObjectOutcome(points: promptPoints(tracked, in: video.size))
        framesSinceSeeding += 1
        previousLogits = nil
        guard let prediction = candidate.prediction else { return outcome }
        outcome.predictedIoU = prediction.predictedIoU
        let mask = segmenter.mask(prediction.logits, size: video.size)
            .withoutSpecks(sparing: candidate.positives)
        let area = Float(mask.area)
        guard isTrusted(prediction, area: area, recovery: candidate.isRecovery) else { return outcome }
        outcome.shape = .predicted(prediction.logits)
        outcome.mask = mask
        guard isPlausible(area) else { return outcome }
        if let limit = options.previousMaskIoUThreshold, prediction.predictedIoU >= limit { previousLogits = prediction.logits }
        recentArea = 0.7 * recentArea + 0.3 * area
        let isSure = prediction.predictedIoU >= options.reinitializationIoUThreshold
        if options.reinitializes, isSure, framesSinceSeeding >= options.reinitializationHorizon {
            try reinitialize(from: mask, session: session, video: video)
        }
        return outcome
    }

    private func isTrusted(_ prediction: MaskPrediction, area: Float, recovery: Bool) -> Bool {
        guard prediction.predictedIoU >= options.predictedIoUThreshold else { return false }
        guard recovery else { return true }
        return prediction.predictedIoU >= 0.5 && area > 0.3 * recentArea && area < 3 * recentArea
    }

    private func isPlausible(_ area: Float) -> Bool {
        area > 60 && area > 0.4 * recentArea && area < 2.5 * recentArea && area > 0.1 * initialArea && area < 10 * initialArea
    }

    /// Step 4 of SAM-PT: new points from the predicted mask replace those of the last re-initialisation (paper, section 3.4).
    private mutating func reinitialize(from mask: Mask, session: any TrackingSession, video: FrameStore) throws {
        let outdated = origins.filter { !$0.value.isFromQuery }.map(\.key)
        session.remove(Set(outdated))
        for id in outdated { origins[id] = nil }
        let sampled = options.samplePoints(on: mask, image: try video.frame(at: session.frame), using: &generator)
        try addPoints(positives: sampled.positives, negatives: sampled.negatives, seededAt: session.frame, to: session)
    }
}

import Media
import Segmenters

/// Step 3 of SAM-PT (paper, section 3.3): the visible points of all objects prompt the segmenter in one frame.
struct FramePrompter {
    let segmenter: any PromptableSegmenter
    let video: FrameStore
    let options: VideoSegmenterOptions
    /// Positive points of further objects, which are negative ones of those asked for.
    var rivals: [ObjectID: [SIMD2<Float>]] = [:]

    /// Whose positive points are negative ones of whom.
    typealias Rivalry = (_ object: ObjectID, _ rival: ObjectID) -> Bool

    /// The outcomes of some objects in a frame, all asked for in one batch.
    /// - Parameters:
    ///   - states: of these objects; changed.
    ///   - points: of these objects, and of others that only are rivals.
    ///   - encoded: the frame, where it has been prepared before.
    func outcomes(
        at frame: Int, of states: inout [ObjectID: ObjectState], points: [ObjectID: [PromptPoint]], encoded: (any SegmentableFrame)? = nil,
        rivalry: Rivalry = { _, _ in true }
    ) throws -> [ObjectID: ObjectOutcome] {
        var candidates: [PromptCandidate] = []
        for object in states.keys.sorted() {
            if let candidate = states[object]?.candidate(object, points: points[object] ?? [], options: options) {
                candidates.append(candidate)
            }
        }
        if options.prompting.usesOtherObjectsAsNegatives { shareNegatives(&candidates, &states, points, rivalry) }
        // No object to ask for: the image encoder need not run on this frame.
        let isAsked = candidates.contains { isPromptable($0) }
        let prepared = isAsked ? try encoded ?? segmenter.frame(frame, of: video) : nil
        if let prepared { try decode(&candidates, on: prepared) }
        var outcomes: [ObjectID: ObjectOutcome] = [:]
        for candidate in candidates {
            outcomes[candidate.object] = states[candidate.object]?.conclude(
                candidate.prediction, mask: { mask($0, sparing: candidate.positives) }, points: points[candidate.object] ?? [],
                isRecovery: candidate.isRecovery, options: options)
            if let prepared { try states[candidate.object]?.refreshMemory(with: outcomes[candidate.object]?.mask, in: prepared) }
        }
        return outcomes
    }

    private func mask(_ logits: MaskLogits, sparing positives: [SIMD2<Float>]) -> Mask {
        let mask = segmenter.mask(logits, size: video.size)
        return options.prompting.removesSpecks ? mask.withoutSpecks(sparing: positives) : mask
    }

    /// Visible positive points of an object are negative points of the others.
    private func shareNegatives(
        _ candidates: inout [PromptCandidate], _ states: inout [ObjectID: ObjectState], _ points: [ObjectID: [PromptPoint]],
        _ rivalry: Rivalry
    ) {
        guard points.count + rivals.count > 1 else { return }
        var positives = rivals.merging(points.mapValues { $0.filter { $0.isVisible && $0.isPositive }.map(\.position) }) { $1 }
        for candidate in candidates { positives[candidate.object] = candidate.positives }
        for index in candidates.indices {
            let object = candidates[index].object
            let rivals = positives.keys.sorted().filter { $0 != object && rivalry(object, $0) }
            var others = rivals.flatMap { positives[$0] ?? [] }
            if let limit = options.prompting.maximumOtherNegatives { others = states[object]?.pick(limit, of: others) ?? others }
            candidates[index].negatives += others
        }
    }

    private func isPromptable(_ candidate: PromptCandidate) -> Bool {
        if options.referenceQuirks, !candidate.negatives.isEmpty { return true }
        return !candidate.positives.isEmpty || candidate.isRecovery
    }

    /// The two passes and the refinements, one object after the other.
    private func decode(_ candidates: inout [PromptCandidate], on frame: any SegmentableFrame) throws {
        let promptable = candidates.indices.filter { isPromptable(candidates[$0]) }
        var schedule = PassSchedule(
            refinements: options.prompting.refinements, for: segmenter.abilities,
            separatesPositives: options.queryPoints.negatives > 0 || promptable.contains { candidates[$0].hasNegativeClicks })
        schedule.scalesBoxes = !options.referenceQuirks
        let predictions = try frame.predict(promptable.map { candidates[$0].prompt }, passes: schedule)
        for (index, prediction) in zip(promptable, predictions) { candidates[index].prediction = prediction }
    }
}

/// What is known of one object in the frame at hand, and what the segmenter answers.
private struct PromptCandidate {
    var object: ObjectID
    var positives: [SIMD2<Float>]
    var negatives: [SIMD2<Float>]
    var hasNegativeClicks: Bool
    var memory: AppearanceMemory?
    /// No positive point is visible: the mask must come from the memory alone.
    var isRecovery: Bool
    /// The logits of the frame before, in place of the first pass.
    var previousLogits: MaskLogits?
    var prediction: MaskPrediction?

    var prompt: ObjectPrompt {
        ObjectPrompt(
            points: positives.map { PointPrompt($0, isPositive: true) } + negatives.map { PointPrompt($0, isPositive: false) },
            previousLogits: isRecovery ? nil : previousLogits, memory: memory)
    }
}

extension ObjectState {
    /// The visible points that prompt the segmenter in this frame.
    fileprivate mutating func candidate(_ object: ObjectID, points: [PromptPoint], options: VideoSegmenterOptions) -> PromptCandidate {
        let visible = points.filter(\.isVisible)
        let positives = prompting(visible.filter(\.isPositive), limit: options.queryPoints.positives)
        let negatives = prompting(visible.filter { !$0.isPositive }, limit: options.queryPoints.negatives)
        return PromptCandidate(
            object: object, positives: positives, negatives: negatives, hasNegativeClicks: hasNegativeClicks, memory: memory,
            isRecovery: positives.isEmpty && memory != nil,
            previousLogits: options.prompting.refinements > 0 ? previousLogits : nil)
    }

    /// The positions of at most `limit` points. What the user clicked always prompts; sampled points share what is left.
    private mutating func prompting(_ points: [PromptPoint], limit: Int) -> [SIMD2<Float>] {
        let clicks = points.filter { $0.origin == .click }
        return (clicks + pick(max(0, limit - clicks.count), of: points.filter { $0.origin != .click })).map(\.position)
    }
}

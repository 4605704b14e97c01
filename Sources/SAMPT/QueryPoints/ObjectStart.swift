import Media
import Segmenters
import Support

/// Step 1 of SAM-PT for one object: its mask in the query frame and the query points on it (paper, section 3.1).
struct ObjectStart: Sendable {
    var outcome: ObjectOutcome
    var points: QueryPoints
    var memory: AppearanceMemory?
    /// Pixels of the object's mask.
    var area: Int

    init(_ query: ObjectQuery, segmenter: any PromptableSegmenter, video: FrameStore, options: VideoSegmenterOptions) throws {
        var generator = SeededGenerator(seed: options.seed, streams: UInt64(query.id), 0)
        let image = try video.frame(at: query.frame)
        if case .points(let clicks) = query.prompt, options.needsNoMask(of: segmenter) {
            self.init(outcome: ObjectOutcome(), points: QueryPoints(clicks: clicks), area: 0)
            return
        }
        let found = try Self.outcome(of: query, segmenter: segmenter, video: video, options: options)
        var clicks: [PointPrompt] = []
        if case .points(let points) = query.prompt { clicks = points }
        try self.init(
            query, outcome: found, clicks: clicks, image: image, generator: &generator, segmenter: segmenter, video: video, options: options
        )
    }

    /// Of an object whose mask is known.
    /// - Parameter query: its prompt does not count.
    init(
        _ query: ObjectQuery, outcome: ObjectOutcome, clicks: [PointPrompt], segmenter: any PromptableSegmenter, video: FrameStore,
        options: VideoSegmenterOptions
    ) throws {
        var generator = SeededGenerator(seed: options.seed, streams: UInt64(query.id), 0)
        try self.init(
            query, outcome: outcome, clicks: clicks, image: video.frame(at: query.frame), generator: &generator, segmenter: segmenter,
            video: video, options: options)
    }

    private init(outcome: ObjectOutcome, points: QueryPoints, area: Int) {
        (self.outcome, self.points, self.area) = (outcome, points, area)
    }

    private init(
        _ query: ObjectQuery, outcome: ObjectOutcome, clicks: [PointPrompt], image: RGBImage, generator: inout SeededGenerator,
        segmenter: any PromptableSegmenter, video: FrameStore, options: VideoSegmenterOptions
    ) throws {
        self.outcome = outcome
        let mask = outcome.mask ?? Mask(size: video.size)
        guard !mask.isEmpty else { throw QueryError.nothingFound(object: query.name, frame: query.frame) }
        area = mask.area
        let sampled = options.samplePoints(on: mask, image: image, using: &generator)
        points = sampled
        if !clicks.isEmpty {
            points = QueryPoints(clicks: clicks, sampled: options.queryPoints.followsClicksOnly ? QueryPoints() : sampled)
        }
        guard options.prompting.usesAppearanceMemory, segmenter.abilities.contains(.appearanceMemory) else { return }
        memory = try segmenter.frame(query.frame, of: video).remember(
            AppearanceSample(
                mask: mask,
                points: sampled.positives.map { PointPrompt($0, isPositive: true) }
                    + sampled.negatives.map { PointPrompt($0, isPositive: false) }))
    }

    /// The outcome in the query frame, with the points as the tracker took them.
    func outcome(with points: [PromptPoint]?) -> ObjectOutcome {
        var outcome = outcome
        outcome.points = points ?? []
        return outcome
    }

    /// The object's mask in its query frame: given, or predicted from points.
    static func outcome(
        of query: ObjectQuery, segmenter: any PromptableSegmenter, video: FrameStore, options: VideoSegmenterOptions
    ) throws -> ObjectOutcome {
        switch query.prompt {
        case .mask(let mask):
            return ObjectOutcome(shape: .given(mask), mask: mask, evidence: .given)
        case .points(let points):
            let prediction = try segmenter.frame(query.frame, of: video).predict(points, segmenter, options)
            // What no click touches is not what was meant.
            let mask = segmenter.mask(prediction.logits, size: video.size)
                .keepingParts(touching: points.filter(\.isPositive).map(\.position))
            return ObjectOutcome(
                shape: .predicted(prediction.logits), mask: mask, predictedIoU: prediction.predictedIoU, evidence: .marked(prediction))
        case .box(let box):
            let prediction = try segmenter.frame(query.frame, of: video).predict(box, segmenter, options)
            let mask = segmenter.mask(prediction.logits, size: video.size).clipped(to: box)
            return ObjectOutcome(
                shape: .predicted(prediction.logits), mask: mask, predictedIoU: prediction.predictedIoU, evidence: .marked(prediction))
        }
    }
}

extension MaskEvidence {
    /// Of the mask that a user's clicks or box gave: points sampled on it say nothing of it.
    static func marked(_ prediction: MaskPrediction) -> MaskEvidence {
        var evidence = MaskEvidence(origin: .predicted)
        evidence.predictedIoU = prediction.predictedIoU.clampedToUnit
        evidence.stability = LogitShape(prediction.logits).stability
        return evidence
    }
}

extension VideoSegmenterOptions {
    /// Whether an object marked by clicks can be followed without looking at its query frame first.
    fileprivate func needsNoMask(of segmenter: any PromptableSegmenter) -> Bool {
        referenceQuirks && queryPoints.followsClicksOnly && reinitialization.variant != .rolling && prompting.previousMaskIoU == nil
            && !(prompting.usesAppearanceMemory && segmenter.abilities.contains(.appearanceMemory))
    }
}

extension SegmentableFrame {
    /// The object that a user's clicks mark.
    fileprivate func predict(
        _ clicks: [PointPrompt], _ segmenter: any PromptableSegmenter, _ options: VideoSegmenterOptions
    ) throws -> MaskPrediction {
        try answer(to: ObjectPrompt(points: clicks), .clicks(clicks, options, segmenter))
    }

    /// The object in a user's box. Segmenters that take no boxes are given points in its place.
    fileprivate func predict(_ box: Box, _ segmenter: any PromptableSegmenter, _ options: VideoSegmenterOptions) throws -> MaskPrediction {
        guard segmenter.abilities.contains(.boxes) else { return try predict(box.pointPrompts(in: size), segmenter, options) }
        guard let prediction = try predict([ObjectPrompt(points: [], box: box)]).first else { throw SegmenterError.noPrediction }
        return prediction
    }

    /// - Throws: `SegmenterError.noPrediction` for a prompt that nothing can be asked with.
    func answer(to prompt: ObjectPrompt, _ schedule: PassSchedule) throws -> MaskPrediction {
        guard let answer = try predict([prompt], passes: schedule).first ?? nil else { throw SegmenterError.noPrediction }
        return answer
    }
}

extension PassSchedule {
    /// For what a user clicked.
    static func clicks(_ clicks: [PointPrompt], _ options: VideoSegmenterOptions, _ segmenter: any PromptableSegmenter) -> PassSchedule {
        // Without negative points the first two passes would ask a segmenter that takes boxes the same.
        var schedule = PassSchedule(
            refinements: options.prompting.refinements, for: segmenter.abilities, separatesPositives: clicks.contains { !$0.isPositive })
        // The only pass takes all points.
        if schedule.pointPasses == 0 { (schedule.startsWithPositives, schedule.pointPasses) = (false, 1) }
        return schedule
    }
}

extension Box {
    /// Points that stand for the box with segmenters that take points: a cross of positives inside, negatives just outside.
    func pointPrompts(in size: ImageSize) -> [PointPrompt] {
        let center = SIMD2((x0 + x1) / 2, (y0 + y1) / 2)
        let reach = SIMD2(width, height) / 5
        let inside: [SIMD2<Float>] = [SIMD2(0, 0), SIMD2(-1, 0), SIMD2(1, 0), SIMD2(0, -1), SIMD2(0, 1)]
        let positives = inside.map { PointPrompt(center + $0 * reach, isPositive: true) }
        let gap = SIMD2(max(4, 0.08 * width), max(4, 0.08 * height))
        var negatives: [PointPrompt] = []
        for dy: Float in [-1, 0, 1] {
            for dx: Float in [-1, 0, 1] where dx != 0 || dy != 0 {
                let position = center + SIMD2(dx, dy) * (SIMD2(width, height) / 2 + gap)
                if size.contains(position) { negatives.append(PointPrompt(position, isPositive: false)) }
            }
        }
        return positives + negatives
    }
}

extension Mask {
    /// The part inside a box.
    func clipped(to box: Box) -> Mask {
        var result = Mask(size: size)
        let columns = max(0, Int(box.x0))..<min(width, Int(box.x1.rounded(.up)))
        for y in max(0, Int(box.y0))..<min(height, Int(box.y1.rounded(.up))) {
            for x in columns { result.values[y * width + x] = values[y * width + x] }
        }
        return result
    }
}

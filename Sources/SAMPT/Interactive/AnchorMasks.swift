import Media
import PointTrackers
import Segmenters

/// What the prompts of an anchor give: the object's mask in its frame.
struct AnchorMasks: Sendable {
    let segmenter: any PromptableSegmenter
    let video: FrameStore
    let options: VideoSegmenterOptions
    let store: any SessionStore
    /// Tells apart models and options.
    let recipe: String

    /// The object in an anchor's frame, as kept in the store, or computed and kept.
    func frame(_ anchor: ObjectAnchor, at frame: Int) throws -> SpanFrame {
        let key = key(anchor, frame)
        if let known = try store.frame(frame, of: key) { return known }
        let found = try compute(anchor, at: frame)
        try store.save([found], of: key)
        return found
    }

    /// What an anchor's mask is kept under.
    func key(_ anchor: ObjectAnchor, _ frame: Int) -> SpanKey {
        SpanKey(of: "anchor \(anchor.correctsByClicks ? 2 : 1)|\(recipe)|\(frame)|\(anchor.digest)")
    }

    /// The same for prompts that are in no log.
    func compute(_ anchor: ObjectAnchor, at frame: Int) throws -> SpanFrame {
        let found = try predicted(anchor, at: frame)
        guard !anchor.strokes.isEmpty else { return found }
        var mask = found.mask?.mask ?? Mask(size: video.size)
        for stroke in anchor.strokes { mask.paint(stroke) }
        return SpanFrame(index: frame, origin: .given, mask: RunLengthMask(mask), evidence: .given)
    }

    private func predicted(_ anchor: ObjectAnchor, at frame: Int) throws -> SpanFrame {
        if let choice = anchor.choice, !anchor.refinesChoice {
            return SpanFrame(
                index: frame, origin: .predicted, mask: choice.mask, logits: choice.logits, predictedIoU: choice.score,
                evidence: .marked(MaskPrediction(logits: choice.logits.logits, predictedIoU: choice.score)))
        }
        let prompts = anchor.prompts
        if let mask = anchor.mask, prompts.isEmpty, anchor.box == nil {
            return SpanFrame(index: frame, origin: .given, mask: mask, evidence: .given)
        }
        if let simple = anchor.query {
            let query = ObjectQuery(id: 1, frame: frame, prompt: simple)
            return SpanFrame(
                index: frame, try ObjectStart.outcome(of: query, segmenter: segmenter, video: video, options: options))
        }
        let encoded = try segmenter.frame(frame, of: video)
        guard let found = try answered(anchor, on: encoded) else {
            return SpanFrame(index: frame, origin: anchor.base?.mask == nil ? .absent : .given, mask: anchor.base?.mask)
        }
        return SpanFrame(index: frame, found)
    }

    /// The segmenter's answer to an anchor's prompts; nil where there is nothing to ask with.
    func asked(_ anchor: ObjectAnchor, on encoded: any SegmentableFrame) throws -> ObjectOutcome? {
        guard let prompt = try prompt(anchor, on: encoded) else { return nil }
        let prediction = try encoded.answer(to: prompt, .clicks(prompt.points, options, segmenter))
        return outcome(prediction, prompt, clippedTo: anchor.box)
    }

    /// The answers to an anchor's prompts, most likely first.
    func candidates(_ anchor: ObjectAnchor, at frame: Int) throws -> [MaskCandidate] {
        let encoded = try segmenter.frame(frame, of: video)
        guard let prompt = try prompt(anchor, on: encoded) else { return [] }
        var outcomes = try answers(to: prompt, on: encoded).map { outcome($0, prompt, clippedTo: anchor.box) }
        // What is on the screen is one of them.
        if anchor.correctsByClicks, let shown = try answered(anchor, on: encoded), shown.mask != outcomes.first?.mask {
            outcomes.insert(shown, at: 0)
        }
        return outcomes.enumerated().compactMap { index, outcome in
            guard case .predicted(let logits) = outcome.shape else { return nil }
            return MaskCandidate(
                index: index, score: outcome.predictedIoU ?? 0, logits: RoundedLogits(logits),
                mask: RunLengthMask(outcome.mask ?? Mask(size: video.size)))
        }
    }

    private func answers(to prompt: ObjectPrompt, on encoded: any SegmentableFrame) throws -> [MaskPrediction] {
        let own = segmenter.abilities.contains(.candidates) ? try encoded.candidates(for: prompt) : []
        if own.count > 1 { return own }
        let schedule = PassSchedule.clicks(prompt.points, options, segmenter)
        let answer = try encoded.answer(to: prompt, schedule)
        return try LevelCandidates(segmenter: segmenter, frame: encoded, schedule: schedule).all(beside: answer, to: prompt)
    }

    private func outcome(_ prediction: MaskPrediction, _ prompt: ObjectPrompt, clippedTo box: Box?) -> ObjectOutcome {
        let positives = prompt.points.filter(\.isPositive).map(\.position)
        var mask = segmenter.mask(prediction.logits, size: video.size)
        // What no point touches is not what was meant, but for what a correction started from.
        if prompt.previousLogits == nil, prompt.box == nil {
            mask = mask.keepingParts(touching: positives)
        } else {
            mask = cleaned(mask, sparing: positives)
        }
        if let box { mask = mask.clipped(to: box) }
        return outcome(prediction, mask)
    }

    func cleaned(_ mask: Mask, sparing positives: [SIMD2<Float>]) -> Mask {
        options.prompting.removesSpecks ? mask.withoutSpecks(sparing: positives) : mask
    }

    func outcome(_ prediction: MaskPrediction, _ mask: Mask) -> ObjectOutcome {
        ObjectOutcome(
            shape: .predicted(prediction.logits), mask: mask, predictedIoU: prediction.predictedIoU, evidence: .marked(prediction))
    }

    /// Everything that an anchor says, in one prompt; nil where that is nothing to ask with.
    private func prompt(_ anchor: ObjectAnchor, on encoded: any SegmentableFrame) throws -> ObjectPrompt? {
        var prompt = ObjectPrompt(points: anchor.prompts)
        if let box = anchor.box {
            if segmenter.abilities.contains(.boxes) {
                prompt.box = box
            } else if !prompt.points.contains(where: \.isPositive) {
                prompt.points += box.pointPrompts(in: video.size)
            }
        }
        prompt.previousLogits = (anchor.choice?.logits ?? anchor.base?.logits)?.logits
        if let mask = anchor.mask?.mask, prompt.previousLogits == nil, !prompt.points.isEmpty || prompt.box != nil {
            prompt.previousLogits = try logits(of: mask, like: encoded.predict([prompt]).first?.logits)
        }
        let isEnough = prompt.points.contains(where: \.isPositive) || prompt.box != nil
        return isEnough || prompt.previousLogits != nil && !prompt.points.isEmpty ? prompt : nil
    }

    /// A mask on the segmenter's grid: logits grow with the share of a cell that is inside.
    func logits(of mask: Mask, like grid: MaskLogits?) -> MaskLogits? {
        guard let grid else { return nil }
        let (width, height) = (grid.width, grid.height)
        // Where a pixel lies on the grid, the segmenter itself says: it enlarges columns' and rows' numbers.
        func positions(_ number: (_ x: Int, _ y: Int) -> Int) -> [Float] {
            let values = (0..<(width * height)).map { Float(number($0 % width, $0 / width)) }
            return segmenter.frameLogits(MaskLogits(width: width, height: height, values: values), size: mask.size)
        }
        let (columns, rows) = (positions { x, _ in x }, positions { _, y in y })
        guard columns.count == mask.values.count, rows.count == mask.values.count else { return nil }
        var inside = [Float](repeating: 0, count: width * height)
        var all = inside
        for i in mask.values.indices {
            let (x, y) = (Int(columns[i].rounded()), Int(rows[i].rounded()))
            guard (0..<width).contains(x), (0..<height).contains(y) else { continue }
            all[y * width + x] += 1
            inside[y * width + x] += Float(mask.values[i])
        }
        let values = zip(inside, all).map { inside, all in all > 0 ? 16 * (inside / all - 0.5) : -8 }
        return MaskLogits(width: width, height: height, values: values)
    }
}

extension ObjectAnchor {
    /// The points that prompt: tracked ones of before, and clicks.
    fileprivate var prompts: [PointPrompt] {
        let tracked = (base?.points ?? []).filter(\.isVisible).map { PointPrompt($0.position, isPositive: $0.isPositive) }
        return tracked + points.map { PointPrompt($0.position, isPositive: $0.isPositive) }
    }

    /// What `VideoSegmenter.segment` would be given for it; nil for what only a session knows.
    fileprivate var query: ObjectQuery.Prompt? {
        guard base == nil, mask == nil, choice == nil else { return nil }
        if let box { return points.isEmpty ? .box(box) : nil }
        guard points.contains(where: \.isPositive) else { return nil }
        return .points(points.map { PointPrompt($0.position, isPositive: $0.isPositive) })
    }
}

extension SpanFrame {
    /// What a run found, to be kept.
    init(index: Int, _ outcome: ObjectOutcome) {
        self.init(index: index, origin: .absent, predictedIoU: outcome.predictedIoU, evidence: outcome.evidence, points: outcome.points)
        switch outcome.shape {
        case .absent: break
        case .given(let mask): (origin, self.mask) = (.given, RunLengthMask(mask))
        case .predicted(let logits):
            (origin, self.logits) = (.predicted, RoundedLogits(logits))
            mask = outcome.mask.map { RunLengthMask($0) }
        }
    }

    /// As a run had it, but for the rounding of logits.
    var outcome: ObjectOutcome {
        let pixels = mask?.mask
        var outcome = ObjectOutcome(mask: pixels, predictedIoU: predictedIoU, evidence: evidence, points: points)
        if let pixels, origin == .given {
            outcome.shape = .given(pixels)
        } else if let logits, pixels != nil {
            outcome.shape = .predicted(logits.logits)
        }
        return outcome
    }
}

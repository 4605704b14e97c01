import Media

/// Optional ability of a segmenter's frames: boxes count as prompts, and so a mask can be refined by the box around it.
public protocol BoxPromptable: SegmentableFrame {
    /// The box around the pixels of the frame with a logit above 0, and how many they are; nil when there are none.
    func bounds(of logits: MaskLogits) -> (box: Box, pixels: Int)?
}

extension BoxPromptable {
    /// SAM-PT's prompting of a frame (paper, section 3.3; `_apply_sam_to_trajectories` of its code), all objects in one batch: first the
    /// positive points alone, then all points with the logits of the pass before, then again and again all points with these logits and
    /// the box around the mask they give.
    ///
    /// The box is scaled into the network's input as points are. (The published code leaves it in pixels of the frame, right
    /// only for frames whose longest side is 1024.)
    /// - Parameters:
    ///   - prompts: points of each object. Logits in `previousLogits`, such as those of the frame before, take the place of its first
    ///     pass. Other parts of a prompt are ignored.
    ///   - separatesPositives: whether there is the first pass; the published code omits it when no negative points are configured.
    ///   - refinements: how often the box is used; an object stops early when fewer than two pixels are inside.
    /// - Returns: the answers in the order of the prompts; nil for a prompt without points.
    public func predictRefined(
        _ prompts: [ObjectPrompt], separatesPositives: Bool = true, refinements: Int = 12
    ) throws -> [MaskPrediction?] {
        var answers = [MaskPrediction?](repeating: nil, count: prompts.count)
        func ask(_ objects: [Int], _ prompt: (Int) -> ObjectPrompt) throws {
            guard !objects.isEmpty else { return }
            for (object, answer) in zip(objects, try predict(objects.map(prompt))) { answers[object] = answer }
        }
        var open = prompts.indices.filter { !prompts[$0].points.isEmpty }
        if separatesPositives {
            try ask(open.filter { prompts[$0].previousLogits == nil }) { ObjectPrompt(points: prompts[$0].points.filter(\.isPositive)) }
        }
        try ask(open) { ObjectPrompt(points: prompts[$0].points, previousLogits: answers[$0]?.logits ?? prompts[$0].previousLogits) }
        for _ in 0..<max(0, refinements) {
            var boxes: [Int: Box] = [:]
            for object in open {
                if let logits = answers[object]?.logits, let found = bounds(of: logits), found.pixels >= 2 { boxes[object] = found.box }
            }
            open = open.filter { boxes[$0] != nil }
            try ask(open) { ObjectPrompt(points: prompts[$0].points, box: boxes[$0], previousLogits: answers[$0]?.logits) }
        }
        return answers
    }
}

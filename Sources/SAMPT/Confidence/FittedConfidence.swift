extension MaskConfidence {
    /// Coefficients as printed by `Training/confidence/fit.py`.
    static let fitted = MaskConfidence(
        present: Sum(
            bias: -4,
            weights: [
                ({ $0.predictedIoU }, 2, .unsure), ({ $0.stability }, 1, .unsure), ({ $0.visibleShare }, 1, .fewPoints),
                ({ $0.trackerConfidence }, 1, .fewPoints), ({ $0.insideShare }, 1, .disagreement), ({ $0.outsideShare }, 1, .disagreement),
                ({ $0.queryShare }, 1, .disagreement), ({ $0.shapeOverlap }, 1, .jump), ({ $0.areaRatio }, 1, .jump),
            ]),
        absent: Sum(
            bias: -1,
            weights: [
                ({ $0.leftShare }, 1, .lost), ({ 1 - $0.trackerConfidence }, 1, .lost), ({ 1 - $0.predictedIoU }, 1, .lost),
                ({ 1 - $0.lastArea }, 1, .lost),
            ]))
}

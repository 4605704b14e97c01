extension MaskConfidence {
    /// Coefficients as `Training/confidence/fit.py` printed them for 1378 masks and 80 frames without a mask, of 18 synthetic clips (`sampt
    /// evaluate confidence
    /// --clips 9 --frames 28` with `--clip-seed` 1 and 2) and the built-in models. Terms whose weight came out as 0 are left out.
    static let fitted = MaskConfidence(
        present: Sum(
            bias: -4.027,
            weights: [
                ({ $0.predictedIoU }, 1.083, .unsure), ({ $0.stability }, 2.390, .unsure), ({ $0.visibleShare }, 0.038, .fewPoints),
                ({ $0.trackerConfidence }, 0.356, .fewPoints), ({ $0.insideShare }, 0.458, .disagreement),
                ({ $0.outsideShare }, 0.445, .disagreement), ({ $0.queryShare }, 1.037, nil), ({ $0.shapeOverlap }, 1.340, .jump),
            ]),
        absent: Sum(bias: -2.462, weights: [({ 1 - $0.predictedIoU }, 4.036, .lost)]))
}

extension MaskConfidence {
    /// Coefficients as `Training/confidence/fit.py` printed them for 2854 masks and 62 frames without a mask, of 36 synthetic clips
    /// (`sampt evaluate confidence --clips 9 --frames 28` with `--clip-seed` 1 to 4) and the built-in models. Terms whose weight came out
    /// as 0 are left out. Of frames without a mask nothing remains but how often they are right: no evidence told which.
    static let fitted = MaskConfidence(
        present: Sum(
            bias: -3.190,
            weights: [
                ({ $0.predictedIoU }, 0.883, .unsure), ({ $0.stability }, 2.561, .unsure), ({ $0.insideShare }, 0.194, .disagreement),
                ({ $0.outsideShare }, 0.258, .disagreement), ({ $0.queryShare }, 1.286, nil), ({ $0.shapeOverlap }, 1.083, .jump),
            ]),
        absent: Sum(bias: 0.260, weights: []))
}

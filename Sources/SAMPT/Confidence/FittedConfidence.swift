extension MaskConfidence {
    /// Coefficients as `Training/confidence/fit.py` printed them for 1,606 masks of 36 clips made of photographs and 60 of pictures that a
    /// camera moves over, none of them trained on, and the built-in models. Terms whose weight came out as 0 are left out. Frames without a
    /// mask have but how often they are right, 102 of them in such clips: no evidence told which.
    static let fitted = MaskConfidence(
        present: Sum(
            bias: -4.916,
            weights: [
                ({ logOdds($0.predictedIoU) }, 3.528, .unsure), ({ logOdds($0.stability) }, 5.512, .unsure),
                ({ $0.insideShare }, 0.527, .disagreement), ({ $0.outsideShare }, 0.374, .disagreement), ({ $0.queryShare }, 0.2, nil),
                ({ $0.shapeOverlap }, 0.237, .jump),
            ]),
        absent: Sum(bias: -0.197, weights: []))
}

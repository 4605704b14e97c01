extension MaskConfidence {
    /// Coefficients as `Training/confidence/fit.py` printed them for 941 masks of 36 clips made of photographs that were not trained on
    /// (`Training/nano_track/clips_folder.py`), and the built-in models. Terms whose weight came out as 0 are left out. Frames without a
    /// mask have but how often they are right, 102 of them in these and in 36 synthetic clips: no evidence told which.
    static let fitted = MaskConfidence(
        present: Sum(
            bias: -4.222,
            weights: [
                ({ $0.predictedIoU }, 1.532, .unsure), ({ $0.stability }, 3.005, .unsure), ({ $0.insideShare }, 0.992, .disagreement),
                ({ $0.queryShare }, 0.287, nil), ({ $0.shapeOverlap }, 0.755, .jump), ({ $0.areaRatio }, 0.751, .jump),
            ]),
        absent: Sum(bias: -0.197, weights: []))
}

extension MaskConfidence {
    /// Coefficients as `Training/confidence/fit.py` printed them for 3786 masks of 36 synthetic clips (`sampt evaluate confidence --clips 9
    /// --frames 28` with `--clip-seed` 1 to 4) and of 36 clips made of photographs that were not trained on
    /// (`Training/nano_track/clips_folder.py`), and the built-in models. Terms whose weight came out as 0 are left out. Of the 102 frames
    /// without a mask nothing remains but how often they are right: no evidence told which.
    static let fitted = MaskConfidence(
        present: Sum(
            bias: -3.527,
            weights: [
                ({ $0.predictedIoU }, 1.150, .unsure), ({ $0.stability }, 2.534, .unsure), ({ $0.insideShare }, 0.647, .disagreement),
                ({ $0.outsideShare }, 0.095, .disagreement), ({ $0.queryShare }, 0.933, nil), ({ $0.shapeOverlap }, 1.280, .jump),
            ]),
        absent: Sum(bias: -0.197, weights: []))
}

import NeuralGraph

/// Where a point is expected: a Gaussian around a position.
struct Prior {
    /// N x 2 in input pixels.
    let center: Value
    let sigma: Float
    /// N x 1: of its peak.
    let strength: Value

    /// N x (rows x columns) at cells of the stride-8 grid, of which each point may have its own (N or 1 x count each).
    func map(columns: Value, rows: Value) -> Value {
        let scale = -1 / (2 * sigma * sigma)
        func along(_ cells: Value, _ axis: Int) -> Value {
            (((cells + 0.5) * 8 - center.sliced(axis: 1, axis..<(axis + 1))).squared() * scale).exp()
        }
        let (count, width, height) = (center.shape[0], columns.shape[1], rows.shape[1])
        let gaussian = (along(rows, 1) * strength).reshaped([count, height, 1]) * along(columns, 0).reshaped([count, 1, width])
        return gaussian.reshaped([count, height * width])
    }
}

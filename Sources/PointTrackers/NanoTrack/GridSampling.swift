import NeuralGraph
import TensorFiles

/// Bilinear samples of a map on a square of offsets around each point, by gathering the cells that all of them need
/// (docs/models/nano-track.md, "Sampling").
struct GridSampling {
    /// Cells gathered per side; one less samples come out.
    private let side: Int
    private let points: Int
    /// Flat cell indices, N x side^2.
    let cells: Value
    private let fractionX: Value
    private let fractionY: Value

    /// - Parameters:
    ///   - positions: N x 2 in input pixels.
    ///   - side: cells per side, even; samples lie `stride` apart on `side - 1` squared offsets centred on the point.
    init(positions: Value, stride: Int, side: Int, width: Int, height: Int) {
        self.side = side
        points = positions.shape[0]
        let scaled = positions * (1 / Float(stride)) - 0.5
        let corner = scaled.floor()
        let fraction = scaled - corner
        fractionX = fraction.sliced(axis: 1, 0..<1)
        fractionY = fraction.sliced(axis: 1, 1..<2)
        let offsets = positions.graph.constant(
            Tensor(shape: [1, side], (0..<side).map { Float($0 - (side - 2) / 2) }), name: "offsets:\(side)")
        let columns = (corner.sliced(axis: 1, 0..<1) + offsets).clamped(min: 0, max: Float(width - 1))
        let rows = (corner.sliced(axis: 1, 1..<2) + offsets).clamped(min: 0, max: Float(height - 1))
        cells = (rows.reshaped([points, side, 1]) * Float(width) + columns.reshaped([points, 1, side])).reshaped([points, side * side])
            .asIndices()
    }

    /// Blends gathered cells (N x side^2 x C) to samples (N x (side-1)^2 x C), row by row.
    func blend(_ gathered: Value) -> Value {
        let channels = gathered.shape[2]
        let square = gathered.reshaped([points, side, side, channels])
        let y = fractionY.reshaped([points, 1, 1, 1])
        let x = fractionX.reshaped([points, 1, 1, 1])
        let top = square.sliced(axis: 1, 0..<(side - 1))
        let rows = top + y * (square.sliced(axis: 1, 1..<side) - top)
        let left = rows.sliced(axis: 2, 0..<(side - 1))
        return (left + x * (rows.sliced(axis: 2, 1..<side) - left)).reshaped([points, (side - 1) * (side - 1), channels])
    }
}

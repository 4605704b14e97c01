import NeuralGraph
import TensorFiles

/// Cells of the stride-8 grid around one of its cells, for each point its own: as many for all, moved inside the grid at its borders
/// (docs/models/nano-track.md, "Step").
struct SearchWindow {
    /// Cells a side, where the grid has as many.
    private static let side = 24

    let width: Int
    let height: Int
    /// N x width and N x height.
    let columns: Value
    let rows: Value
    /// Flat indices into the grid, N x (height x width).
    let cells: Value

    /// - Parameters:
    ///   - cell: N x 1, flat indices as floats.
    ///   - width: of the grid.
    init(around cell: Value, width gridWidth: Int, height gridHeight: Int) {
        width = min(Self.side, gridWidth)
        height = min(Self.side, gridHeight)
        let (row, column) = cell.rowAndColumn(ofCellsAcross: gridWidth)
        func cells(around center: Value, _ side: Int, _ limit: Int) -> Value {
            let start = (center - Float(side / 2)).clamped(min: 0, max: Float(limit - side))
            return start + cell.graph.indices(side)
        }
        columns = cells(around: column, width, gridWidth)
        rows = cells(around: row, height, gridHeight)
        let count = cell.shape[0]
        self.cells = (rows.reshaped([count, height, 1]) * Float(gridWidth) + columns.reshaped([count, 1, width]))
            .reshaped([count, height * width]).asIndices()
    }

    /// N x height x width: 1 within 2.5 cells of a cell of the window, whose column and row in it are N x 1 each.
    func disk(column: Value, row: Value) -> Value {
        func distances(_ side: Int, _ center: Value) -> Value { (column.graph.indices(side) - center).squared() }
        let count = column.shape[0]
        let squared = distances(height, row).reshaped([count, height, 1]) + distances(width, column).reshaped([count, 1, width])
        return (squared < 6.3).asFloat()
    }
}

extension Value {
    /// Where cells are, of flat indices as floats.
    func rowAndColumn(ofCellsAcross width: Int) -> (row: Value, column: Value) {
        let row = ((self + 0.5) * (1 / Float(width))).floor()
        return (row, self - row * Float(width))
    }
}

extension Graph {
    /// 1 x count: 0, 1, 2 ...
    func indices(_ count: Int) -> Value {
        constant(Tensor(shape: [1, count], (0..<count).map(Float.init)), name: "indices:\(count)")
    }
}

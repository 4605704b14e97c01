import NeuralGraph
import TensorFiles

/// The attention of SAM's vision transformer: within windows or to everything, with learned relative positions in both axes.
struct ViTAttention {
    private let qkv, projection: Linear
    private let rows, columns: Table
    private let width, heads, side: Int

    private var headWidth: Int { width / heads }
    private var isGlobal: Bool { side == SAMInputGrid.cells }

    init(_ weights: Weights, width: Int, heads: Int, side: Int) throws {
        (self.width, self.heads, self.side) = (width, heads, side)
        qkv = try Linear(weights["qkv"], from: width, to: 3 * width)
        projection = try Linear(weights["proj"], from: width, to: width)
        rows = try Table(weights, "rel_pos_h", shape: [2 * side - 1, width / heads])
        columns = try Table(weights, "rel_pos_w", shape: [2 * side - 1, width / heads])
    }

    /// - Parameter x: (rows columns) x width.
    func callAsFunction(_ x: Value, rows: Int, columns: Int, tap: GraphTap) -> Value {
        if isGlobal {
            let attended = attention(x.reshaped([1, rows * columns, width]), headsAtOnce: 4)
            tap("") { projection(attended).reshaped([1, rows, columns, width]) }
            return projection(attended.reshaped([rows * columns, width]))
        }
        // Positions that fill up the last windows take part: they attend and are attended to.
        let attended = attention(x.reshaped([1, rows, columns, width]).cutIntoWindows(side), headsAtOnce: heads)
        tap("") { projection(attended).reshaped([attended.shape[0], side, side, width]) }
        return projection(attended.joinedWindows(side, rows: rows, columns: columns).reshaped([rows * columns, width]))
    }

    /// - Parameters:
    ///   - x: windows x positions x width.
    ///   - headsAtOnce: bounds the memory: relative positions are a number for each pair of positions and each of these heads.
    private func attention(_ x: Value, headsAtOnce: Int) -> Value {
        let (windows, count) = (x.shape[0], side * side)
        let parts = stride(from: 0, to: heads, by: headsAtOnce).map { first in
            let some = min(headsAtOnce, heads - first)
            // The parts of the weight are cut while the network is compiled; cutting their results would copy them in every run.
            func part(_ index: Int) -> Value {
                let start = index * width + first * headWidth
                return qkv.part(outputs: start..<(start + some * headWidth), x).reshaped([windows, count, some, headWidth])
            }
            let queries = part(0)
            return queries.attending(to: part(1), part(2), bias: relativePositions(queries)).reshaped([windows, count, some * headWidth])
        }
        return parts.count == 1 ? parts[0] : .concatenate(parts, axis: 2)
    }

    /// The row of a table of relative positions for each query and key of one axis.
    static func relativeRows(_ side: Int) -> [Int] {
        (0..<side).flatMap { query in (0..<side).map { key in query - key + side - 1 } }
    }

    /// What relative positions add to each pair of a query and a key: windows x heads x queries x keys.
    /// - Parameter queries: windows x positions x heads x head width, not scaled.
    private func relativePositions(_ queries: Value) -> Value {
        let (windows, heads) = (queries.shape[0], queries.shape[2])
        // Tables by the query's row (column) and the key's: side x head width x side.
        func table(_ table: Table) -> Value {
            table(rows: Self.relativeRows(side), shape: [side, side], in: queries.graph).transposed()
        }
        let byRow = queries.reshaped([windows, side, side * heads, headWidth]).matmul(table(rows))
            .reshaped([windows, side * side, heads, side]).transposed([0, 2, 1, 3])
        let byColumn = queries.reshaped([windows * side, side, heads, headWidth]).matmul(table(columns))
            .reshaped([windows, side * side, heads, side]).transposed([0, 2, 1, 3])
        let pairs = [windows, heads, side * side, side * side]
        return (byRow.insertingAxis(4) + byColumn.insertingAxis(3)).reshaped(pairs)
    }
}

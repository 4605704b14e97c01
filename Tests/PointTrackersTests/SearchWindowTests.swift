import Inference
import InferenceOpenVINO
import NeuralGraph
import TensorFiles
import Testing

@testable import PointTrackers

/// The cells that the built-in tracker looks closely at.
struct SearchWindowTests {
    /// The window around each of some cells (column, row) of a grid: its columns, rows and cells.
    private func windows(around cells: [(Int, Int)], width: Int, height: Int) throws -> [(columns: [Int], rows: [Int], cells: [Int])] {
        let graph = Graph("window")
        let window = SearchWindow(around: graph.input("cell", shape: [cells.count, 1]), width: width, height: height)
        graph.output("columns", window.columns)
        graph.output("rows", window.rows)
        graph.output("cells", window.cells.asFloat())
        let network = try OpenVINOEngine(.init(cacheFolder: nil)).compile(key: "window", precision: .float32) { try graph.model() }
        let flat = Tensor(shape: [cells.count, 1], cells.map { Float($0.1 * width + $0.0) })
        let outputs = try network(["cell": flat])
        func rows(_ name: String) throws -> [[Int]] {
            let tensor = try #require(outputs[name])
            let size = tensor.count / cells.count
            return cells.indices.map { tensor.values[($0 * size)..<(($0 + 1) * size)].map { Int($0) } }
        }
        let (columns, rowsOfCells, all) = (try rows("columns"), try rows("rows"), try rows("cells"))
        return cells.indices.map { (columns[$0], rowsOfCells[$0], all[$0]) }
    }

    @Test func staysInsideTheGrid() throws {
        let found = try windows(around: [(40, 22), (0, 0), (79, 43), (5, 40)], width: 80, height: 44)
        #expect(found.map { $0.columns.first } == [28, 0, 56, 0])
        #expect(found.map { $0.rows.first } == [10, 0, 20, 20])
        for window in found {
            #expect(window.columns.count == 24 && window.rows.count == 24)
            #expect(window.cells == window.rows.flatMap { row in window.columns.map { row * 80 + $0 } })
        }
    }

    @Test func isTheGridWhereThatIsSmaller() throws {
        let window = try windows(around: [(19, 3)], width: 20, height: 12)[0]
        #expect(window.columns == Array(0..<20) && window.rows == Array(0..<12) && window.cells == Array(0..<240))
    }
}

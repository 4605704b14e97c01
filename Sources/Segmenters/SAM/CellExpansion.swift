import NeuralGraph
import TensorFiles

/// A transposed convolution 2 x 2 with stride 2 on cells with channels last: every cell becomes four, each by a product of its
/// own, so that nothing has to be rearranged. Reads `weight` (in x out x 2 x 2) and `bias`.
///
/// The four new cells follow each other in place of the old one, so cells are in the order of a quadtree:
/// `CellOrder` brings them into rows.
struct CellExpansion {
    private let weight, bias: Table
    private let inputs, outputs: Int

    init(_ weights: Weights, from inputs: Int, to outputs: Int) throws {
        (self.inputs, self.outputs) = (inputs, outputs)
        weight = try Table(weights, "weight", shape: [inputs, outputs, 2, 2])
        bias = try Table(weights, "bias", shape: [outputs])
    }

    /// From batch x cells x inputs to batch x 4 cells x outputs.
    func callAsFunction(_ x: Value) -> Value {
        let matrix = weight(in: x.graph).transposed([0, 2, 3, 1]).reshaped([inputs, 4 * outputs])
        let bias = bias(in: x.graph).reshaped([1, outputs]).expanded([4, outputs]).reshaped([4 * outputs])
        return (x.matmul(matrix) + bias).reshaped([x.shape[0], 4 * x.shape[1], outputs])
    }
}

/// Two transposed convolutions with a normalisation between them: from cells to 16 times as many.
struct TwofoldExpansion {
    private let first, second: CellExpansion
    private let norm: LayerNorm

    /// - Parameter weights: layers 0 (convolution), 1 (normalisation) and 3 (convolution).
    init(_ weights: Weights, from inputs: Int, by middle: Int, to outputs: Int = 32) throws {
        first = try CellExpansion(weights[0], from: inputs, to: middle)
        norm = try LayerNorm(weights[1], size: middle, epsilon: 1e-6)
        second = try CellExpansion(weights[3], from: middle, to: outputs)
    }

    /// From batch x cells x inputs to batch x 16 cells x outputs, in the order of a quadtree.
    func callAsFunction(_ x: Value) -> Value { second(norm(first(x)).gelu()) }
}

extension Value {
    /// Maps whose cells are in the order of `TwofoldExpansion` as rows of pixels: from batch x cells to batch x 1 x 256 x 256, and from
    /// batch x cells x channels to batch x channels x 256 x 256.
    func quadtreeCellsAsRows() -> Value {
        let (batch, side) = (shape[0], SAMInputGrid.maskSide)
        let tree = [batch, side / 4, side / 4, 2, 2, 2, 2]
        if rank == 2 { return reshaped(tree).transposed([0, 1, 3, 5, 2, 4, 6]).reshaped([batch, 1, side, side]) }
        // Channels stay last in memory, as engines want them.
        return reshaped(tree + [shape[2]]).transposed([0, 1, 3, 5, 2, 4, 6, 7]).reshaped([batch, side, side, shape[2]])
            .transposed([0, 3, 1, 2])
    }
}

import NeuralGraph
import TensorFiles

/// A convolution with kernel 1 along points, as a matrix product over the last axis; reads `weight` (out x in x 1) and `bias`.
struct PointwiseLayer: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let key: String

    /// - Parameters:
    ///   - outputOrder: which published output becomes which; nil: all in order.
    ///   - inputOrder: likewise for inputs.
    ///   - statistics: those of a batch normalisation that follows, which becomes part of the layer; nil: none follows.
    init(
        _ weights: Weights, from inputs: Int, to outputs: Int, outputOrder: [Int]? = nil, inputOrder: [Int]? = nil,
        statistics: Weights? = nil
    ) throws {
        key = weights.prefix
        var matrix = try weights.tensor("weight", shape: [outputs, inputs, 1]).reshaped([outputs, inputs])
        var offset = try weights.tensor("bias", shape: [outputs])
        if outputOrder != nil || inputOrder != nil {
            let (published, publishedOffset) = (matrix.values, offset.values)
            let (rows, columns) = (outputOrder ?? Array(0..<outputs), inputOrder ?? Array(0..<inputs))
            matrix = Tensor(shape: [outputs, inputs]) { target in
                for (i, row) in rows.enumerated() {
                    for (j, column) in columns.enumerated() { target[i * inputs + j] = published[row * inputs + column] }
                }
            }
            offset = Tensor(shape: [outputs], rows.map { publishedOffset[$0] })
        }
        if let statistics {
            let mean = try statistics.tensor("running_mean", shape: [outputs]).values
            let variance = try statistics.tensor("running_var", shape: [outputs]).values
            let scale = try statistics.tensor("weight", shape: [outputs]).values
            let shift = try statistics.tensor("bias", shape: [outputs]).values
            for i in 0..<outputs {
                let factor = scale[i] / (variance[i] + 1e-5).squareRoot()
                matrix.withUnsafeMutableBuffer { for j in 0..<inputs { $0[i * inputs + j] *= factor } }
                offset.withUnsafeMutableBuffer { $0[i] = ($0[i] - mean[i]) * factor + shift[i] }
            }
        }
        (weight, bias) = (matrix, offset)
    }

    func callAsFunction(_ x: Value) -> Value {
        x.matmul(x.graph.constant(weight, name: key + "weight").transposed()) + x.graph.constant(bias, name: key + "bias")
    }
}

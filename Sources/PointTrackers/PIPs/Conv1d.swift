import NeuralGraph
import TensorFiles

/// A one-dimensional convolution over the last axis of N x C x 1 x L, zeros around keeping its length; reads `weight` (out x in x k) and
/// `bias`.
struct Conv1d: Sendable {
    private let weight, bias: Tensor
    private let key: String

    init(_ weights: Weights, from inputs: Int, to outputs: Int, kernel: Int) throws {
        weight = try weights.tensor("weight", shape: [outputs, inputs, kernel]).reshaped([outputs, inputs, 1, kernel])
        bias = try weights.tensor("bias", shape: [outputs])
        key = weights.prefix
    }

    func callAsFunction(_ x: Value) -> Value {
        let padding = weight.shape[3] / 2
        return x.convolved(
            with: x.graph.constant(weight, name: key + "weight"), bias: x.graph.constant(bias, name: key + "bias"),
            padding: Padding(top: 0, left: padding, bottom: 0, right: padding))
    }
}

import NeuralGraph
import TensorFiles

/// TAPIR's refinement: a mixer whose depthwise convolutions over time connect neighbouring frames of one point.
struct TAPIRMixer: Sendable {
    static let outputs = 4 + TAPIRNetwork.channels
    private static let width = 512

    let inputs: Int
    private let first: Linear
    private let blocks: [Block]
    private let norm: LayerNorm
    private let last: Linear

    init(_ weights: Weights, inputs: Int) throws {
        self.inputs = inputs
        first = try Linear(weights["linear"], from: inputs, to: Self.width)
        blocks = try (0..<12).map { try Block(weights["blocks"][$0], width: Self.width) }
        norm = try LayerNorm(weights["layer_norm"], size: Self.width, bias: false)
        last = try Linear(weights["linear_1"], from: Self.width, to: Self.outputs)
    }

    /// Inputs: `tokens` (points x frames x inputs), `mask` (1 x 1 x frames x 1: 1 for frames of the clip, 0 for padding after it).
    /// Output: `updates` (points x frames x 388): of x, y, occlusion, expected distance, and features.
    func model(points: Int, frames: Int) throws -> ONNXModel {
        let graph = Graph("tapir-mixer")
        let tokens = graph.input("tokens", shape: [points, frames, inputs])
        let mask = graph.input("mask", shape: [1, 1, frames, 1])
        var x = first(tokens)
        for block in blocks { x = block(x, mask: mask) }
        graph.output("updates", last(norm(x)))
        return try graph.model()
    }

    private struct Block: Sendable {
        private let width: Int
        private let key: String
        private let norms: (LayerNorm, LayerNorm)
        /// Each channel becomes four, which are added up again after the second convolution: four branches of depthwise convolutions.
        private let branches: [(first: Kernel, second: Kernel)]
        private let widening: Linear
        private let narrowing: Linear

        private struct Kernel: Sendable {
            let weight: Tensor
            let bias: Tensor
        }

        init(_ weights: Weights, width: Int) throws {
            self.width = width
            key = weights.prefix
            norms = (
                try LayerNorm(weights["layer_norm"], size: width, bias: false),
                try LayerNorm(weights["layer_norm_1"], size: width, bias: false)
            )
            let first = try Self.branches(weights["mlp1_up"], width: width)
            let second = try Self.branches(weights["mlp1_up_1"], width: width)
            branches = zip(first, second).map { ($0, $1) }
            widening = try Linear(weights["conv_channels_mixer"]["mlp2_up"], from: width, to: 4 * width)
            narrowing = try Linear(weights["conv_channels_mixer"]["mlp2_down"], from: 4 * width, to: width)
        }

        private static func branches(_ weights: Weights, width: Int) throws -> [Kernel] {
            let weight = try weights.tensor("weight", shape: [4 * width, 1, 3]).values
            let bias = try weights.tensor("bias", shape: [4 * width]).values
            return (0..<4).map { branch in
                let channels = stride(from: branch, to: 4 * width, by: 4)
                return Kernel(
                    weight: Tensor(shape: [width, 1, 3, 1], channels.flatMap { weight[(3 * $0)..<(3 * $0 + 3)] }),
                    bias: Tensor(shape: [width], channels.map { bias[$0] }))
            }
        }

        func callAsFunction(_ x: Value, mask: Value) -> Value {
            let (points, frames) = (x.shape[0], x.shape[1])
            let along = norms.0(x).transposed([0, 2, 1]).reshaped([points, width, frames, 1]) * mask
            var sum: Value?
            for (index, branch) in branches.enumerated() {
                let hidden = convolved(along, branch.first, "up.\(index)").geluApproximated() * mask
                let part = convolved(hidden, branch.second, "up_1.\(index)")
                sum = sum.map { $0 + part } ?? part
            }
            var x = x
            if let sum { x = x + sum.reshaped([points, width, frames]).transposed([0, 2, 1]) }
            return x + narrowing(widening(norms.1(x)).geluApproximated())
        }

        private func convolved(_ x: Value, _ kernel: Kernel, _ name: String) -> Value {
            x.convolved(
                with: x.graph.constant(kernel.weight, name: "\(key)\(name).weight"),
                bias: x.graph.constant(kernel.bias, name: "\(key)\(name).bias"), padding: Padding(top: 1, left: 0, bottom: 1, right: 0),
                groups: width)
        }
    }
}

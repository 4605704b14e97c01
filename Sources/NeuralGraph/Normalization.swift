import TensorFiles

extension Value {
    /// `(x - mean) / sqrt(variance + epsilon)` over `axes`, with the population's variance.
    public func standardized(_ axes: [Int], epsilon: Float) -> Value {
        let centered = self - mean(axes)
        return centered / (centered.squared().mean(axes) + epsilon).sqrt()
    }

    /// Layer normalisation over the last axis without learned numbers.
    public func layerNormalized(epsilon: Float) -> Value {
        precondition(rank > 0 && type == .float32, "layer normalisation of \(shape)")
        let size = shape[rank - 1]
        return graph.node(
            "LayerNormalization", [self, graph.constant(Tensor(shape: [size], repeating: 1), name: "ones:layer:\(size)")], shape: shape,
            attributes: [.int("axis", -1), .float("epsilon", epsilon)])
    }
}

/// Layer normalisation over the last axis; reads `weight` and, unless told otherwise, `bias`.
public struct LayerNorm: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let key: String
    private let epsilon: Float

    public init(_ weights: Weights, size: Int, epsilon: Float = 1e-5, bias hasBias: Bool = true) throws {
        weight = try weights.tensor("weight", shape: [size])
        bias = hasBias ? try weights.tensor("bias", shape: [size]) : Tensor(shape: [size])
        key = weights.prefix
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Value) -> Value {
        precondition(x.shape.last == weight.count, "layer norm \(key) of \(weight.count) channels on \(x.shape)")
        return x.graph.node(
            "LayerNormalization",
            [x, x.graph.constant(weight, name: key + "weight"), x.graph.constant(bias, name: key + "bias")], shape: x.shape,
            attributes: [.int("axis", -1), .float("epsilon", epsilon)])
    }
}

/// Layer normalisation over the channels of N x C x H x W, at each position by itself; reads `weight` and `bias`.
public struct LayerNorm2d: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let key: String
    private let epsilon: Float

    public init(_ weights: Weights, channels: Int, epsilon: Float = 1e-6) throws {
        weight = try weights.tensor("weight", shape: [channels]).reshaped([1, channels, 1, 1])
        bias = try weights.tensor("bias", shape: [channels]).reshaped([1, channels, 1, 1])
        key = weights.prefix
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Value) -> Value {
        precondition(x.rank == 4 && x.shape[1] == weight.count, "layer norm \(key) of \(weight.count) channels on \(x.shape)")
        return x.standardized([1], epsilon: epsilon) * x.graph.constant(weight, name: key + "weight")
            + x.graph.constant(bias, name: key + "bias")
    }
}

/// Normalisation of every channel of every image over its positions, as `InstanceNorm2d` without learned scale.
public struct InstanceNorm2d: Sendable {
    private let epsilon: Float

    public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

    public func callAsFunction(_ x: Value) -> Value {
        precondition(x.rank == 4, "instance norm of \(x.shape)")
        return x.standardized([2, 3], epsilon: epsilon)
    }
}

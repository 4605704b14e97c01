import TensorFiles

/// A two-dimensional convolution; reads `weight` (out x in/groups x k x k) and, unless told otherwise, `bias`. Where the file has it,
/// also `input_range` (2 x in: the least and the largest value of each input channel on typical pictures): a graph that multiplies in
/// eight bits does so in convolutions that have one.
public struct Conv2d: Sendable {
    private let weight: Tensor
    private let bias: Tensor?
    private let key: String
    private let stride: Int
    private let padding: Padding
    private let groups: Int
    private let inputRange: Tensor?

    /// - Parameter padding: nil pads `kernel / 2` on all sides.
    public init(
        _ weights: Weights, from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, padding: Padding? = nil, groups: Int = 1,
        bias hasBias: Bool = true
    ) throws {
        weight = try weights.tensor("weight", shape: [outputs, inputs / groups, kernel, kernel])
        bias = hasBias ? try weights.tensor("bias", shape: [outputs]) : nil
        key = weights.prefix
        self.stride = stride
        self.padding = padding ?? Padding(kernel / 2)
        self.groups = groups
        inputRange = weights.contains("input_range") ? try weights.tensor("input_range", shape: [2, inputs]) : nil
    }

    /// A convolution whose kernel is no square; zeros around the map keep its size.
    public init(_ weights: Weights, from inputs: Int, to outputs: Int, kernelHeight: Int, kernelWidth: Int) throws {
        weight = try weights.tensor("weight", shape: [outputs, inputs, kernelHeight, kernelWidth])
        bias = try weights.tensor("bias", shape: [outputs])
        key = weights.prefix
        (stride, groups, inputRange) = (1, 1, nil)
        padding = Padding(top: kernelHeight / 2, left: kernelWidth / 2, bottom: kernelHeight / 2, right: kernelWidth / 2)
    }

    private init(_ other: Conv2d, weight: Tensor, bias: Tensor?, key: String? = nil, inputRange: Tensor?) {
        (stride, padding, groups) = (other.stride, other.padding, other.groups)
        self.key = key ?? other.key
        (self.weight, self.bias, self.inputRange) = (weight, bias, inputRange)
    }

    public func callAsFunction(_ x: Value) -> Value {
        var (x, kernels) = (x, x.graph.constant(weight, name: key + "weight"))
        if x.graph.multipliesInEightBits, let extremes = inputRange?.values.filter(\.isFinite), let low = extremes.min(),
            let high = extremes.max()
        {
            (x, kernels) = (x.inEightBits(low...high), kernels.weightsInEightBits(weight))
        }
        return x.convolved(
            with: kernels, bias: bias.map { x.graph.constant($0, name: key + "bias") }, stride: stride, padding: padding, groups: groups)
    }

    /// The part of the convolution that reads the input channels `range`, multiplied by `scale`. The parts of all ranges add up to
    /// the convolution of the concatenated inputs, without building the concatenation; one part keeps the bias.
    public func part(inputs range: Range<Int>, scale: Float = 1, withBias: Bool) -> Conv2d {
        let (outputs, inputs, area) = (weight.shape[0], weight.shape[1], weight.shape[2] * weight.shape[3])
        precondition(groups == 1 && range.lowerBound >= 0 && range.upperBound <= inputs, "channels \(range) of \(key) \(weight.shape)")
        let kept = weight.withUnsafeBuffer { all in
            (0..<outputs).flatMap { o in
                all[((o * inputs + range.lowerBound) * area)..<((o * inputs + range.upperBound) * area)].map { $0 * scale }
            }
        }
        return Conv2d(
            self, weight: Tensor(shape: [outputs, range.count] + weight.shape[2...], kept),
            bias: withBias ? bias : Tensor(shape: [outputs]), key: "\(key)\(range).",
            inputRange: inputRange.map { extremes in
                Tensor(shape: [2, range.count], [0, 1].flatMap { row in range.map { extremes.values[row * inputs + $0] / scale } })
            })
    }

    /// A convolution to one channel, as a depthwise convolution whose channels are summed: engines pad a single output channel to
    /// a whole vector of them, which here is never multiplied. In bfloat16 the summands would be rounded: this is for float32.
    public func summingDepthwise(_ x: Value) -> Value {
        let inputs = weight.shape[1]
        precondition(weight.shape[0] == 1 && groups == 1, "\(key) has \(weight.shape[0]) output channels")
        let kernels = x.graph.constant(weight.reshaped([inputs, 1] + weight.shape[2...]), name: key + "weight.depthwise")
        let ones = x.graph.constant(Tensor(shape: [1, inputs, 1, 1], repeating: 1), name: "ones:\(inputs)")
        return x.convolved(with: kernels, bias: nil, stride: stride, padding: padding, groups: inputs)
            .convolved(with: ones, bias: bias.map { x.graph.constant($0, name: key + "bias") })
    }

    /// The convolution followed by `(y - mean) / sqrt(variance + epsilon) * scale + shift` per channel, as one convolution.
    public func folding(mean: Tensor, variance: Tensor, epsilon: Float, scale: Tensor? = nil, shift: Tensor? = nil) -> Conv2d {
        let (means, variances, shifts) = (mean.values, variance.values, shift?.values)
        var scales = variances.map { 1 / ($0 + epsilon).squareRoot() }
        if let scale { scales = zip(scales, scale.values).map { $0 * $1 } }
        var (weight, bias) = (weight, bias ?? Tensor(shape: [weight.shape[0]]))
        let perChannel = weight.count / max(1, scales.count)
        weight.withUnsafeMutableBuffer { for i in 0..<$0.count { $0[i] *= scales[i / perChannel] } }
        bias.withUnsafeMutableBuffer { for i in 0..<$0.count { $0[i] = ($0[i] - means[i]) * scales[i] + (shifts?[i] ?? 0) } }
        return Conv2d(self, weight: weight, bias: bias, inputRange: inputRange)
    }
}

/// `y = x W^T + b` over the last axis; reads `weight` (out x in) and `bias`.
public struct Linear: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let key: String

    public init(_ weights: Weights, from inputs: Int, to outputs: Int) throws {
        weight = try weights.tensor("weight", shape: [outputs, inputs])
        bias = try weights.tensor("bias", shape: [outputs])
        key = weights.prefix
    }

    public func callAsFunction(_ x: Value) -> Value {
        // Engines multiply by weights as they are stored: no transposed copy is made.
        x.matmul(weight(in: x.graph).transposed()) + bias(in: x.graph)
    }

    /// `W`, outputs x inputs.
    public func weight(in graph: Graph) -> Value { graph.constant(weight, name: key + "weight") }
    /// `b`, outputs.
    public func bias(in graph: Graph) -> Value { graph.constant(bias, name: key + "bias") }

    /// Some of the outputs, as if they were a layer of their own.
    public func part(outputs range: Range<Int>, _ x: Value) -> Value {
        x.matmul(weight(in: x.graph).sliced(axis: 0, range).transposed()) + bias(in: x.graph).sliced(axis: 0, range)
    }

    /// Some of the outputs in another order, as if they were a layer of their own.
    public func part(outputs: [Int], _ x: Value) -> Value {
        let indices = x.graph.integers(outputs)
        return x.matmul(weight(in: x.graph).gathered(indices).transposed()) + bias(in: x.graph).gathered(indices)
    }
}

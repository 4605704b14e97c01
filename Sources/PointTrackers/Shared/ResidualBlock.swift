import NeuralGraph
import TensorFiles

/// How channels are normalised after a convolution.
enum ChannelNormalization {
    /// Over the picture, without learned numbers.
    case instance
    /// By the statistics below a key (`running_mean`, `running_var`, `weight`, `bias`); becomes part of the convolution.
    case batch(Weights)
    case none
}

/// A convolution with its normalisation.
struct NormalizedConv2d: Sendable {
    private let convolution: Conv2d
    private let normalizes: Bool

    init(
        _ weights: Weights, from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, normalization: ChannelNormalization
    ) throws {
        let convolution = try Conv2d(weights, from: inputs, to: outputs, kernel: kernel, stride: stride)
        switch normalization {
        case .instance: (self.convolution, normalizes) = (convolution, true)
        case .none: (self.convolution, normalizes) = (convolution, false)
        case .batch(let statistics):
            self.convolution = convolution.folding(
                mean: try statistics.tensor("running_mean", shape: [outputs]),
                variance: try statistics.tensor("running_var", shape: [outputs]),
                epsilon: 1e-5, scale: try statistics.tensor("weight", shape: [outputs]),
                shift: try statistics.tensor("bias", shape: [outputs]))
            normalizes = false
        }
    }

    func callAsFunction(_ x: Value) -> Value { normalizes ? InstanceNorm2d()(convolution(x)) : convolution(x) }
}

/// The residual block of PIPs', CoTracker's and RAFT's encoders: `relu(skip + relu(norm(conv(relu(norm(conv(x)))))))`.
struct ResidualBlock: Sendable {
    private let conv1, conv2: NormalizedConv2d
    private let downsample: NormalizedConv2d?

    /// - Parameter batchNormalized: whether statistics lie at `norm1`, `norm2` and, where `stride` is not 1, `downsample.1`; otherwise
    ///   every picture's own are used.
    init(_ weights: Weights, from inputs: Int, to outputs: Int, stride: Int = 1, batchNormalized: Bool = false) throws {
        func normalization(_ key: String) -> ChannelNormalization { batchNormalized ? .batch(weights[key]) : .instance }
        conv1 = try NormalizedConv2d(
            weights["conv1"], from: inputs, to: outputs, kernel: 3, stride: stride, normalization: normalization("norm1"))
        conv2 = try NormalizedConv2d(weights["conv2"], from: outputs, to: outputs, kernel: 3, normalization: normalization("norm2"))
        downsample =
            stride == 1
            ? nil
            : try NormalizedConv2d(
                weights["downsample"][0], from: inputs, to: outputs, kernel: 1, stride: stride, normalization: normalization("downsample.1")
            )
    }

    func callAsFunction(_ x: Value) -> Value {
        let y = conv2(conv1(x).relu()).relu()
        return ((downsample.map { $0(x) } ?? x) + y).relu()
    }
}

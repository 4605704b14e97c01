import NeuralGraph
import TensorFiles

/// RAFT's encoder of a picture: a cell of features for every 8 x 8 pixels. Two of them with weights of their own look at a frame:
/// `fnet` makes what is compared between frames, `cnet` what the update reads of the first frame.
struct RAFTEncoder {
    /// What follows the convolutions of an encoder.
    private enum Normalization {
        case instance, batch, none

        func callAsFunction(_ statistics: Weights) -> ChannelNormalization {
            switch self {
            case .instance: .instance
            case .batch: .batch(statistics)
            case .none: .none
            }
        }
    }

    private let conv1: NormalizedConv2d
    private let layers: [Block]
    private let conv2: Conv2d

    /// The encoder of what is compared.
    /// - Parameter weights: those at `fnet`.
    static func features(_ weights: Weights, _ form: RAFTArchitecture) throws -> RAFTEncoder {
        try RAFTEncoder(weights, form, to: form.features, normalization: .instance)
    }

    /// The encoder of hidden state and context.
    /// - Parameter weights: those at `cnet`.
    static func context(_ weights: Weights, _ form: RAFTArchitecture) throws -> RAFTEncoder {
        try RAFTEncoder(weights, form, to: form.hidden + form.context, normalization: form == .large ? .batch : .none)
    }

    private init(_ weights: Weights, _ form: RAFTArchitecture, to outputs: Int, normalization: Normalization) throws {
        let widths = form.widths
        conv1 = try NormalizedConv2d(
            weights["conv1"], from: 3, to: widths[0], kernel: 7, stride: 2, normalization: normalization(weights["norm1"]))
        var layers: [Block] = []
        for layer in 1...3 {
            for index in 0..<2 {
                layers.append(
                    try Block(
                        weights["layer\(layer)"][index], form, from: index == 0 ? widths[layer - 1] : widths[layer], to: widths[layer],
                        stride: index == 0 && layer > 1 ? 2 : 1, normalization: normalization))
            }
        }
        self.layers = layers
        conv2 = try Conv2d(weights["conv2"], from: widths[3], to: outputs, kernel: 1)
    }

    /// 1 x 3 x H x W, -1 to 1, as 1 x outputs x H/8 x W/8.
    func callAsFunction(_ image: Value) -> Value {
        conv2(layers.reduce(conv1(image).relu()) { $1($0) })
    }

    /// A residual block; in the small form with a 3 x 3 convolution between two of 1 x 1, on a quarter of the channels.
    private enum Block {
        case basic(ResidualBlock)
        case bottleneck([NormalizedConv2d], downsample: NormalizedConv2d?)

        init(
            _ weights: Weights, _ form: RAFTArchitecture, from inputs: Int, to outputs: Int, stride: Int, normalization: Normalization
        ) throws {
            if form == .large {
                self = .basic(
                    try ResidualBlock(weights, from: inputs, to: outputs, stride: stride, batchNormalized: normalization == .batch))
                return
            }
            let middle = outputs / 4
            func convolution(_ index: Int, _ from: Int, _ to: Int, kernel: Int, stride: Int = 1) throws -> NormalizedConv2d {
                try NormalizedConv2d(
                    weights["conv\(index)"], from: from, to: to, kernel: kernel, stride: stride,
                    normalization: normalization(weights["norm\(index)"]))
            }
            let convolutions = [
                try convolution(1, inputs, middle, kernel: 1), try convolution(2, middle, middle, kernel: 3, stride: stride),
                try convolution(3, middle, outputs, kernel: 1),
            ]
            let skip = weights["downsample"]
            let downsample =
                stride == 1
                ? nil
                : try NormalizedConv2d(skip[0], from: inputs, to: outputs, kernel: 1, stride: stride, normalization: normalization(skip[1]))
            self = .bottleneck(convolutions, downsample: downsample)
        }

        func callAsFunction(_ x: Value) -> Value {
            switch self {
            case .basic(let block): block(x)
            case .bottleneck(let convolutions, let downsample):
                ((downsample.map { $0(x) } ?? x) + convolutions.reduce(x) { $1($0).relu() }).relu()
            }
        }
    }
}

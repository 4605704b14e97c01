import Media
import NeuralGraph
import TensorFiles

/// The convolutional encoder `fnet` of PIPs, PIPs++ and CoTracker 1 to 3: 128 channels, one cell for `stride` x `stride` pixels.
///
/// Source: github.com/aharley/pips, arXiv:2204.04153.
struct FeatureEncoder: Sendable {
    static let channels = 128

    private let conv1, conv2: NormalizedConv2d
    private let conv3: Conv2d
    /// `conv2` for maps that are smaller than the result.
    private let enlarged: EnlargedConvolution
    private let own: Conv2d
    private let layers: [[ResidualBlock]]
    private let stride: Int

    /// - Parameter weights: those at `fnet`.
    init(_ weights: Weights, stride: Int) throws {
        self.stride = stride
        conv1 = try NormalizedConv2d(weights["conv1"], from: 3, to: 64, kernel: 7, stride: 2, normalization: .instance)
        var inputs = 64
        var layers: [[ResidualBlock]] = []
        for (index, outputs) in [64, 96, 128, 128].enumerated() {
            let layer = weights["layer\(index + 1)"]
            layers.append([
                try ResidualBlock(layer[0], from: inputs, to: outputs, stride: index == 0 ? 1 : 2),
                try ResidualBlock(layer[1], from: outputs, to: outputs),
            ])
            inputs = outputs
        }
        self.layers = layers
        conv2 = try NormalizedConv2d(weights["conv2"], from: 416, to: 256, kernel: 3, normalization: .instance)
        enlarged = try EnlargedConvolution(weights["conv2"], from: 416, to: 256)
        own = try Conv2d(weights["conv2"], from: 416, to: 256, kernel: 3)
        conv3 = try Conv2d(weights["conv3"], from: 256, to: Self.channels, kernel: 1)
    }

    /// - Parameters:
    ///   - image: 1 x 3 x height x width, from -1 to 1.
    ///   - enlargesLate: whether maps are enlarged only after the convolution that follows, see `EnlargedConvolution`.
    /// - Returns: 1 x 128 x height/stride x width/stride, fractions cut off.
    func callAsFunction(_ image: Value, enlargesLate: Bool = false, tap: GraphTap = noGraphTap) -> Value {
        let (height, width) = (image.shape[2] / stride, image.shape[3] / stride)
        var x = conv1(image).relu()
        var parts: [Value] = []
        var small: [(map: Value, firstInput: Int)] = []
        var channels = 0
        for (index, layer) in layers.enumerated() {
            for block in layer { x = block(x) }
            let output = x
            tap("fnet.layer\(index + 1)") { output }
            if enlargesLate && x.shape[2] < height && x.shape[3] < width {
                small.append((x, channels))
            } else {
                parts.append(x.shape[2] == height && x.shape[3] == width ? x : x.resized(height: height, width: width, alignment: .corners))
            }
            channels += x.shape[1]
        }
        let all = Value.concatenate(parts, axis: 1)
        guard !small.isEmpty else { return conv3(conv2(all).relu()) }
        // Deeper maps are smaller: those that are left are the first channels.
        let sum = own.part(inputs: 0..<all.shape[1], withBias: true)(all) + enlarged(small, height: height, width: width)
        return conv3(InstanceNorm2d()(sum).relu())
    }

    /// The name of a level among the outputs of `model`.
    static func levelName(_ level: Int) -> String { "level\(level)" }

    /// The sides of each level of the maps of an input; nil where one would be empty.
    static func levelSizes(input: ImageSize, stride: Int, levels: Int) -> [ImageSize]? {
        let sizes = (0..<levels).map { ImageSize(width: (input.width / stride) >> $0, height: (input.height / stride) >> $0) }
        return sizes.allSatisfy { $0.width > 0 && $0.height > 0 } ? sizes : nil
    }

    /// The encoder with its pyramid. Input: `image`. Outputs: `level0`, `level1`, ..., each cells x 128, row by row.
    /// - Parameters:
    ///   - weights: those at `fnet`.
    ///   - normalizes: whether vectors are divided by their lengths (before they are averaged), as CoTracker 3 does.
    ///   - enlargesLate: as of `callAsFunction`.
    /// - Precondition: no level is empty.
    static func model(
        _ weights: Weights, input: ImageSize, stride: Int, levels: Int, normalizes: Bool = false, enlargesLate: Bool = false
    ) throws -> ONNXModel {
        let graph = Graph("feature-encoder")
        let encoder = try FeatureEncoder(weights, stride: stride)
        var map = encoder(graph.input("image", shape: [1, 3, input.height, input.width]), enlargesLate: enlargesLate)
        if normalizes { map = map / map.squared().sum([1]).clamped(min: 1e-12).sqrt() }
        for level in 0..<levels {
            if level > 0 { map = map.averagePooled(2) }
            graph.output(levelName(level), map.channelsLast().reshaped([-1, channels]))
        }
        return try graph.model()
    }
}

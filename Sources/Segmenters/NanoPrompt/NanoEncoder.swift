import Media
import NeuralGraph
import TensorFiles

/// The graph of the built-in image encoder: EfficientNet-Lite0 without its head and a small feature pyramid
/// (docs/models/nano-prompt.md, "Encoder body" and "Feature pyramid").
struct NanoEncoder {
    private let body: EfficientNetLite0
    private let l32, g32, l16, o16, d8, l8, o8, l4, s4, d4, o4, embedding: Conv2d

    init(_ weights: Weights) throws {
        body = try EfficientNetLite0(weights["body"])
        l32 = try Conv2d(weights["l32"]["conv"], from: 320, to: 128, kernel: 1)
        g32 = try Conv2d(weights["g32"], from: 320, to: 128, kernel: 1)
        l16 = try Conv2d(weights["l16"]["conv"], from: 112, to: 128, kernel: 1)
        o16 = try Conv2d(weights["o16"]["conv"], from: 128, to: 128, kernel: 3)
        d8 = try Conv2d(weights["d8"]["conv"], from: 128, to: 64, kernel: 1)
        l8 = try Conv2d(weights["l8"]["conv"], from: 40, to: 64, kernel: 1)
        o8 = try Conv2d(weights["o8"]["conv"], from: 64, to: 64, kernel: 3)
        l4 = try Conv2d(weights["l4"]["conv"], from: 24, to: 32, kernel: 3)
        s4 = try Conv2d(weights["s4"]["conv"], from: 16, to: 32, kernel: 3, stride: 2)
        d4 = try Conv2d(weights["d4"]["conv"], from: 64, to: 32, kernel: 1)
        o4 = try Conv2d(weights["o4"]["conv"], from: 32, to: 32, kernel: 3)
        embedding = try Conv2d(weights["emb"], from: 64, to: 64, kernel: 1)
    }

    /// The encoder's maps of a 1 x 3 x H x W input, by their names in the card.
    func callAsFunction(_ image: Value) -> [(name: String, map: Value)] {
        let c = body(image)
        let p32 = l32(c.c32).relu() + g32(c.c32.mean([2, 3]))
        let p16 = o16((l16(c.c16) + p32.upsampled(2)).relu()).relu()
        let p8 = o8((l8(c.c8) + d8(p16).upsampled(2)).relu()).relu()
        let p4 = o4((l4(c.c4) + s4(c.c2) + d4(p8).upsampled(2)).relu()).relu()
        let e = embedding(p8).normalized(axis: 1)
        return [("c4", c.c4), ("p4", p4), ("p8", p8), ("p16", p16), ("e", e)]
    }

    /// The maps that networks read next have channels last, as convolutions keep them; `e` has channels first, as matrix products
    /// of the prompt maps read it.
    /// - Parameter input: the padded input's size, multiples of 32.
    static func model(weights: Weights, input: ImageSize, inEightBits: Bool = false) throws -> ONNXModel {
        let graph = Graph("nano-encoder", multipliesInEightBits: inEightBits)
        let encoder = try NanoEncoder(weights["enc"])
        for (name, map) in encoder(graph.input("image", shape: [1, 3, input.height, input.width])) {
            graph.output(name, name == "e" ? map : map.channelsLast())
        }
        return try graph.model()
    }
}

/// EfficientNet-Lite0's stem and blocks, its batch normalisation folded.
private struct EfficientNetLite0 {
    private let stem: Conv2d
    private let blocks: [InvertedBottleneck]

    init(_ weights: Weights) throws {
        stem = try Conv2d(weights["stem"]["conv"], from: 3, to: 32, kernel: 3, stride: 2, padding: .same(kernel: 3, stride: 2))
        // Kernel, stride, expansion, channels in and out.
        let shapes = [
            (3, 1, 1, 32, 16), (3, 2, 6, 16, 24), (3, 1, 6, 24, 24), (5, 2, 6, 24, 40), (5, 1, 6, 40, 40), (3, 2, 6, 40, 80),
            (3, 1, 6, 80, 80), (3, 1, 6, 80, 80), (5, 1, 6, 80, 112), (5, 1, 6, 112, 112), (5, 1, 6, 112, 112), (5, 2, 6, 112, 192),
            (5, 1, 6, 192, 192), (5, 1, 6, 192, 192), (5, 1, 6, 192, 192), (3, 1, 6, 192, 320),
        ]
        blocks = try shapes.enumerated().map { index, shape in
            try InvertedBottleneck(
                weights["blocks"][index], kernel: shape.0, stride: shape.1, expansion: shape.2, from: shape.3, to: shape.4)
        }
    }

    func callAsFunction(_ image: Value) -> (c2: Value, c4: Value, c8: Value, c16: Value, c32: Value) {
        var x = stem(image).relu6()
        var taps: [Value] = []
        for (index, block) in blocks.enumerated() {
            x = block(x)
            if [0, 2, 4, 10, 15].contains(index) { taps.append(x) }
        }
        return (taps[0], taps[1], taps[2], taps[3], taps[4])
    }
}

/// Expand, depthwise convolution, project; with a skip connection where shapes allow.
private struct InvertedBottleneck {
    private let expand: Conv2d?
    private let depthwise: Conv2d
    private let project: Conv2d
    private let hasSkip: Bool

    init(_ weights: Weights, kernel: Int, stride: Int, expansion: Int, from inputs: Int, to outputs: Int) throws {
        let width = inputs * expansion
        expand = expansion == 1 ? nil : try Conv2d(weights["expand"]["conv"], from: inputs, to: width, kernel: 1)
        depthwise = try Conv2d(
            weights["dw"]["conv"], from: width, to: width, kernel: kernel, stride: stride, padding: .same(kernel: kernel, stride: stride),
            groups: width)
        project = try Conv2d(weights["project"]["conv"], from: width, to: outputs, kernel: 1)
        hasSkip = stride == 1 && inputs == outputs
    }

    func callAsFunction(_ x: Value) -> Value {
        let expanded = expand.map { $0(x).relu6() } ?? x
        let y = project(depthwise(expanded).relu6())
        return hasSkip ? x + y : y
    }
}

extension Padding {
    /// TensorFlow's "SAME" for inputs of even size.
    static func same(kernel: Int, stride: Int) -> Padding {
        guard stride == 2 else { return Padding(kernel / 2) }
        let before = (kernel - 2) / 2
        let after = kernel - 2 - before
        return Padding(top: before, left: before, bottom: after, right: after)
    }
}

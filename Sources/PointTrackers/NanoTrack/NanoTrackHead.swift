import Media
import NeuralGraph
import TensorFiles

/// The graph of the built-in tracker's head: tracking embeddings from the shared encoder's maps, once per frame
/// (docs/models/nano-track.md, "Head").
struct NanoTrackHead {
    /// `a4` and `a8` read concatenations; they are kept as one convolution for each map.
    private let a4c4, a4p4, b4, o4, a8p8, a8e, d8, b8, c8, o8: Conv2d

    init(_ weights: Weights) throws {
        let a4 = try Conv2d(weights["a4"], from: 56, to: 40, kernel: 3)
        a4c4 = a4.part(inputs: 0..<24, scale: 0.1, withBias: false)
        a4p4 = a4.part(inputs: 24..<56, withBias: true)
        b4 = try Conv2d(weights["b4"], from: 40, to: 40, kernel: 3)
        let a8 = try Conv2d(weights["a8"], from: 128, to: 64, kernel: 1)
        a8p8 = a8.part(inputs: 0..<64, withBias: true)
        a8e = a8.part(inputs: 64..<128, scale: 4, withBias: false)
        d8 = try Conv2d(weights["d8"], from: 40, to: 64, kernel: 3, stride: 2)
        b8 = try Conv2d(weights["b8"], from: 64, to: 64, kernel: 3)
        c8 = try Conv2d(weights["c8"], from: 64, to: 64, kernel: 3)
        o4 = try Self.centered(weights, projection: "o4", statistics: "n4", from: 40, to: 32)
        o8 = try Self.centered(weights, projection: "o8", statistics: "n8", from: 64, to: 64)
    }

    private static func centered(
        _ weights: Weights, projection: String, statistics: String, from inputs: Int, to outputs: Int
    ) throws -> Conv2d {
        try Conv2d(weights[projection], from: inputs, to: outputs, kernel: 1).folding(
            mean: weights[statistics].tensor("running_mean", shape: [outputs]),
            variance: weights[statistics].tensor("running_var", shape: [outputs]), epsilon: 1e-5)
    }

    func callAsFunction(c4: Value, p4: Value, p8: Value, e: Value) -> (f4: Value, f8: Value) {
        var x = (a4c4(c4) + a4p4(p4)).relu()
        x = (x + b4(x)).relu()
        var y = (a8p8(p8) + a8e(e) + d8(x)).relu()
        y = (y + c8(b8(y).relu())).relu()
        return (o4(x).normalized(axis: 1), o8(y).normalized(axis: 1))
    }

    /// - Parameter input: the encoder's padded input.
    static func model(weights: Weights, input: ImageSize, inEightBits: Bool = false) throws -> ONNXModel {
        let graph = Graph("nano-track-head", multipliesInEightBits: inEightBits)
        // Maps of the encoder have channels last, but for e.
        func map(_ name: String, _ channels: Int, _ stride: Int) -> Value {
            graph.input(name, shape: [1, input.height / stride, input.width / stride, channels]).channelsFirst()
        }
        let e = graph.input("e", shape: [1, 64, input.height / 8, input.width / 8])
        let head = try NanoTrackHead(weights["head"])
        let (f4, f8) = head(c4: map("c4", 24, 4), p4: map("p4", 32, 4), p8: map("p8", 64, 8), e: e)
        // Rows of channels: what sampling and gathering read.
        graph.output("f4", f4.transposed([0, 2, 3, 1]).reshaped([-1, 32]))
        graph.output("f8", f8.reshaped([64, -1]))
        return try graph.model()
    }
}

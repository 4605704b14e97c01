import Foundation
import Media
import NeuralGraph
import TensorFiles

/// The graph of the built-in segmenter's decoder trunk (docs/models/nano-prompt.md, "Decoder trunk").
///
/// Inputs: the encoder's `p4`, `p8`, `p16` (batch 1) and the prompt maps of K objects.
/// Outputs: `logits` K x 1 x H/4 x W/4 and `iou` K.
struct NanoDecoder {
    private let in8, down, up8, up4, in4, out: Conv2d
    private let r8, r8b, r16a, r16b, r4a, r4b: ResidualBlock
    private let attention: PooledAttention
    private let iou1, iou2: Linear

    init(_ weights: Weights) throws {
        in8 = try Conv2d(weights["in8"]["conv"], from: NanoPromptMaps.channels8, to: 64, kernel: 3)
        r8 = try ResidualBlock(weights["r8"], channels: 64)
        down = try Conv2d(weights["down"]["conv"], from: 64, to: 128, kernel: 3, stride: 2)
        r16a = try ResidualBlock(weights["r16a"], channels: 128)
        attention = try PooledAttention(weights["att"], channels: 128, heads: 4)
        r16b = try ResidualBlock(weights["r16b"], channels: 128)
        up8 = try Conv2d(weights["up8"]["conv"], from: 128, to: 64, kernel: 1)
        r8b = try ResidualBlock(weights["r8b"], channels: 64)
        up4 = try Conv2d(weights["up4"]["conv"], from: 64, to: 32, kernel: 1)
        in4 = try Conv2d(weights["in4"]["conv"], from: 6, to: 32, kernel: 3)
        r4a = try ResidualBlock(weights["r4a"], channels: 32)
        r4b = try ResidualBlock(weights["r4b"], channels: 32)
        out = try Conv2d(weights["out"], from: 32, to: 1, kernel: 3)
        iou1 = try Linear(weights["iou1"], from: 162, to: 64)
        iou2 = try Linear(weights["iou2"], from: 64, to: 1)
    }

    /// - Parameters:
    ///   - maps8, maps4: the prompt maps, K x 20 x H/8 x W/8 and K x 6 x H/4 x W/4.
    func callAsFunction(p4: Value, p8: Value, p16: Value, maps8: Value, maps4: Value) -> (logits: Value, iou: Value) {
        let objects = maps8.shape[0]
        let a8 = r8((p8 + in8(maps8)).relu())
        var a16 = r16a((p16 + down(a8)).relu())
        a16 = r16b(attention(a16))
        let b8 = r8b((a8 + up8(a16).upsampled(2)).relu())
        let b4 = r4b(r4a((p4 + in4(maps4) + up4(b8).upsampled(2)).relu()))
        let logits = out(b4)

        let mask = logits.sigmoid()
        let area = mask.mean([2, 3])
        let foreground = (b4 * mask).mean([2, 3]) / (area + 1e-4)
        let sureness = mask.squared().mean([2, 3]) / (area + 1e-4)
        let features = Value.concatenate([foreground, a16.mean([2, 3]), sureness, area], axis: 1).reshaped([objects, 162])
        let iou = iou2(iou1(features).relu()).sigmoid().reshaped([objects])
        return (logits, iou)
    }

    /// The trunk alone, for prompt maps made by `NanoPromptMaps`. Fit for bfloat16.
    static func trunkModel(weights: Weights, input: ImageSize, objects: Int, inEightBits: Bool = false) throws -> ONNXModel {
        let graph = Graph("nano-decoder-trunk", multipliesInEightBits: inEightBits)
        let inputs = NanoMapInputs(graph: graph, input: input)
        let (logits, iou) = try NanoDecoder(weights["dec"])(
            p4: inputs.p4(), p8: inputs.p8(), p16: inputs.p16(),
            maps8: inputs.map("maps8", NanoPromptMaps.channels8, 8, batch: objects),
            maps4: inputs.map("maps4", NanoPromptMaps.channels4, 4, batch: objects))
        graph.output("logits", logits)
        graph.output("iou", iou)
        return try graph.model()
    }

    /// Prompt maps and trunk in one graph, for a fixed number of objects and of point and memory slots: for float32 only.
    static func model(weights: Weights, input: ImageSize, objects: Int, points: Int, memory: Int) throws -> ONNXModel {
        let graph = Graph("nano-decoder")
        let inputs = NanoMapInputs(graph: graph, input: input)
        let (p4, p8, p16) = (inputs.p4(), inputs.featuresLast(), inputs.p16())
        let maps = inputs.promptMaps(features: p8, objects: objects, points: points, memory: memory)
        let (logits, iou) = try NanoDecoder(weights["dec"])(
            p4: p4, p8: p8.channelsFirst(), p16: p16, maps8: maps.stride8, maps4: maps.stride4)
        graph.output("logits", logits)
        graph.output("iou", iou)
        return try graph.model()
    }
}

/// The decoder's inputs, declared once for all of its graphs.
struct NanoMapInputs {
    let graph: Graph
    /// The encoder's padded input.
    let input: ImageSize

    func map(_ name: String, _ channels: Int, _ stride: Int, batch: Int = 1) -> Value {
        graph.input(name, shape: [batch, channels, input.height / stride, input.width / stride])
    }

    func p4() -> Value { encoderMap("p4", 32, 4) }
    func p8() -> Value { featuresLast().channelsFirst() }
    /// `p8` as the encoder returns it, channels last.
    func featuresLast() -> Value { encoderOutput("p8", 64, 8) }
    func p16() -> Value { encoderMap("p16", 128, 16) }

    private func encoderMap(_ name: String, _ channels: Int, _ stride: Int) -> Value {
        encoderOutput(name, channels, stride).channelsFirst()
    }

    /// A map that the encoder returns with channels last.
    private func encoderOutput(_ name: String, _ channels: Int, _ stride: Int) -> Value {
        graph.input(name, shape: [1, input.height / stride, input.width / stride, channels])
    }

    /// - Parameter features: `p8` with channels last.
    func promptMaps(features: Value, objects: Int, points: Int, memory: Int) -> NanoPromptMaps {
        NanoPromptMaps(
            e: map("e", 64, 8), features: features, points: graph.input("points", shape: [objects, points, 3]),
            previous: map("prev", 1, 4, batch: objects), has: graph.input("has", shape: [objects]),
            memory: graph.input("ref", shape: [objects, memory, 65]), target: graph.input("target", shape: [objects, 66]))
    }
}

/// `relu(x + b(relu(a(x))))`.
private struct ResidualBlock {
    private let a, b: Conv2d

    init(_ weights: Weights, channels: Int) throws {
        a = try Conv2d(weights["a"]["conv"], from: channels, to: channels, kernel: 3)
        b = try Conv2d(weights["b"]["conv"], from: channels, to: channels, kernel: 3)
    }

    func callAsFunction(_ x: Value) -> Value { (x + b(a(x).relu())).relu() }
}

/// Self-attention whose keys and values are average-pooled by 2. No position code: positions come with the prompt maps.
private struct PooledAttention {
    private let norm, q, k, v, o: Conv2d
    private let heads: Int
    private let width: Int

    init(_ weights: Weights, channels: Int, heads: Int) throws {
        norm = try Conv2d(weights["norm"]["conv"], from: channels, to: channels, kernel: 1)
        q = try Conv2d(weights["q"], from: channels, to: channels, kernel: 1)
        k = try Conv2d(weights["k"], from: channels, to: channels, kernel: 1)
        v = try Conv2d(weights["v"], from: channels, to: channels, kernel: 1)
        o = try Conv2d(weights["o"], from: channels, to: channels, kernel: 1)
        self.heads = heads
        width = channels / heads
    }

    func callAsFunction(_ x: Value) -> Value {
        let y = norm(x)
        let z = y.averagePooled(2)
        func split(_ map: Value) -> Value { map.reshaped([map.shape[0], heads, width, map.shape[2] * map.shape[3]]) }
        let scores = split(q(y)).transposed().matmul(split(k(z))) * (1 / Float(width).squareRoot())
        let mixed = scores.softmax(axis: 3).matmul(split(v(z)).transposed()).transposed().reshaped(x.shape)
        return (x + o(mixed)).relu()
    }
}

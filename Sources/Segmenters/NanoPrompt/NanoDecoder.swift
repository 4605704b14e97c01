import Foundation
import Media
import NeuralGraph
import TensorFiles

/// The graph of the built-in segmenter's decoder (docs/models/nano-prompt.md, "Prompt maps" and "Decoder trunk").
///
/// Inputs: the encoder's `p4`, `p8`, `p16`, `e` (batch 1); `points` K x N x 3 = (x, y, label) in input pixels, label 1 positive,
/// 0 negative, -1 unused; `prev` K x 1 x H/4 x W/4 logits of the pass before; `has` K, 1 where `prev` counts; `ref` K x M x 65, the
/// appearance memory with labels as for points. Outputs: `logits` K x 1 x H/4 x W/4 and `iou` K.
struct NanoDecoder {
    private let in8, down, up8, up4, in4, out: Conv2d
    private let r8, r8b, r16a, r16b, r4a, r4b: ResidualBlock
    private let attention: PooledAttention
    private let iou1, iou2: Linear

    init(_ weights: Weights) throws {
        in8 = try Conv2d(weights["in8"]["conv"], from: 18, to: 64, kernel: 3)
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

    func callAsFunction(
        p4: Value, p8: Value, p16: Value, e: Value, points: Value, previous: Value, has: Value, memory: Value
    ) -> (logits: Value, iou: Value) {
        let objects = points.shape[0]
        let maps = PromptMaps(e: e, points: points, previous: previous, has: has, memory: memory, p4: p4, p8: p8)
        let a8 = r8((p8 + in8(maps.stride8)).relu())
        var a16 = r16a((p16 + down(a8)).relu())
        a16 = r16b(attention(a16))
        let b8 = r8b((a8 + up8(a16).upsampled(2)).relu())
        let b4 = r4b(r4a((p4 + in4(maps.stride4) + up4(b8).upsampled(2)).relu()))
        let logits = out(b4)

        let mask = logits.sigmoid()
        let area = mask.mean([2, 3])
        let foreground = (b4 * mask).mean([2, 3]) / (area + 1e-4)
        let sureness = mask.squared().mean([2, 3]) / (area + 1e-4)
        let features = Value.concatenate([foreground, a16.mean([2, 3]), sureness, area], axis: 1).reshaped([objects, 162])
        let iou = iou2(iou1(features).relu()).sigmoid().reshaped([objects])
        return (logits, iou)
    }

    /// A decoder for a fixed number of objects and of point and memory slots.
    static func model(weights: Weights, input: ImageSize, objects: Int, points: Int, memory: Int) throws -> ONNXModel {
        let graph = Graph("nano-decoder")
        let decoder = try NanoDecoder(weights["dec"])
        func map(_ name: String, _ channels: Int, _ stride: Int, batch: Int = 1) -> Value {
            graph.input(name, shape: [batch, channels, input.height / stride, input.width / stride])
        }
        let (logits, iou) = decoder(
            p4: map("p4", 32, 4), p8: map("p8", 64, 8), p16: map("p16", 128, 16), e: map("e", 64, 8),
            points: graph.input("points", shape: [objects, points, 3]), previous: map("prev", 1, 4, batch: objects),
            has: graph.input("has", shape: [objects]), memory: graph.input("ref", shape: [objects, memory, 65]))
        graph.output("logits", logits)
        graph.output("iou", iou)
        return try graph.model()
    }
}

/// The maps that carry points, the previous mask and the appearance memory into the trunk.
private struct PromptMaps {
    let stride8: Value
    let stride4: Value

    init(e: Value, points: Value, previous: Value, has: Value, memory: Value, p4: Value, p8: Value) {
        let (objects, count) = (points.shape[0], points.shape[1])
        let (height, width) = (p8.shape[2], p8.shape[3])
        let cells = height * width
        let label = points.sliced(axis: 2, 2..<3)
        let positive = (label > 0.5).asFloat()
        let negative = (label > -0.5).asFloat() - positive

        let near8 = CellDistances(points: points, width: width, height: height, stride: 8)
        let near4 = CellDistances(points: points, width: p4.shape[3], height: p4.shape[2], stride: 4)
        let grid = [objects, 1, height, width]

        // Matching: cosines between the points' embeddings and every cell's.
        let embeddings = e.reshaped([1, 64, cells])
        let embeddingRows = embeddings.transposed()
        let weights = near8.outer(near8.tent(8)).reshaped([objects, count, cells])
        let similarity = weights.matmul(embeddingRows).normalized(axis: 2).matmul(embeddings)
        let locality = near8.outer(near8.gaussian(48)).reshaped([objects, count, cells])
        let local = (similarity + 1) * locality - 1
        let mean = (similarity * positive).sum([1]) / (positive.sum([1]) + 1e-3)

        let state = has.reshaped([objects, 1, 1, 1])
        let probability = previous.sigmoid() * state
        let probability8 = probability.averagePooled(2)
        let inside = probability8.reshaped([objects, 1, cells])
        func prototype(_ weight: Value) -> Value { weight.matmul(embeddingRows).normalized(axis: 2).matmul(embeddings) }

        let kinds = memory.sliced(axis: 2, 64..<65)
        let memoryPositive = (kinds > 0.5).asFloat()
        let memoryNegative = (kinds > -0.5).asFloat() - memoryPositive
        let remembered = memory.sliced(axis: 2, 0..<64).matmul(embeddings)
        let memoryCount = memoryPositive.sum([1])

        let matches = [
            Self.best(similarity, positive), Self.best(similarity, negative), Self.best(local, positive), Self.best(local, negative), mean,
            prototype(inside), prototype(has.reshaped([objects, 1, 1]) - inside),
            Self.best(remembered, memoryPositive), Self.best(remembered, memoryNegative),
            (remembered * memoryPositive).sum([1]) / (memoryCount + 1e-3), memoryCount.clamped(max: 1).expanded([objects, 1, cells]),
        ]
        let amount = ((positive.sum([1]) + 1).log() * 0.4).reshaped([objects, 1, 1, 1])
        stride8 = Value.concatenate(
            [
                near8.blobs(8, positive), near8.blobs(8, negative), near8.blobs(32, positive), near8.blobs(32, negative),
                probability8 * 2 - state, state.expanded(grid), amount.expanded(grid),
                Value.concatenate(matches, axis: 1).reshaped([objects, matches.count, height, width]),
            ], axis: 1)
        stride4 = Value.concatenate(
            [
                near4.blobs(4, positive), near4.blobs(4, negative), near4.blobs(12, positive), near4.blobs(12, negative),
                probability * 2 - state, state.expanded([objects, 1, p4.shape[2], p4.shape[3]]),
            ], axis: 1)
    }

    /// The largest value over the points of a set, -1 where the set is empty.
    private static func best(_ values: Value, _ set: Value) -> Value {
        (values + (set - 1) * 100).max([1]).clamped(min: -1)
    }
}

/// Distances in input pixels from points (K x N) to the centres of a grid's columns and rows.
private struct CellDistances {
    private let x: Value
    private let y: Value

    init(points: Value, width: Int, height: Int, stride: Int) {
        func centers(_ count: Int) -> Value {
            points.graph.constant(
                Tensor(shape: [1, 1, count], (0..<count).map { (Float($0) + 0.5) * Float(stride) }), name: "centers:\(count)/\(stride)")
        }
        x = centers(width) - points.sliced(axis: 2, 0..<1)
        y = centers(height) - points.sliced(axis: 2, 1..<2)
    }

    func gaussian(_ sigma: Float) -> (x: Value, y: Value) {
        let scale = -1 / (2 * sigma * sigma)
        return ((x.squared() * scale).exp(), (y.squared() * scale).exp())
    }

    /// Weights of bilinear sampling on a grid of the given stride.
    func tent(_ stride: Float) -> (x: Value, y: Value) {
        ((1 - x.abs() * (1 / stride)).clamped(min: 0), (1 - y.abs() * (1 / stride)).clamped(min: 0))
    }

    /// K x N x H x W products of separable weights.
    func outer(_ weights: (x: Value, y: Value)) -> Value {
        let (k, n) = (x.shape[0], x.shape[1])
        return weights.y.reshaped([k, n, y.shape[2], 1]) * weights.x.reshaped([k, n, 1, x.shape[2]])
    }

    /// The sum of Gaussians around the points of a set (K x N x 1), at most 1.
    func blobs(_ sigma: Float, _ set: Value) -> Value {
        let g = gaussian(sigma)
        return (g.y * set).transposed().matmul(g.x).clamped(max: 1).reshaped([x.shape[0], 1, y.shape[2], x.shape[2]])
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

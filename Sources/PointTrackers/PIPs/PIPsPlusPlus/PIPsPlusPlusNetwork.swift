import NeuralGraph
import TensorFiles

/// One iteration of PIPs++ for points that do not influence each other: convolutions over the time of a window say how the positions of a
/// point change.
///
/// Zheng, Harley and others, "PointOdyssey", 2023; <https://github.com/aharley/pips2>.
struct PIPsPlusPlusNetwork {
    static let channels = 128
    /// Windows of 7 x 7 correlations on 4 levels, with each of three templates.
    static let correlations = 3 * 196
    /// Sines and cosines of a step in x and in y, then the two numbers.
    static let embedding = 2 * 64 + 2
    /// Numbers of a point in one frame.
    static let tokenWidth = correlations + embedding
    private static let blockWidths = [128, 128, 128, 256, 256, 512, 512, 1024, 1024]

    private let input: Conv1d
    private let blocks: [Block]
    private let dense: Linear

    /// - Throws: `TensorFileError` naming a tensor that is absent or has another shape.
    init(_ weights: Weights) throws {
        let delta = weights["delta_block"]
        input = try Conv1d(delta["first_block_conv"]["conv"], from: Self.tokenWidth, to: Self.blockWidths[0], kernel: 3)
        blocks = try (0..<8).map { index in
            try Block(delta["basicblock_list"][index], from: Self.blockWidths[index], to: Self.blockWidths[index + 1], isFirst: index == 0)
        }
        dense = try Linear(delta["dense"], from: Self.blockWidths[8], to: 2)
    }

    /// Which frames of a window are real. Networks are compiled for few lengths; behind its last frame a window has empty ones, where
    /// convolutions must find zeros, and which must not count in means over time.
    private struct Frames {
        /// 1 x 1 x 1 x length: 1 for real frames, 0 for others.
        let real: Value
        /// The same divided by the number of real frames.
        let shares: Value

        func normalized(_ x: Value) -> Value {
            let centered = x - (x * shares).sum([3])
            return centered / ((centered.squared() * shares).sum([3]) + 1e-5).sqrt()
        }
    }

    private struct Block {
        private let conv1, conv2: Conv1d
        private let isFirst: Bool
        /// Channels that the input lacks, as zeros before and after its own.
        private let before, after: Int

        init(_ weights: Weights, from inputs: Int, to outputs: Int, isFirst: Bool) throws {
            conv1 = try Conv1d(weights["conv1"]["conv"], from: inputs, to: outputs, kernel: 3)
            conv2 = try Conv1d(weights["conv2"]["conv"], from: outputs, to: outputs, kernel: 3)
            self.isFirst = isFirst
            before = (outputs - inputs) / 2
            after = outputs - inputs - before
        }

        func callAsFunction(_ x: Value, _ frames: Frames) -> Value {
            let y = isFirst ? x : frames.normalized(x).relu()
            let z = conv2(frames.normalized(conv1(y * frames.real)).relu() * frames.real)
            guard before + after > 0 else { return z + x }
            func zeros(_ count: Int) -> Value {
                x.graph.constant(Tensor(shape: [x.shape[0], count, 1, x.shape[3]]), name: "zeros:\(count)")
            }
            return z + .concatenate([zeros(before), x, zeros(after)], axis: 1)
        }
    }

    /// The graph for `count` points in windows of up to `length` frames. Inputs: `tokens` (points x length x `tokenWidth`), `real` (1 x 1 x
    /// 1 x length: 1 for the window's frames, then 0) and `shares` (the same divided by the number of frames). Output: `change` of the
    /// positions (points x length x 2, in cells).
    func model(count: Int, length: Int) throws -> ONNXModel {
        let graph = Graph("pips-plus-plus")
        let tokens = graph.input("tokens", shape: [count, length, Self.tokenWidth])
        let frames = Frames(real: graph.input("real", shape: [1, 1, 1, length]), shares: graph.input("shares", shape: [1, 1, 1, length]))
        var x = input(tokens.transposed([0, 2, 1]).insertingAxis(2)).relu()
        for block in blocks { x = block(x, frames) }
        graph.output("change", dense(x.relu().reshaped([count, -1, length]).transposed([0, 2, 1])))
        return try graph.model()
    }
}

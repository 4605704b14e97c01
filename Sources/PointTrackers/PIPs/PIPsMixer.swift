import NeuralGraph
import TensorFiles

/// One iteration of PIPs for points that do not influence each other: an MLP-Mixer over the 8 frames of a window says how the positions and
/// the features of a point change.
///
/// Harley, Fang and Fragkiadaki, "Particle Video Revisited", 2022; <https://github.com/aharley/pips>.
struct PIPsMixer {
    /// Frames of a window; the weights fix it.
    static let frames = 8
    static let channels = 128
    /// Windows of 7 x 7 correlations on 4 levels.
    static let correlations = 196
    /// Sines and cosines of a displacement in x, in y, and of the time, then the three numbers.
    static let embedding = 3 * 64 + 3
    /// Numbers of a point in one frame: features, correlations, embedding.
    static let tokenWidth = channels + correlations + embedding
    private static let width = 512
    private static let depth = 12

    private let input: Linear
    private let blocks: [Block]
    private let finalNorm: LayerNorm
    private let output: Linear
    private let featureNorm: LayerNorm
    private let featureUpdater, visibility: Linear

    /// - Throws: `TensorFileError` naming a tensor that is absent or has another shape.
    init(_ weights: Weights) throws {
        let mixer = weights["delta_block"]["to_delta"]
        input = try Linear(mixer[0], from: Self.tokenWidth, to: Self.width)
        blocks = try (1...Self.depth).map { try Block(mixer[$0], width: Self.width) }
        finalNorm = try LayerNorm(mixer[Self.depth + 1], size: Self.width)
        output = try Linear(mixer[Self.depth + 3], from: Self.width, to: Self.frames * (Self.channels + 2))
        // A group normalisation with one group.
        featureNorm = try LayerNorm(weights["norm"], size: Self.channels)
        featureUpdater = try Linear(weights["ffeat_updater"][0], from: Self.channels, to: Self.channels)
        visibility = try Linear(weights["vis_predictor"][0], from: Self.channels, to: 1)
    }

    /// Mixes first the frames at every channel, then the channels in every frame.
    private struct Block {
        private let frameNorm, channelNorm: LayerNorm
        private let frames0, frames3: Conv1d
        private let channels0, channels3: Linear

        init(_ weights: Weights, width: Int) throws {
            let (frames, channels) = (weights[0], weights[1])
            frameNorm = try LayerNorm(frames["norm"], size: width)
            frames0 = try Conv1d(frames["fn"][0], from: PIPsMixer.frames, to: 4 * PIPsMixer.frames, kernel: 1)
            frames3 = try Conv1d(frames["fn"][3], from: 4 * PIPsMixer.frames, to: PIPsMixer.frames, kernel: 1)
            channelNorm = try LayerNorm(channels["norm"], size: width)
            channels0 = try Linear(channels["fn"][0], from: width, to: 4 * width)
            channels3 = try Linear(channels["fn"][3], from: 4 * width, to: width)
        }

        /// N x frames x width.
        func callAsFunction(_ x: Value) -> Value {
            let mixed = x + frames3(frames0(frameNorm(x).insertingAxis(2)).gelu()).reshaped(x.shape)
            return mixed + channels3(channels0(channelNorm(mixed)).gelu())
        }
    }

    /// The graph for `count` points. Input: `tokens` (points x 8 x `tokenWidth`). Outputs: `change` of the positions (points x 8 x 2, in
    /// cells), `features` (points x 8 x 128) after the change, and `visibility` (points x 8, logits) by them.
    func model(count: Int, tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("pips-mixer")
        let tokens = graph.input("tokens", shape: [count, Self.frames, Self.tokenWidth])
        var x = input(tokens)
        let first = x
        tap("mixer.in") { first }
        for (index, block) in blocks.enumerated() {
            x = block(x)
            let mixed = x
            tap("mixer.block\(index)") { mixed }
        }
        let changes = output(finalNorm(x).mean([1], keepingDimensions: false)).reshaped([count, Self.frames, Self.channels + 2])
        tap("delta") { changes }
        let features =
            tokens.sliced(axis: 2, 0..<Self.channels)
            + featureUpdater(featureNorm(changes.sliced(axis: 2, 2..<(Self.channels + 2)))).gelu()
        graph.output("change", changes.sliced(axis: 2, 0..<2))
        graph.output("features", features)
        graph.output("visibility", visibility(features).reshaped([count, Self.frames]))
        return try graph.model()
    }
}

import NeuralGraph
import TensorFiles

/// The network of SuperGlue: descriptors of two pictures' key points that know of all others, and how well each pair fits.
///
/// Both pictures go through the same layers as a batch of two. Source: Sarlin, DeTone, Malisiewicz, Rabinovich 2020, arXiv:1911.11763; the
/// published weights' names and shapes.
struct SuperGlue: Sendable {
    static let width = SuperPoint.width
    private static let heads = 4
    private static let depth = 18

    private let encoder: [PointwiseLayer]
    private let layers: [Layer]
    private let projection: PointwiseLayer
    /// How well a key point fits to none of the other picture.
    let binScore: Float

    /// - Parameter weights: those at the root of `superglue_outdoor.pth` or `superglue_indoor.pth`.
    init(_ weights: Weights) throws {
        let widths = [3, 32, 64, 128, 256, Self.width]
        let encoder = weights["kenc"]["encoder"]
        // A convolution, a normalisation and an activation each; the last has the convolution alone.
        self.encoder = try (1..<widths.count).map { i in
            try PointwiseLayer(
                encoder[3 * i - 3], from: widths[i - 1], to: widths[i], statistics: i < widths.count - 1 ? encoder[3 * i - 2] : nil)
        }
        layers = try (0..<Self.depth).map { try Layer(weights["gnn"]["layers"][$0], isCross: $0 % 2 == 1) }
        projection = try PointwiseLayer(weights["final_proj"], from: Self.width, to: Self.width)
        binScore = try weights.tensor("bin_score", shape: []).values[0]
    }

    static func recognises(_ source: any TensorSource) -> Bool {
        source.shape(of: "kenc.encoder.0.weight") == [32, 3, 1] && source.shape(of: "final_proj.weight") == [width, width, 1]
            && source.shape(of: "bin_score") == []
    }

    /// Attention to the key points of the same picture or of the other one, and what follows from it.
    private struct Layer: Sendable {
        private let queries, keys, values, merge, mlp1, mlp2: PointwiseLayer
        private let isCross: Bool

        init(_ weights: Weights, isCross: Bool) throws {
            self.isCross = isCross
            let (width, heads) = (width, heads)
            // Published channels have the head as their fast index; here every head's channels lie together.
            let order = (0..<width).map { $0 % (width / heads) * heads + $0 / (width / heads) }
            let attention = weights["attn"]
            func part(_ index: Int) throws -> PointwiseLayer {
                try PointwiseLayer(attention["proj"][index], from: width, to: width, outputOrder: order)
            }
            (queries, keys, values) = (try part(0), try part(1), try part(2))
            merge = try PointwiseLayer(attention["merge"], from: width, to: width, inputOrder: order)
            mlp1 = try PointwiseLayer(weights["mlp"][0], from: 2 * width, to: 2 * width, statistics: weights["mlp"][1])
            mlp2 = try PointwiseLayer(weights["mlp"][3], from: 2 * width, to: width)
        }

        /// - Parameters:
        ///   - x: 2 x slots x 256.
        ///   - unused: added to the attention scores of slots, 2 x 1 x 1 x slots.
        func callAsFunction(_ x: Value, unused: Value) -> Value {
            let slots = x.shape[1]
            func split(_ y: Value) -> Value { y.reshaped([2, slots, heads, width / heads]) }
            let source = isCross ? SuperGlue.exchanged(x) : x
            let message = split(queries(x)).attending(
                to: split(keys(source)), split(values(source)), bias: isCross ? SuperGlue.exchanged(unused) : unused)
            let merged = merge(message.reshaped([2, slots, width]))
            return x + mlp2(mlp1(.concatenate([x, merged], axis: 2)).relu())
        }
    }

    /// The two pictures in the other order.
    private static func exchanged(_ x: Value) -> Value {
        .concatenate([x.sliced(axis: 0, 1..<2), x.sliced(axis: 0, 0..<1)], axis: 0)
    }

    /// Added to the attention scores of slots without a key point: their weight becomes exactly 0.
    static let unusedSlot: Float = -1e9

    /// Inputs: `keypoints` (2 x slots x 3: x and y around the picture's middle in 0.7 of its longest side, score), `descriptors`
    /// (2 x slots x 256) and `unused` (2 x 1 x 1 x slots: 0, or `unusedSlot`). Output: `described` (2 x slots x 256).
    func model(slots: Int, tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("superglue")
        let unused = graph.input("unused", shape: [2, 1, 1, slots])
        var encoding = graph.input("keypoints", shape: [2, slots, 3])
        for (index, layer) in encoder.enumerated() { encoding = index < encoder.count - 1 ? layer(encoding).relu() : layer(encoding) }
        let encoded = encoding
        tap("keypointEncoding") { encoded }
        var x = graph.input("descriptors", shape: [2, slots, Self.width]) + encoding
        for layer in layers { x = layer(x, unused: unused) }
        graph.output("described", x)
        return try graph.model()
    }

    /// Input: `described`. Output: `scores` (slots x slots): how well each key point of the first picture (rows) fits each of the second.
    /// A network of its own because scores need float32.
    func scoreModel(slots: Int, tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("superglue-scores")
        let projected = projection(graph.input("described", shape: [2, slots, Self.width]))
        tap("finalProj") { projected }
        let (first, second) = (projected.sliced(axis: 0, 0..<1), projected.sliced(axis: 0, 1..<2))
        let products = first.matmul(second.transposed()) / Float(Self.width).squareRoot()
        graph.output("scores", products.reshaped([slots, slots]))
        return try graph.model()
    }
}

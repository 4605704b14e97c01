import NeuralGraph
import TensorFiles

/// One iteration of CoTracker 1's window: from each point's token in each frame, how far its estimate moves and how its features change.
///
/// Source: github.com/facebookresearch/co-tracker (version 1), arXiv:2307.07635.
struct CoTracker1Updater: Sendable {
    static let tokenWidth = FeatureWindow.tokenWidth
    static let width = 384
    private static let depth = 6

    private let inputTransform, flowHead, featureUpdate, visibility: Linear
    private let featureNorm: LayerNorm
    private let timeBlocks, spaceBlocks: [Block]

    /// - Parameter weights: those at the root.
    init(_ weights: Weights) throws {
        let former = weights["updateformer"]
        inputTransform = try Linear(former["input_transform"], from: Self.tokenWidth, to: Self.width)
        timeBlocks = try (0..<Self.depth).map { try Block(former["time_blocks"][$0]) }
        spaceBlocks = try (0..<Self.depth).map { try Block(former["space_blocks"][$0]) }
        flowHead = try Linear(former["flow_head"], from: Self.width, to: 2 + FeatureEncoder.channels)
        // A group normalisation with one group of a vector is a layer normalisation.
        featureNorm = try LayerNorm(weights["norm"], size: FeatureEncoder.channels)
        featureUpdate = try Linear(weights["ffeat_updater"][0], from: FeatureEncoder.channels, to: FeatureEncoder.channels)
        visibility = try Linear(weights["vis_predictor"][0], from: FeatureEncoder.channels, to: 1)
    }

    /// A transformer block: attention, then a two-layer perceptron, both on normalised tokens and added to them.
    private struct Block: Sendable {
        private static let heads = 8
        private let qkv, projection, fc1, fc2: Linear

        init(_ weights: Weights) throws {
            qkv = try Linear(weights["attn"]["qkv"], from: width, to: 3 * width)
            projection = try Linear(weights["attn"]["proj"], from: width, to: width)
            fc1 = try Linear(weights["mlp"]["fc1"], from: width, to: 4 * width)
            fc2 = try Linear(weights["mlp"]["fc2"], from: 4 * width, to: width)
        }

        /// - Parameters:
        ///   - x: tokens x width, point by point, each with all of its frames.
        ///   - unused: nil: attention among the frames of each point; otherwise among the points of each frame, with this added to the
        ///     scores.
        func callAsFunction(_ x: Value, points: Int, frames: Int, unused: Value?) -> Value {
            let normalized = x.layerNormalized(epsilon: 1e-6)
            func part(_ index: Int) -> Value {
                let part = qkv.part(outputs: (index * width)..<((index + 1) * width), normalized)
                    .reshaped([points, frames, Self.heads, width / Self.heads])
                return unused == nil ? part : part.transposed([1, 0, 2, 3])
            }
            var attended = part(0).attending(to: part(1), part(2), bias: unused)
            if unused != nil { attended = attended.transposed([1, 0, 2, 3]) }
            let y = x + projection(attended.reshaped([points * frames, width]))
            return y + fc2(fc1(y.layerNormalized(epsilon: 1e-6)).geluBySigmoid())
        }
    }

    /// See `FeatureWindow.Kind.model`.
    func model(points: Int, frames: Int, tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("cotracker1-updater")
        let count = points * frames
        let unused = graph.input("unused", shape: [1, 1, 1, points])
        let features = graph.input("features", shape: [count, FeatureEncoder.channels])
        var x = inputTransform(graph.input("tokens", shape: [count, Self.tokenWidth]))
        func byPoint(_ x: Value) -> Value { x.reshaped([points, frames, x.shape[1]]) }
        let embedded = x
        tap("embedded") { byPoint(embedded) }
        for (index, (time, space)) in zip(timeBlocks, spaceBlocks).enumerated() {
            x = time(x, points: points, frames: frames, unused: nil)
            let timed = x
            if index == 0 { tap("time") { byPoint(timed) } }
            x = space(x, points: points, frames: frames, unused: unused)
            let spaced = x
            if index == 0 { tap("space") { byPoint(spaced).transposed([1, 0, 2]) } }
        }
        let hidden = x
        tap("hidden") { byPoint(hidden) }
        let change = flowHead(x)
        tap("delta") { byPoint(change) }
        let updated = features + featureUpdate(featureNorm(change.sliced(axis: 1, 2..<change.shape[1]))).gelu()
        graph.output("delta", change.sliced(axis: 1, 0..<2))
        graph.output("updated", updated)
        graph.output("visibility", visibility(updated))
        return try graph.model()
    }

    /// How CoTracker 1 sees a window.
    func window(frames: Int, fingerprint: String, tap: GraphTap?) -> FeatureWindow.Kind {
        FeatureWindow.Kind(
            key: "cotracker1-updater-2-\(fingerprint)\(tap == nil ? "" : "-tapped")", frames: frames, masksFramesPastEnd: true,
            outside: .zeros,
            pairsStates: true, times: (0..<frames).flatMap { SinusoidalEmbedding.position($0, dimension: Self.tokenWidth) }, places: nil
        ) { try model(points: $0, frames: frames, tap: tap ?? noGraphTap) }
    }
}

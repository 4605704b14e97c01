import NeuralGraph
import TensorFiles

/// One iteration of CoTracker 3's window: from each point's token in each frame, how its estimate changes.
///
/// Source: github.com/facebookresearch/co-tracker (version 3), arXiv:2410.11831.
struct CoTracker3Updater: Sendable {
    static let tokenWidth = 1110

    private let transformer: VirtualTrackTransformer
    private let flowHead, visibilityHead: Linear

    /// - Parameter weights: those at `updateformer`.
    init(_ weights: Weights) throws {
        transformer = try VirtualTrackTransformer(weights, tokenWidth: Self.tokenWidth, depth: 3)
        flowHead = try Linear(weights["flow_head"], from: VirtualTrackTransformer.width, to: 2)
        visibilityHead = try Linear(weights["vis_conf_head"], from: VirtualTrackTransformer.width, to: 2)
    }

    /// Inputs: `tokens` ((points frames) x 1110, point by point), `unused` (1 x 1 x 1 x points: 0, or `FeatureWindow.unusedPoint`). Output:
    /// `delta` ((points frames) x 4: x and y in cells, the logits of visibility and confidence).
    func model(points: Int, frames: Int, tap: GraphTap) throws -> ONNXModel {
        let graph = Graph("cotracker3-updater")
        let unused = graph.input("unused", shape: [1, 1, 1, points])
        let tokens = graph.input("tokens", shape: [points * frames, Self.tokenWidth])
        let hidden = transformer(tokens, points: points, frames: frames, unused: unused, silencesUnused: false, tap: tap)
        graph.output("delta", .concatenate([flowHead(hidden), visibilityHead(hidden)], axis: 1))
        return try graph.model()
    }
}

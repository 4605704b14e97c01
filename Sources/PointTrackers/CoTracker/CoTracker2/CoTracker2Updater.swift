import NeuralGraph
import TensorFiles

/// One iteration of CoTracker 2's window: from each point's token in each frame, how far its estimate moves and how its features change.
///
/// Source: github.com/facebookresearch/co-tracker (version 2), arXiv:2307.07635.
struct CoTracker2Updater: Sendable {
    /// Cells of the table of places: the network's resolution in training, 384 x 512 pixels, by its stride.
    private static let places = (height: 96, width: 128)

    /// Frames of a window.
    let frames: Int
    private let transformer: VirtualTrackTransformer
    private let flowHead, featureUpdate, visibility: Linear
    private let featureNorm: LayerNorm
    private let timeTable: Tensor
    private let placeTable: FeatureMap
    private let fingerprint: String

    /// - Parameter weights: those at the root.
    init(_ weights: Weights) throws {
        timeTable = try TimeTable.read(weights, width: FeatureWindow.tokenWidth, example: 8)
        frames = timeTable.shape[0]
        let (height, width) = Self.places
        let cells = try weights.tensor("pos_emb", shape: [1, FeatureWindow.tokenWidth, height, width])
        placeTable = FeatureMap(width: width, height: height, rows: Self.rows(of: cells))
        transformer = try VirtualTrackTransformer(weights["updateformer"], tokenWidth: FeatureWindow.tokenWidth, depth: 6)
        let channels = FeatureEncoder.channels
        flowHead = try Linear(weights["updateformer"]["flow_head"], from: VirtualTrackTransformer.width, to: 2 + channels)
        // A group normalisation with one group of a vector is a layer normalisation.
        featureNorm = try LayerNorm(weights["norm"], size: channels)
        featureUpdate = try Linear(weights["track_feat_updater"][0], from: channels, to: channels)
        visibility = try Linear(weights["vis_predictor"][0], from: channels, to: 1)
        fingerprint = weights.source.fingerprint
    }

    /// 1 x channels x height x width as (height width) x channels.
    private static func rows(of cells: Tensor) -> Tensor {
        let (channels, area) = (cells.shape[1], cells.shape[2] * cells.shape[3])
        return Tensor(shape: [area, channels]) { rows in
            cells.withUnsafeBuffer { cells in
                for channel in 0..<channels {
                    for i in 0..<area { rows[i * channels + channel] = cells[channel * area + i] }
                }
            }
        }
    }

    /// See `FeatureWindow.Kind.model`.
    private func model(points: Int, tap: GraphTap) throws -> ONNXModel {
        let graph = Graph("cotracker2-updater")
        let unused = graph.input("unused", shape: [1, 1, 1, points])
        let features = graph.input("features", shape: [points * frames, FeatureEncoder.channels])
        let tokens = graph.input("tokens", shape: [points * frames, FeatureWindow.tokenWidth])
        let hidden = transformer(tokens, points: points, frames: frames, unused: unused, silencesUnused: true, tap: tap)
        let change = flowHead(hidden)
        tap("delta") { change.reshaped([points, frames, change.shape[1]]) }
        let updated = features + featureUpdate(featureNorm(change.sliced(axis: 1, 2..<change.shape[1]))).gelu()
        graph.output("delta", change.sliced(axis: 1, 0..<2))
        graph.output("updated", updated)
        graph.output("visibility", visibility(updated))
        return try graph.model()
    }

    /// How CoTracker 2 sees a window.
    func window(tap: GraphTap?) -> FeatureWindow.Kind {
        FeatureWindow.Kind(
            key: "cotracker2-updater-4-\(fingerprint)\(tap == nil ? "" : "-tapped")", frames: frames, masksFramesPastEnd: false,
            outside: .edge,
            pairsStates: false, times: timeTable.values, places: placeTable
        ) { try model(points: $0, tap: tap ?? noGraphTap) }
    }
}

import NeuralGraph
import TensorFiles

/// Where points are in one frame, from the products of their features with every cell of the frame's map; in TAPIR and in TapNet.
struct CostVolumeHead: Sendable {
    /// What differs between the two networks.
    struct Names: Sendable {
        /// Of the layers, in order: two of the heat map, three of the visibility.
        var layers: [String]
        /// Logits per point: occlusion, and in TAPIR whether the position is off.
        var outputs: Int
        /// Multiplies the heat map's logits.
        var temperature: Float
        /// Whether a ReLU follows the first layer of the visibility.
        var activatesFirst: Bool

        static let tapir = Names(layers: ["hid1", "hid2", "hid3", "hid4", "occ_out"], outputs: 2, temperature: 20, activatesFirst: true)
        static let tapNet = Names(
            layers: [
                "cost_volume_regression_1", "cost_volume_regression_2", "cost_volume_occlusion_1", "cost_volume_occlusion_2",
                "occlusion_out",
            ], outputs: 1, temperature: 10, activatesFirst: false)
    }

    /// TAPIR's layers in Haiku and in PyTorch.
    static let haikuNames = Dictionary(uniqueKeysWithValues: zip(Names.tapNet.layers, Names.tapir.layers))

    /// The radius around the best cell, in cells, that the position is averaged over.
    private static let radius: Float = 5

    private let names: Names
    private let side: Int
    private let channels: Int
    private let heat: (Conv2d, Conv2d)
    private let reduction: Conv2d
    private let hidden: Linear
    private let out: Linear

    /// - Parameter side: cells per side of the map, each 8 pixels wide.
    init(_ weights: Weights, names: Names, side: Int, channels: Int) throws {
        (self.names, self.side, self.channels) = (names, side, channels)
        let layers = names.layers
        heat = (
            try Conv2d(weights[layers[0]], from: 1, to: 16, kernel: 3), try Conv2d(weights[layers[1]], from: 16, to: 1, kernel: 3)
        )
        reduction = try Conv2d(
            weights[layers[2]], from: 16, to: 32, kernel: 3, stride: 2, padding: Padding(top: 0, left: 0, bottom: 1, right: 1))
        hidden = try Linear(weights[layers[3]], from: 32, to: 16)
        out = try Linear(weights[layers[4]], from: 16, to: names.outputs)
    }

    /// Inputs: `map` (side^2 x channels), `templates` (count x channels). Output: `found` (count x (2 + outputs)): x and y in pixels of
    /// the network's input, then the logits.
    func model(count: Int, tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("cost-volume-head")
        let map = graph.input("map", shape: [side * side, channels])
        let templates = graph.input("templates", shape: [count, channels])
        let volume = templates.matmul(map.transposed()).reshaped([count, 1, side, side])
        tap("costVolume") { volume }
        let x = heat.0(volume).relu()
        let logits = heat.1(x)
        tap("heatmapLogits") { logits }
        let position = position(logits.reshaped([count, side * side]))
        var y = reduction(x)
        if names.activatesFirst { y = y.relu() }
        y = hidden(y.mean([2, 3], keepingDimensions: false)).relu()
        graph.output("found", Value.concatenate([position, out(y)], axis: 1))
        return try graph.model()
    }

    /// The mean of the cells near the best one, weighted by the heat.
    private func position(_ logits: Value) -> Value {
        let graph = logits.graph
        let cells = side * side
        func row(_ name: String, _ value: (Int) -> Float) -> Value {
            graph.constant(Tensor(shape: [1, cells], (0..<cells).map(value)), name: name)
        }
        let p = (logits * names.temperature).softmax(axis: 1)
        // The first of the largest, as reductions, which are quicker than ArgMax on long rows.
        let best = (p >= p.max([1])).choose(row("cells") { Float($0) }, else: graph.constant(Float(cells - 1))).min([1])
        let bestRow = ((best + 0.5) * (1 / Float(side))).floor()
        let bestColumn = best - bestRow * Float(side)
        let columns = row("columns") { Float($0 % side) }
        let rows = row("rows") { Float($0 / side) }
        let near = ((columns - bestColumn).squared() + (rows - bestRow).squared() < Self.radius * Self.radius).asFloat() * p
        let mass = near.sum([1]).clamped(min: 1e-12)
        let x = (near * ((columns + 0.5) * 8)).sum([1])
        let y = (near * ((rows + 0.5) * 8)).sum([1])
        return Value.concatenate([x, y], axis: 1) / mass
    }
}

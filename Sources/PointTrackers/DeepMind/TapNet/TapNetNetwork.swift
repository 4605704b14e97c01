import NeuralGraph
import TensorFiles

/// TapNet's networks, read from a Haiku checkpoint: `checkpoint_wo_optstate.npy` (Doersch et al. 2022, "TAP-Vid: A Benchmark for Tracking
/// Any Point in a Video"; <https://github.com/google-deepmind/tapnet>).
///
/// The encoder is an 18-layer pre-activation residual network whose first four blocks each look one frame back and one ahead: some channels
/// of their input come from there (Lin et al. 2019, "TSM: Temporal Shift Module"). It is cut before each of these blocks, into a stem and
/// four stages, so that videos of any length can be encoded frame by frame, with the same result as all at once.
struct TapNetNetwork: Sendable {
    static let channels = 256
    /// Stages after the stem.
    static let stages = 4

    /// The side of the input picture: 256, other multiples of 8 in tests.
    let side: Int
    let head: CostVolumeHead
    let fingerprint: String
    private let stem: Conv2d
    private let blocks: [Block]

    /// - Throws: `TensorFileError` naming the tensor that is absent or has another shape.
    init(_ weights: Weights, side: Int = 256) throws {
        let weights = Weights(HaikuTensors(weights.source, root: Self.root))
        self.side = side
        fingerprint = weights.source.fingerprint
        head = try CostVolumeHead(weights, names: .tapNet, side: side / 8, channels: Self.channels)
        let video = weights["tsm_resnet_video"]
        // JAX's "same" padding of an even size.
        stem = try Conv2d(
            video["tsm_resnet_stem"], from: 3, to: 64, kernel: 7, stride: 2, padding: Padding(top: 2, left: 2, bottom: 3, right: 3),
            bias: false)
        let widths = [(64, 64, 1), (64, 128, 2), (128, 256, 1)]
        blocks = try widths.enumerated().flatMap { unit, width in
            try (0..<2).map { block in
                try Block(
                    video["tsm_resnet_unit_\(unit)"]["block_\(block)"], from: block == 0 ? width.0 : width.1, to: width.1,
                    stride: block == 0 ? width.2 : 1, projects: block == 0)
            }
        }
    }

    private static let root = "tap_net"

    /// Whether a file holds such a network, by the names of some of its tensors.
    static func recognises(_ source: any TensorSource) -> Bool {
        let weights = Weights(HaikuTensors(source, root: root))
        return weights.contains("tsm_resnet_video.tsm_resnet_stem.weight") && weights.contains("cost_volume_regression_1.weight")
    }

    /// The shape of what `stage` reads of a frame.
    func shape(before stage: Int) -> [Int] {
        let side = stage < 3 ? side / 4 : side / 8
        return [1, blocks[stage].inputs, side, side]
    }

    /// Input: `image` (1 x 3 x side x side, -1 to 1). Output: `activated0`, of shape `shape(before: 0)`.
    func stemModel(tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("tapnet-stem")
        let x = stem(graph.input("image", shape: [1, 3, side, side]))
        // Only below and to the right, and without effect on the largest value.
        let pooled = x.padded(Padding(top: 0, left: 0, bottom: 1, right: 1), mode: .edge).maxPooled(3, stride: 2)
        tap("stem") { pooled }
        graph.output("activated0", blocks[0].activated(pooled))
        return try graph.model()
    }

    /// One block with neighbours in time, and after the last of them those without.
    ///
    /// Inputs: `before`, `own`, `after` (`activated` of the stage or stem before, in the frame and its neighbours; zeros where there is
    /// none), and `x` of the frame where `takesUnactivated`. Outputs: `activated` and, where the next stage takes it, `x`; of the last
    /// stage `map` (cells x 256 channels).
    func stageModel(_ stage: Int, tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("tapnet-stage")
        let block = blocks[stage]
        let shape = shape(before: stage)
        let own = graph.input("own", shape: shape)
        let (before, after) = (graph.input("before", shape: shape), graph.input("after", shape: shape))
        let shifted = block.inputs / 8
        let mixed = Value.concatenate(
            [
                after.sliced(axis: 1, (block.inputs - shifted)..<block.inputs), own.sliced(axis: 1, shifted..<(block.inputs - shifted)),
                before.sliced(axis: 1, 0..<shifted),
            ], axis: 1)
        let shortcut = block.projection?(own) ?? graph.input("x", shape: shape)
        var x = shortcut + block.residual(mixed)
        tap("block\(stage)") { [x] in x }
        if stage + 1 < Self.stages {
            graph.output("activated", blocks[stage + 1].activated(x))
            if takesUnactivated(stage + 1) { graph.output("x", x) }
            return try graph.model()
        }
        for block in blocks[Self.stages...] {
            let activated = block.activated(x)
            x = (block.projection?(activated) ?? x) + block.residual(activated)
        }
        tap("latent") { [x] in x }
        let map = x / x.squared().sum([1]).clamped(min: 1e-12).sqrt()
        graph.output("map", map.channelsLast().reshaped([map.shape[2] * map.shape[3], map.shape[1]]))
        return try graph.model()
    }

    /// Whether a stage reads `x`: blocks without projection add it.
    func takesUnactivated(_ stage: Int) -> Bool { blocks[stage].projection == nil }

    private struct Block: Sendable {
        let inputs: Int
        let projection: Conv2d?
        private let norms: (Norm, Norm)
        private let convolutions: (Conv2d, Conv2d)

        init(_ weights: Weights, from inputs: Int, to outputs: Int, stride: Int, projects: Bool) throws {
            self.inputs = inputs
            norms = (try Norm(weights["batch_norm"], channels: inputs), try Norm(weights["batch_norm_1"], channels: outputs))
            let padding = stride == 1 ? Padding(1) : Padding(top: 0, left: 0, bottom: 1, right: 1)
            convolutions = (
                try Conv2d(weights["conv_0"], from: inputs, to: outputs, kernel: 3, stride: stride, padding: padding, bias: false),
                try Conv2d(weights["conv_2"], from: outputs, to: outputs, kernel: 3, bias: false)
            )
            projection =
                projects ? try Conv2d(weights["shortcut_conv"], from: inputs, to: outputs, kernel: 1, stride: stride, bias: false) : nil
        }

        func activated(_ x: Value) -> Value { norms.0(x).relu() }
        func residual(_ activated: Value) -> Value { convolutions.1(norms.1(convolutions.0(activated)).relu()) }
    }

    /// Batch normalisation with the averages of training.
    private struct Norm: Sendable {
        let scale: Tensor
        let shift: Tensor
        let key: String

        init(_ weights: Weights, channels: Int) throws {
            func values(_ weights: Weights, _ name: String) throws -> [Float] {
                try weights.tensor(name, shape: [1, 1, 1, channels]).values
            }
            let (weight, bias) = (try values(weights, "weight"), try values(weights, "bias"))
            let (mean, variance) = (try values(weights["mean_ema"], "average"), try values(weights["var_ema"], "average"))
            let scales = zip(weight, variance).map { $0 / ($1 + 1e-5).squareRoot() }
            scale = Tensor(shape: [1, channels, 1, 1], scales)
            shift = Tensor(shape: [1, channels, 1, 1], bias.indices.map { bias[$0] - mean[$0] * scales[$0] })
            key = weights.prefix
        }

        func callAsFunction(_ x: Value) -> Value {
            x * x.graph.constant(scale, name: key + "scale") + x.graph.constant(shift, name: key + "shift")
        }
    }
}

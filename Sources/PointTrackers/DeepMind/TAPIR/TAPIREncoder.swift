import NeuralGraph
import TensorFiles

/// TAPIR's image encoder: a pre-activation residual network with instance normalisation, so that every frame is by itself.
struct TAPIREncoder: Sendable {
    private static let widths = [64, 128, 256, 256]
    private static let strides = [1, 2, 2, 1]

    private let initial: Conv2d
    private let groups: [[Block]]
    private let extra: [ExtraBlock]
    private let pyramidLevels: Int

    init(_ weights: Weights, pyramidLevels: Int) throws {
        self.pyramidLevels = pyramidLevels
        let resnet = weights["resnet_torch"]
        // JAX's "same" padding of an even size.
        initial = try Conv2d(
            resnet["initial_conv"], from: 3, to: 64, kernel: 7, stride: 2, padding: Padding(top: 2, left: 2, bottom: 3, right: 3),
            bias: false)
        var inputs = 64
        groups = try Self.widths.indices.map { group in
            let width = Self.widths[group]
            defer { inputs = width }
            return try (0..<2).map { block in
                try Block(
                    resnet["block_groups"][group]["blocks"][block], from: block == 0 ? inputs : width, to: width,
                    stride: block == 0 ? Self.strides[group] : 1, projects: block == 0)
            }
        }
        let convolutions = weights["extra_convs"]["blocks"]
        extra = convolutions.contains("0.conv.weight") ? try (0..<5).map { try ExtraBlock(convolutions[$0]) } : []
    }

    /// Input: `image` (1 x 3 x 256 x 256, -1 to 1). Outputs: `map0`, `map1`, ...: cells x channels, row by row; stride 4 (128 channels),
    /// stride 8 (256 channels), and the latter's halved versions. The first two have rows of length 1.
    func model(tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("tapir-encoder")
        var x = initial(graph.input("image", shape: [1, 3, TAPIRNetwork.side, TAPIRNetwork.side]))
        tap("resnet.initialConv") { x }
        var units: [Value] = []
        for group in groups {
            for block in group { x = block(x) }
            units.append(x)
            tap("resnet.unit\(units.count - 1)") { [x] in x }
        }
        for block in extra { x = block(x) }
        if !extra.isEmpty { tap("extraConvs") { x.channelsLast() } }
        var map = Self.unit(x)
        var maps = [Self.unit(units[1]), map]
        for _ in 0..<pyramidLevels {
            map = map.averagePooled(2)
            maps.append(map)
        }
        for (index, map) in maps.enumerated() {
            graph.output("map\(index)", map.channelsLast().reshaped([map.shape[2] * map.shape[3], map.shape[1]]))
        }
        return try graph.model()
    }

    private static func unit(_ x: Value) -> Value { x / x.squared().sum([1]).clamped(min: 1e-12).sqrt() }

    private struct Norm: Sendable {
        let scale: Tensor
        let shift: Tensor
        let key: String

        init(_ weights: Weights, channels: Int) throws {
            scale = try weights.tensor("weight", shape: [channels]).reshaped([1, channels, 1, 1])
            shift = try weights.tensor("bias", shape: [channels]).reshaped([1, channels, 1, 1])
            key = weights.prefix
        }

        func callAsFunction(_ x: Value) -> Value {
            InstanceNorm2d(epsilon: 1e-5)(x) * x.graph.constant(scale, name: key + "weight") + x.graph.constant(shift, name: key + "bias")
        }
    }

    private struct Block: Sendable {
        let norms: (Norm, Norm)
        let convolutions: (Conv2d, Conv2d)
        let projection: Conv2d?

        init(_ weights: Weights, from inputs: Int, to outputs: Int, stride: Int, projects: Bool) throws {
            norms = (try Norm(weights["bn_0"], channels: inputs), try Norm(weights["bn_1"], channels: outputs))
            let padding = stride == 1 ? Padding(1) : Padding(top: 0, left: 0, bottom: 1, right: 1)
            convolutions = (
                try Conv2d(weights["conv_0"], from: inputs, to: outputs, kernel: 3, stride: stride, padding: padding, bias: false),
                try Conv2d(weights["conv_1"], from: outputs, to: outputs, kernel: 3, bias: false)
            )
            projection =
                projects ? try Conv2d(weights["proj_conv"], from: inputs, to: outputs, kernel: 1, stride: stride, bias: false) : nil
        }

        func callAsFunction(_ x: Value) -> Value {
            let activated = norms.0(x).relu()
            let y = convolutions.1(norms.1(convolutions.0(activated)).relu())
            return y + (projection?(activated) ?? x)
        }
    }

    /// BootsTAPIR's further convolutions. What they are added to is the normalised map, not the map.
    private struct ExtraBlock: Sendable {
        let norm: LayerNorm2d
        let widening: Conv2d
        let narrowing: Conv2d

        init(_ weights: Weights) throws {
            norm = try LayerNorm2d(weights["layer_norm"], channels: 256, epsilon: 1e-5)
            widening = try Conv2d(weights["conv"], from: 256, to: 1024, kernel: 3)
            narrowing = try Conv2d(weights["conv_1"], from: 1024, to: 256, kernel: 3)
        }

        func callAsFunction(_ x: Value) -> Value {
            let x = norm(x)
            return x + narrowing(widening(x).geluApproximated())
        }
    }
}

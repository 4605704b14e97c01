import NeuralGraph
import TensorFiles

/// TAPIR's networks, read from a checkpoint: `tapir_checkpoint_panning.npy`, `bootstapir_checkpoint_v2.pt` and others of the same form
/// (Doersch et al. 2023, "TAPIR: Tracking Any Point with per-frame Initialization and temporal Refinement"; Doersch et al. 2024,
/// "BootsTAP"; <https://github.com/google-deepmind/tapnet>).
///
/// Positions in the networks are pixels of the 256 x 256 input with pixel centres at +0.5, and map to every grid by the plain ratio.
struct TAPIRNetwork: Sendable {
    /// The side of the input picture.
    static let side = 256
    static let highChannels = 128
    static let lowChannels = 256
    /// Channels that describe a point in a frame: both maps'.
    static let channels = highChannels + lowChannels
    /// Correlations per map: a square of 7 x 7.
    static let samples = 49
    static let iterations = 4

    let encoder: TAPIREncoder
    let start: CostVolumeHead
    let mixer: TAPIRMixer
    /// How many halved versions of the low-resolution map points are compared with, besides the map itself: 0 in TAPIR, 1 in BootsTAPIR.
    let pyramidLevels: Int
    let fingerprint: String

    /// Sides of the maps: stride 4, stride 8, then the halved ones.
    var mapSides: [Int] { [Self.side / 4] + (0...pyramidLevels).map { (Self.side / 8) >> $0 } }

    /// - Throws: `TensorFileError` naming the tensor that is absent or has another shape.
    init(_ weights: Weights) throws {
        let weights = Self.plain(weights)
        pyramidLevels = Self.pyramidLevels(weights) ?? 0
        encoder = try TAPIREncoder(weights, pyramidLevels: pyramidLevels)
        start = try CostVolumeHead(weights["torch_cost_volume_track_mods"], names: .tapir, side: Self.side / 8, channels: Self.lowChannels)
        mixer = try TAPIRMixer(weights["torch_pips_mixer"], inputs: 4 + Self.channels + Self.samples * (2 + pyramidLevels))
        fingerprint = weights.source.fingerprint
    }

    /// Whether a file holds such a network, by the names and shapes of some of its tensors.
    static func recognises(_ source: any TensorSource) -> Bool {
        let weights = plain(Weights(source))
        return weights.contains("resnet_torch.initial_conv.weight") && weights.contains("torch_cost_volume_track_mods.hid1.weight")
            && pyramidLevels(weights) != nil
    }

    private static func pyramidLevels(_ weights: Weights) -> Int? {
        guard let shape = weights.source.shape(of: weights.prefix + "torch_pips_mixer.linear.weight"), shape.count == 2 else { return nil }
        let rest = shape[1] - 4 - channels
        // A map cannot be halved more often than its side allows.
        return (0...4).first { rest == samples * (2 + $0) }
    }

    /// Under the names that the PyTorch files have, whatever the file.
    static func plain(_ weights: Weights) -> Weights {
        guard weights.prefix.isEmpty else { return weights }
        let source = UnprefixedTensors(weights.source, prefix: "module.") ?? weights.source
        let isHaiku = source.tensorNames.contains { $0.hasPrefix("tapir/") }
        return Weights(isHaiku ? HaikuTensors(source, root: "tapir", rename: torchName) : source)
    }

    /// - Parameter name: of a Haiku tensor, as `HaikuTensors` joins it.
    private static func torchName(_ name: String) -> String {
        var parts = name.split(separator: ".").map(String.init)
        guard parts.count > 1 else { return name }
        func number(_ part: String, after stem: String) -> Int? {
            part == stem ? 0 : part.hasPrefix(stem + "_") ? Int(part.dropFirst(stem.count + 1)) : nil
        }
        switch parts[0] {
        case "resnet":
            parts[0] = "resnet_torch"
            for (index, part) in parts.enumerated() {
                if let group = number(part, after: "block_group") {
                    parts[index] = "block_groups.\(group)"
                } else if let block = number(part, after: "block") {
                    parts[index] = "blocks.\(block)"
                } else if let norm = number(part, after: "instancenorm") {
                    parts[index] = "bn_\(norm)"
                } else if part == "shortcut_conv" {
                    parts[index] = "proj_conv"
                }
            }
        case "pips_mlp_mixer":
            parts[0] = "torch_pips_mixer"
            if let block = number(parts[1], after: "block") { parts[1] = "blocks.\(block)" }
            if parts.count > 2, parts[2].hasPrefix("mlp2_") { parts[2] = "conv_channels_mixer.\(parts[2])" }
        case "extra_convs":
            // Layers are numbered through all blocks there: two convolutions and one normalisation each.
            if let layer = number(parts[1], after: "conv2_d") {
                parts[1] = "blocks.\(layer / 2).\(layer % 2 == 0 ? "conv" : "conv_1")"
            } else if let layer = number(parts[1], after: "layer_norm") {
                parts[1] = "blocks.\(layer).layer_norm"
            }
        default:
            guard let module = CostVolumeHead.haikuNames[parts[0]] else { return name }
            parts[0] = "torch_cost_volume_track_mods.\(module)"
        }
        return parts.joined(separator: ".")
    }
}

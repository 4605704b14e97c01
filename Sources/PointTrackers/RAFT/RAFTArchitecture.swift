import TensorFiles

/// Which of the two published forms of RAFT a checkpoint holds: they differ in the blocks of the encoders, in the update and in how the
/// flow is enlarged.
///
/// Teed and Deng, "RAFT: Recurrent All-Pairs Field Transforms for Optical Flow", 2020; <https://github.com/princeton-vl/RAFT>.
public enum RAFTArchitecture: String, Sendable, CaseIterable {
    case large
    case small

    /// Feature maps have one cell for so many pixels a side.
    static let stride = 8
    /// Levels of the correlation pyramid; each halves the one before.
    static let levels = 4

    /// Channels of the features that are compared.
    var features: Int { self == .large ? 256 : 128 }
    /// Channels of the hidden state.
    var hidden: Int { self == .large ? 128 : 96 }
    /// Channels of what the update reads of the first frame.
    var context: Int { self == .large ? 128 : 64 }
    /// Correlations are looked up so many cells to each side.
    var radius: Int { self == .large ? 4 : 3 }
    /// Correlations looked up for one cell.
    var correlations: Int { Self.levels * (2 * radius + 1) * (2 * radius + 1) }
    /// Channels of the encoders' first convolution and of their three layers.
    var widths: [Int] { self == .large ? [64, 64, 96, 128] : [32, 32, 64, 96] }

    /// The form whose characteristic tensors a file has; nil for other files.
    public init?(of source: any TensorSource) {
        func has(_ name: String, _ shape: [Int]) -> Bool { source.shape(of: name) == shape }
        let form = Self.allCases.first { form in
            let gru = form == .large ? "convz1" : "convz"
            return has("fnet.conv1.weight", [form.widths[0], 3, 7, 7]) && has("cnet.conv1.weight", [form.widths[0], 3, 7, 7])
                && source.shape(of: "update_block.gru.\(gru).weight") != nil
        }
        guard let form else { return nil }
        self = form
    }
}

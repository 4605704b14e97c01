/// How long one node of a network took in one run.
public struct NodeTiming: Sendable {
    /// The node's name. The engine merges nodes, so that not every node of the graph appears.
    public let name: String
    /// The kind of operation, for example `Convolution`.
    public let type: String
    /// The engine's implementation and its precision, for example `brgconv_avx512_f32`.
    public let implementation: String
    public let duration: Duration
}

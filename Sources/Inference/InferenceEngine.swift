import NeuralGraph
import TensorFiles

/// Numeric precision of a compiled network's arithmetic.
public enum Precision: String, Sendable, CaseIterable, Codable {
    /// What is quickest on this processor without being worse by what people see: eight bits in the convolutions of networks whose
    /// weights file says how (the built-in ones), and beside them bfloat16 where the processor has instructions for it, float32 elsewhere.
    case automatic
    case float32
    case bfloat16

    /// Whether convolutions may multiply in eight bits.
    public var allowsEightBits: Bool {
        // On other processors it was not tried.
        #if arch(x86_64)
            self == .automatic
        #else
            false
        #endif
    }
}

/// Compiles networks for this machine.
public protocol InferenceEngine: Sendable {
    /// Compiles the network that `model` returns, or loads an earlier compilation of it.
    /// - Parameters:
    ///   - key: identifies the network: equal keys mean equal graphs and weights. `model` is called only when no compiled
    ///     form of `key` is cached, so that a warm start builds no graph.
    ///   - precision: the arithmetic's precision.
    func compile(key: String, precision: Precision, model: () throws -> ONNXModel) throws -> any CompiledNetwork
    /// Makes sure that `check` passes, which equal keys mean equal outcomes of: it is not called where the engine remembers that it has
    /// passed, in a cache that lasts as long as that of compiled networks.
    func ensure(_ key: String, _ check: () throws -> Void) throws
    /// Threads of one run.
    var threads: Int { get }
    /// An engine whose networks share its threads among several runs at a time. Each run takes longer, all together take less: threads
    /// of one run wait for each other after every node.
    func divided(among runs: Int) throws -> any InferenceEngine
}

extension InferenceEngine {
    public func ensure(_ key: String, _ check: () throws -> Void) throws { try check() }
    public var threads: Int { 1 }
    public func divided(among runs: Int) throws -> any InferenceEngine { self }
}

/// A network ready to run. Safe to call from several threads; calls on one network may run one after the other.
public protocol CompiledNetwork: Sendable {
    /// Runs the network on named inputs and returns its named outputs.
    /// - Throws: `InferenceError` when an input is missing, unknown or of a shape the network does not accept.
    func callAsFunction(_ inputs: [String: Tensor]) throws -> [String: Tensor]
}

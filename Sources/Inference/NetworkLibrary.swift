import Foundation
import NeuralGraph

/// Compiled networks of one model by key, each compiled when first needed: input sizes and point counts vary, shapes are static.
public final class NetworkLibrary: @unchecked Sendable {
    private let engine: any InferenceEngine
    private let precision: Precision
    private let lock = NSLock()
    private var networks: [String: any CompiledNetwork] = [:]

    public init(engine: any InferenceEngine, precision: Precision) {
        self.engine = engine
        self.precision = precision
    }

    /// The network `key`, compiled from `model` when it is not in memory or in the engine's cache.
    public func network(_ key: String, model: () throws -> ONNXModel) throws -> any CompiledNetwork {
        lock.lock()
        defer { lock.unlock() }
        if let network = networks[key] { return network }
        let network = try engine.compile(key: key, precision: precision, model: model)
        networks[key] = network
        return network
    }
}

import TensorFiles

extension Weights {
    /// Looks for weights that are no finite numbers, in all tensors below the prefix, unless the engine remembers that there are none: a
    /// start whose networks come from the cache reads no weights. A checkpoint that changed has another fingerprint and is looked at anew.
    /// - Throws: as `TensorSource.checkFinite`.
    public func checkFinite(_ engine: any InferenceEngine) throws {
        try engine.ensure("finite-\(source.fingerprint)-\(prefix)") { try source.checkFinite(prefix: prefix) }
    }
}

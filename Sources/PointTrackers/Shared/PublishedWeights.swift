import TensorFiles

extension TensorSource {
    /// The tensors without the prefix `module.`, where all of them have it.
    var withoutModulePrefix: any TensorSource { UnprefixedTensors(self, prefix: "module.") ?? self }
}

extension Weights {
    /// The weights without the prefix `module.`, where all tensors of the file have it.
    var withoutModulePrefix: Weights { prefix.isEmpty ? Weights(source.withoutModulePrefix) : self }

    /// Differs between files, and between networks of one file.
    var fingerprint: String { source.fingerprint + (prefix.isEmpty ? "" : "-\(prefix)") }
}

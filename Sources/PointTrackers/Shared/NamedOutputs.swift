import TensorFiles

extension [String: Tensor] {
    /// A network's output.
    /// - Throws: `TrackerError.missingOutput`.
    func named(_ name: String) throws -> Tensor {
        guard let tensor = self[name] else { throw TrackerError.missingOutput(name) }
        return tensor
    }
}

import TensorFiles

/// A source with some tensors changed.
struct AlteredTensors: TensorSource {
    let source: any TensorSource
    var removed: Set<String> = []
    var replaced: [String: Tensor] = [:]

    var name: String { "altered" }
    var fingerprint: String { "\(source.fingerprint)-altered-\(removed.sorted())-\(replaced.keys.sorted())" }
    var tensorNames: [String] { source.tensorNames.filter { !removed.contains($0) } }
    func shape(of tensor: String) -> [Int]? { removed.contains(tensor) ? nil : replaced[tensor]?.shape ?? source.shape(of: tensor) }
    func tensor(_ name: String) throws -> Tensor { try replaced[name] ?? source.tensor(name) }
}

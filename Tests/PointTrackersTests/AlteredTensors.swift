import TensorFiles

/// Tensors of which some have been removed, filled with what is no number, or replaced, or all of which have got a prefix.
struct AlteredTensors: TensorSource {
    let source: any TensorSource
    var removed: Set<String> = []
    var spoiled = ""
    var replaced: [String: Tensor] = [:]
    var name = "altered.pth"
    var prefix = ""

    init(source: any TensorSource, removed: Set<String> = [], spoiled: String = "", replaced: [String: Tensor] = [:], prefix: String = "") {
        (self.source, self.removed, self.spoiled, self.replaced, self.prefix) = (source, removed, spoiled, replaced, prefix)
    }

    var fingerprint: String {
        "\(source.fingerprint)-\(removed.sorted())-\(spoiled)-\(replaced.map { "\($0.key)\($0.value.shape)" }.sorted().hashValue)"
    }
    var tensorNames: [String] { source.tensorNames.filter { !removed.contains($0) }.map { prefix + $0 } }
    private func original(_ tensor: String) -> String? { tensor.hasPrefix(prefix) ? String(tensor.dropFirst(prefix.count)) : nil }

    func shape(of tensor: String) -> [Int]? {
        original(tensor).flatMap { removed.contains($0) ? nil : replaced[$0]?.shape ?? source.shape(of: $0) }
    }

    func tensor(_ name: String) throws -> Tensor {
        let key = original(name) ?? name
        if removed.contains(key) { throw TensorFileError.missingTensor(file: self.name, tensor: name) }
        let tensor = try replaced[key] ?? source.tensor(key)
        return key == spoiled ? Tensor(shape: tensor.shape, repeating: .nan) : tensor
    }
}

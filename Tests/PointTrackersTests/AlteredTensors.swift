import TensorFiles

/// Tensors of which one has been removed, filled with what is no number, or replaced, or all of which have got a prefix.
struct AlteredTensors: TensorSource {
    let source: any TensorSource
    var missing = ""
    var spoiled = ""
    var replaced: [String: Tensor] = [:]
    var name = "altered.pth"
    var prefix = ""

    init(source: any TensorSource, missing: String = "", spoiled: String = "", replaced: [String: Tensor] = [:], prefix: String = "") {
        (self.source, self.missing, self.spoiled, self.replaced, self.prefix) = (source, missing, spoiled, replaced, prefix)
    }

    var fingerprint: String { "\(source.fingerprint)-\(missing)-\(spoiled)-\(replaced.map { "\($0.key)\($0.value.shape)" }.sorted().hashValue)" }
    var tensorNames: [String] { source.tensorNames.filter { $0 != missing }.map { prefix + $0 } }
    private func original(_ tensor: String) -> String? { tensor.hasPrefix(prefix) ? String(tensor.dropFirst(prefix.count)) : nil }

    func shape(of tensor: String) -> [Int]? {
        original(tensor).flatMap { $0 == missing ? nil : replaced[$0]?.shape ?? source.shape(of: $0) }
    }

    func tensor(_ name: String) throws -> Tensor {
        let key = original(name) ?? name
        if key == missing { throw TensorFileError.missingTensor(file: self.name, tensor: name) }
        let tensor = try replaced[key] ?? source.tensor(key)
        return key == spoiled ? Tensor(shape: tensor.shape, repeating: .nan) : tensor
    }
}

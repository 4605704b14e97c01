import Foundation
import TensorFiles
import TestSupport

/// Checkpoint files made of the generated weights of parity cases.
struct GeneratedCheckpoints {
    static let needed = ["sam_vit_tiny_test", "sam_hq_vit_tiny_test", "cotracker_v1"]
    static let areThere = needed.allSatisfy { ParityCase.named($0) != nil }
    static let missing = ParityCase.missing

    let folder: URL

    init() throws { folder = try Fixtures.temporaryFolder() }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// Writes the weights of a case.
    /// - Parameters:
    ///   - absent: a tensor to leave out.
    ///   - limit: tensors with more elements are left out.
    ///   - spoilt: a tensor whose numbers become NaN.
    ///   - part: what the names of tensors must begin with; the file has them without it.
    /// - Returns: the file's path.
    func write(
        _ parity: String, as name: String? = nil, without absent: String? = nil, limit: Int = .max,
        spoilt: String? = nil, part: String = ""
    ) throws -> String {
        guard let source = try ParityCase.named(parity)?.weights().source else { throw CocoaError(.fileNoSuchFile) }
        let names = source.tensorNames.filter { $0 != absent && $0.hasPrefix(part) && (source.shape(of: $0) ?? []).reduce(1, *) <= limit }
        let tensors = Dictionary(
            uniqueKeysWithValues: try names.map { name in
                let tensor = try source.tensor(name)
                return (String(name.dropFirst(part.count)), name == spoilt ? Tensor(shape: tensor.shape, repeating: .nan) : tensor)
            })
        let file = folder.appendingPathComponent(name ?? "\(parity).safetensors")
        try SafetensorsFile.write(tensors, to: file)
        return file.path
    }
}

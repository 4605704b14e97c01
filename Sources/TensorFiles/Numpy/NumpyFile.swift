import Foundation

/// A `.npy` file: one array, or a pickled dictionary of arrays such as the parameters of a Haiku network.
///
/// A plain array is the tensor `array`. In a dictionary, names of nested dictionaries are joined by slashes: module/name. Where the
/// dictionary has the entries `params` and `state`, as Haiku's do, their contents are taken together. Pickles are read as data
/// (see `PyTorchCheckpoint`).
public struct NumpyFile: TensorSource {
    /// The name of a plain array.
    public static let arrayName = "array"

    public var name: String { table.contents.name }
    public let fingerprint: String
    /// The keys that lead to the parameters.
    public let root: [String]
    private let table: TensorTable

    /// - Throws: `TensorFileError`.
    public init(url: URL) throws { try self.init(FileContents(url: url)) }

    /// - Parameter name: for messages.
    public init(data: Data, name: String) throws { try self.init(FileContents(data: data, name: name)) }

    init(_ contents: FileContents) throws {
        let (root, entries, header) = try contents.data.withUnsafeBytes { bytes in
            let header = try NumpyHeader(bytes, file: contents.name)
            if header.type.dropFirst().hasPrefix("O") {
                let (root, entries) = try Self.objects(bytes, header, contents)
                return (root, entries, header)
            }
            return ([], [Self.arrayName: try Self.array(header, contents)], header)
        }
        self.root = root
        fingerprint = Fingerprint.ofUnchecked(contents, header: 0..<header.end)
        table = TensorTable(contents: contents, entries: entries)
    }

    private static func array(_ header: NumpyHeader, _ contents: FileContents) throws -> StoredTensor {
        guard let order = header.type.first, let type = TensorElementType(numpyCode: header.type.dropFirst()),
            "<=|".contains(order) || type.byteCount == 1
        else { throw TensorFileError.unsupportedType(file: contents.name, tensor: arrayName, type: String(header.type.prefix(20))) }
        let bytes = header.end..<contents.count
        return try .whole(
            type: type, shape: header.shape, isColumnMajor: header.isColumnMajor, storage: .file(bytes), byteCount: bytes.count,
            record: nil,
            name: arrayName, file: contents.name)
    }

    /// An array of one object, which is the dictionary.
    private static func objects(
        _ bytes: UnsafeRawBufferPointer, _ header: NumpyHeader, _ contents: FileContents
    ) throws -> (root: [String], [String: StoredTensor]) {
        var reader = PickleReader(bytes, in: header.end..<contents.count, file: contents.name)
        let value = try reader.run()
        guard case .array(let array) = value, case .list(let list) = reader.heap.arrays[array].data, reader.heap.lists[list].count == 1
        else {
            throw TensorFileError.malformed(file: contents.name, reason: "it holds several Python objects, not one dictionary of arrays")
        }
        let dict = try StateDict(reader.heap.lists[list][0], in: reader, separator: "/")
        let tensors = PickledTensors(reader: reader, pickleRecord: nil) { _, _, _ in
            throw StorageProblem(reason: "it is PyTorch's, in a file of numpy")
        }
        var entries: [String: StoredTensor] = [:]
        for (name, leaf) in dict.leaves { entries[name] = try tensors.stored(leaf, name: name) }
        return (dict.root, entries)
    }

    public var tensorNames: [String] { table.names }
    public func shape(of tensor: String) -> [Int]? { table.entries[tensor]?.shape }
    public func elementType(of tensor: String) -> TensorElementType? { table.entries[tensor]?.type }
    public func tensor(_ tensor: String) throws -> Tensor { try table.tensor(tensor) }
    public func bytes(of tensor: String) throws -> Data { try table.bytes(of: tensor) }
    public func fileLocation(of tensor: String) throws -> FileLocation? { try table.location(of: tensor) }
}

import Foundation

/// A file that `torch.save` wrote: `.pth`, `.pt`, in the zip format of PyTorch 1.6 and later or in the older one.
///
/// The pickle inside is read as data: plain values, containers, tensors and parameters. A file that asks for anything else is
/// refused, and nothing in it is ever executed. All tensors are checked against the file when it is opened. Checksums are compared when a
/// tensor is first read, so that opening takes milliseconds whatever the file's size.
///
/// The state dict may lie under one of the keys that training scripts use (`model`, `state_dict`, `model_state_dict`, ...). Names of
/// nested dictionaries are joined by dots; names are otherwise as they are stored.
public struct PyTorchCheckpoint: TensorSource {
    public var name: String { table.contents.name }
    /// From the checksums of all records and the pickle in the zip format; the older one has none (see `Fingerprint`).
    public let fingerprint: String
    /// The keys that lead to the state dict; empty when it is the file's value itself.
    public let root: [String]
    /// Plain values at the top level: epoch, step, ...
    public let scalars: [String: PlainValue]
    private let table: TensorTable

    /// - Throws: `TensorFileError`.
    public init(url: URL) throws { try self.init(FileContents(url: url)) }

    /// - Parameter name: for messages.
    public init(data: Data, name: String) throws { try self.init(FileContents(data: data, name: name)) }

    init(_ contents: FileContents) throws {
        // The reader's pointers are valid in here only.
        (table, root, scalars, fingerprint) = try contents.data.withUnsafeBytes { bytes in
            let isArchive = bytes.littleEndian(at: 0, as: UInt32.self) == 0x0403_4b50
            let layout = try isArchive ? ZipLayout.read(bytes, contents) : LegacyLayout.read(bytes, contents)
            let dict = try StateDict(layout.value, in: layout.tensors.reader, separator: ".")
            var entries: [String: StoredTensor] = [:]
            for (name, leaf) in dict.leaves { entries[name] = try layout.tensors.stored(leaf, name: name) }
            let table = TensorTable(contents: contents, entries: entries, records: layout.records)
            return (table, dict.root, dict.scalars, layout.fingerprint)
        }
    }

    public var tensorNames: [String] { table.names }
    public func shape(of tensor: String) -> [Int]? { table.entries[tensor]?.shape }
    public func elementType(of tensor: String) -> TensorElementType? { table.entries[tensor]?.type }
    public func tensor(_ tensor: String) throws -> Tensor { try table.tensor(tensor) }
    public func bytes(of tensor: String) throws -> Data { try table.bytes(of: tensor) }
    public func fileLocation(of tensor: String) throws -> FileLocation? { try table.location(of: tensor) }
}

/// What both formats come down to.
struct PyTorchLayout {
    var value: PickleValue
    var tensors: PickledTensors
    var records: [TensorTable.Record]
    var fingerprint: String
}

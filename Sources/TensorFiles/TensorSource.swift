import Foundation

/// Named tensors, from whatever file they come.
public protocol TensorSource: Sendable {
    /// A name for messages: the file's path.
    var name: String { get }
    /// Differs between files of different contents; part of the keys of compiled networks.
    var fingerprint: String { get }
    /// The tensors' names, ascending.
    var tensorNames: [String] { get }
    /// nil when there is no such tensor.
    func shape(of tensor: String) -> [Int]?
    /// How the elements are stored; nil when there is no such tensor.
    func elementType(of tensor: String) -> TensorElementType?
    /// The tensor's elements as float32.
    /// - Throws: `TensorFileError` where there is no such tensor, or where the file's checksum shows it to be damaged.
    func tensor(_ name: String) throws -> Tensor
    /// The tensor's elements in their own type: row-major, little-endian.
    /// - Throws: as `tensor(_:)`.
    func bytes(of tensor: String) throws -> Data
    /// Where a file holds exactly `bytes(of:)`, for readers that map files themselves; nil where none does: the tensor is a view with
    /// gaps, its source is no file, or it is not there.
    /// - Throws: as `tensor(_:)`: where the file has checksums, the bytes have been compared with theirs.
    func fileLocation(of tensor: String) throws -> FileLocation?
}

/// For sources that make tensors of float32 in memory.
extension TensorSource {
    public func elementType(of tensor: String) -> TensorElementType? { shape(of: tensor) == nil ? nil : .float32 }
    public func bytes(of tensor: String) throws -> Data { try self.tensor(tensor).withUnsafeBuffer { Data(buffer: $0) } }
    public func fileLocation(of tensor: String) throws -> FileLocation? { nil }
}

extension TensorSource {
    /// Reads all tensors whose names begin with `prefix` and looks for NaN and infinity. As weights they would spread quietly, or vanish in
    /// a ReLU, and leave wrong results that look like results.
    /// - Throws: `TensorFileError.notFinite` naming the first such tensor; as `tensor(_:)`.
    public func checkFinite(prefix: String = "") throws {
        for name in tensorNames where name.hasPrefix(prefix) {
            let largest = try tensor(name).withUnsafeBuffer { values in
                // Magnitudes are ordered like the bits below the sign.
                values.reduce(Int32(0)) { max($0, Int32(bitPattern: $1.bitPattern & 0x7fff_ffff)) }
            }
            guard largest < Int32(bitPattern: Float.infinity.bitPattern) else {
                throw TensorFileError.notFinite(file: self.name, tensor: name)
            }
        }
    }
}

/// The part of a tensor source below a key, read like the published state dict: `weights["blocks"][3]["conv"]`.
public struct Weights: Sendable {
    public let source: any TensorSource
    /// Ends in a dot, or is empty at the root.
    public let prefix: String

    public init(_ source: any TensorSource, prefix: String = "") {
        self.source = source
        self.prefix = prefix
    }

    public subscript(key: String) -> Weights { Weights(source, prefix: "\(prefix)\(key).") }
    public subscript(index: Int) -> Weights { self["\(index)"] }

    public func contains(_ key: String) -> Bool { source.shape(of: prefix + key) != nil }

    /// The tensor `key` below the prefix.
    /// - Parameter shape: what its shape must be; nil accepts any.
    /// - Throws: `TensorFileError` naming the tensor that is absent or has another shape.
    public func tensor(_ key: String, shape: [Int]? = nil) throws -> Tensor {
        let name = prefix + key
        guard let found = source.shape(of: name) else { throw TensorFileError.missingTensor(file: source.name, tensor: name) }
        if let shape, found != shape {
            throw TensorFileError.shapeMismatch(file: source.name, tensor: name, expected: shape, found: found)
        }
        return try source.tensor(name)
    }
}

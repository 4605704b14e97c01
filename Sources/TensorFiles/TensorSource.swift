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
    /// The tensor's elements as float32.
    func tensor(_ name: String) throws -> Tensor
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

/// What is wrong with a file of tensors.
public enum TensorFileError: Error, Sendable, Equatable {
    case unreadable(file: String, reason: String)
    case malformed(file: String, reason: String)
    case missingTensor(file: String, tensor: String)
    case shapeMismatch(file: String, tensor: String, expected: [Int], found: [Int])
    case unsupportedType(file: String, tensor: String, type: String)
}

extension TensorFileError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)."
        case .malformed(let file, let reason): "\(file): is damaged or not a file of tensors: \(reason)."
        case .missingTensor(let file, let tensor): "\(file): lacks the tensor \(tensor). Is it a checkpoint of another network?"
        case .shapeMismatch(let file, let tensor, let expected, let found):
            "\(file): the tensor \(tensor) has the shape \(found), the network needs \(expected). Is it a checkpoint of another network?"
        case .unsupportedType(let file, let tensor, let type): "\(file): the tensor \(tensor) has the unsupported element type \(type)."
        }
    }
}

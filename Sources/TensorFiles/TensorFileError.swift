import Support

/// What is wrong with a file of tensors.
public enum TensorFileError: Error, Sendable, Equatable {
    case unreadable(file: String, reason: String)
    case malformed(file: String, reason: String)
    /// One tensor cannot be as the file says.
    case damagedTensor(file: String, tensor: String, reason: String)
    /// The file would have its reader make a Python object that is no data, or call a function. Nothing was.
    case notPlainData(file: String, object: String)
    /// Something else that is no checkpoint; `reason` says what it seems to be and what to do.
    case unknownFormat(file: String, reason: String)
    case missingTensor(file: String, tensor: String)
    case shapeMismatch(file: String, tensor: String, expected: [Int], found: [Int])
    case unsupportedType(file: String, tensor: String, type: String)
    /// A weight is NaN or infinite.
    case notFinite(file: String, tensor: String)
}

extension TensorFileError: DescribedError {
    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)."
        case .malformed(let file, let reason): "\(file): is damaged or not a file of tensors: \(reason)."
        case .damagedTensor(let file, let tensor, let reason): "\(file): the tensor \(tensor) is damaged: \(reason)."
        case .notPlainData(let file, let object):
            "\(file): is refused, because it holds more than tensors and plain values: \(object). Nothing was executed. Save the state dict alone."
        case .unknownFormat(let file, let reason): "\(file): is not a checkpoint (.pth, .safetensors, .npy): \(reason)."
        case .missingTensor(let file, let tensor): "\(file): lacks the tensor \(tensor). Is it a checkpoint of another network?"
        case .shapeMismatch(let file, let tensor, let expected, let found):
            "\(file): the tensor \(tensor) has the shape \(found), the network needs \(expected). Is it a checkpoint of another network?"
        case .unsupportedType(let file, let tensor, let type): "\(file): the tensor \(tensor) has the unsupported element type \(type)."
        case .notFinite(let file, let tensor): "\(file): the tensor \(tensor) has weights that are no finite numbers."
        }
    }
}

/// What can go wrong when a network is compiled or run.
public enum InferenceError: Error, Sendable, Equatable {
    /// The engine's library refused an operation.
    case engine(operation: String, reason: String)
    case missingInput(name: String, expected: [String])
    case unknownInput(name: String, expected: [String])
    case shapeMismatch(input: String, expected: [Int?], given: [Int])
    case unsupportedElementType(name: String)
}

extension InferenceError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .engine(let operation, let reason):
            "OpenVINO could not \(operation): \(reason)"
        case .missingInput(let name, let expected):
            "The network's input \"\(name)\" is not given. Its inputs are \(expected.joined(separator: ", "))."
        case .unknownInput(let name, let expected):
            "The network has no input \"\(name)\". Its inputs are \(expected.joined(separator: ", "))."
        case .shapeMismatch(let input, let expected, let given):
            "The network's input \"\(input)\" takes the shape [\(expected.map { $0.map(String.init) ?? "any" }.joined(separator: ", "))], given is \(given)."
        case .unsupportedElementType(let name):
            "The network's tensor \"\(name)\" is not of 32-bit floats. Cast it in the graph."
        }
    }
}

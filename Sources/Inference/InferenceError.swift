import Support

/// What can go wrong when a network is compiled or run.
public enum InferenceError: Error, Sendable, Equatable {
    /// The engine's libraries, or its plugin for this processor, cannot be used; `advice` is a sentence that says what to do.
    case unavailable(engine: String, reason: String, advice: String)
    /// The engine was configured with a value that makes no sense, or for something else than is asked of it.
    case invalidConfiguration(reason: String)
    /// The engine's library refused an operation.
    case engine(String, operation: String, reason: String)
    case missingInput(name: String, expected: [String])
    case unknownInput(name: String, expected: [String])
    /// - Parameter expected: nil where any size is accepted.
    case shapeMismatch(input: String, expected: [Int?], given: [Int])
    /// An input or output of the network is not of 32-bit floats.
    case unsupportedElementType(name: String)
}

extension InferenceError: DescribedError {
    public var description: String {
        switch self {
        case .unavailable(let engine, let reason, let advice):
            "\(engine) is not available: \(reason). \(advice)"
        case .invalidConfiguration(let reason):
            "The inference engine cannot be configured so: \(reason)."
        case .engine(let engine, let operation, let reason):
            "\(engine) could not \(operation): \(reason)"
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

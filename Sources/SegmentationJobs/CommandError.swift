import Support

/// An error that knows how a command ends with it.
package protocol StatusError: Error {
    var commandStatus: CommandStatus { get }
}

/// What a command itself finds wrong, beyond what the libraries report.
public enum CommandError: Error, Sendable, Equatable {
    case usage(String)
    case invalidInput(String)
    case missingInput(String)
    case insufficientMemory(String)
    case failure(String)

    package var status: CommandStatus {
        switch self {
        case .usage: .usage
        case .invalidInput: .invalidInput
        case .missingInput: .missingInput
        case .insufficientMemory: .insufficientMemory
        case .failure: .failure
        }
    }
}

extension CommandError: DescribedError {
    public var description: String {
        switch self {
        case .usage(let message), .invalidInput(let message), .missingInput(let message), .insufficientMemory(let message),
            .failure(let message):
            message
        }
    }
}

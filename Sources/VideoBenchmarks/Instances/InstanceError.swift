import Support

/// What is wrong with a file of video instances.
public enum InstanceError: Error, Sendable, Equatable {
    case invalid(String, String)
}

extension InstanceError: DescribedError {
    public var description: String {
        switch self {
        case .invalid(let path, let reason): "\(path): cannot be used: \(reason)."
        }
    }
}

/// What can go wrong inside a segmenter.
public enum SegmenterError: Error, Sendable, Equatable {
    case missingResource(String)
    case missingOutput(String)
    case noPrediction
}

extension SegmenterError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingResource(let name): "The built-in file \(name) is not beside the program. Build it again with `make build`."
        case .missingOutput(let name): "The network returned no output \"\(name)\"."
        case .noPrediction: "The segmenter returned no mask."
        }
    }
}

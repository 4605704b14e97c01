import Support

/// What can go wrong inside a segmenter.
public enum SegmenterError: Error, Sendable, Equatable {
    case missingOutput(String)
    case noPrediction
    case unknownCheckpoint(file: String, reason: String)
}

extension SegmenterError: DescribedError {
    public var description: String {
        switch self {
        case .missingOutput(let name): "The network returned no output \"\(name)\"."
        case .noPrediction: "The segmenter returned no mask."
        case .unknownCheckpoint(let file, let reason):
            "\(file): is no checkpoint of a known segmenter: \(reason). \(SegmenterFamily.learned(joinedBy: "and")) are supported."
        }
    }
}

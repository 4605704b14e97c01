import Support

/// What can go wrong inside a segmenter.
public enum SegmenterError: Error, Sendable, Equatable {
    case missingOutput(String)
    case noPrediction
    case unknownCheckpoint(file: String, reason: String)
    /// Of points for automatic masks, in each direction.
    case invalidGrid(Int)
}

extension SegmenterError: DescribedError {
    public var description: String {
        switch self {
        case .missingOutput(let name): "The network returned no output \"\(name)\"."
        case .noPrediction: "The segmenter returned no mask."
        case .invalidGrid(let count): "A grid for automatic masks has 1 to 256 points in each direction, not \(count)."
        case .unknownCheckpoint(let file, let reason):
            "\(file): is no checkpoint of a known segmenter: \(reason). \(SegmenterFamily.learned(joinedBy: "and")) are supported."
        }
    }
}

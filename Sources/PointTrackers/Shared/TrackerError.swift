import Support

/// What can go wrong inside a learned point tracker.
public enum TrackerError: Error, Sendable, Equatable {
    /// A file that holds no network of the tracker it was given to.
    case unknownCheckpoint(file: String, reason: String)
    case missingOutput(String)
    /// The network's maps of a frame of this size would be empty.
    case frameTooSmall(width: Int, height: Int, least: Int)
    case invalidOption(String)
    /// Points or masks that cannot be followed.
    case invalidQuery(String)
}

extension TrackerError {
    /// - Throws: `.invalidOption` for a value that is out of range.
    static func check(_ name: String, _ value: Int, _ range: some RangeExpression<Int>, of tracker: String) throws {
        guard range.contains(value) else {
            let limits =
                switch range {
                case let range as ClosedRange<Int>: "between \(range.lowerBound) and \(range.upperBound)"
                case let range as PartialRangeFrom<Int>: "at least \(range.lowerBound)"
                default: "in range"
                }
            throw TrackerError.invalidOption("\(tracker): \(name) must be \(limits); it is \(value).")
        }
    }
}

extension TrackerError: DescribedError {
    public var description: String {
        switch self {
        case .unknownCheckpoint(let file, let reason): "\(file): is no checkpoint of this point tracker: \(reason)."
        case .missingOutput(let name): "The network returned no output \"\(name)\"."
        case .frameTooSmall(let width, let height, let least):
            "Frames of \(width)x\(height) are too small for this tracker: it needs \(least) pixels in each direction. Enlarge the video."
        case .invalidOption(let message), .invalidQuery(let message): message
        }
    }
}

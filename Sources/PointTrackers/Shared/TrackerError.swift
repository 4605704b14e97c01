/// What can go wrong inside a learned point tracker.
public enum TrackerError: Error, Sendable, Equatable {
    /// A file that holds no network of the tracker it was given to.
    case unknownCheckpoint(file: String, reason: String)
    case missingOutput(String)
    /// The network's maps of a frame of this size would be empty.
    case frameTooSmall(width: Int, height: Int, least: Int)
    case invalidOption(String)
}

extension TrackerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownCheckpoint(let file, let reason): "\(file): is no checkpoint of this point tracker: \(reason)."
        case .missingOutput(let name): "The network returned no output \"\(name)\"."
        case .frameTooSmall(let width, let height, let least):
            "Frames of \(width)x\(height) are too small for this tracker: it needs \(least) pixels in each direction. Enlarge the video."
        case .invalidOption(let message): message
        }
    }
}

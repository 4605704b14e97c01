import Support

/// What can go wrong with videos, pictures and masks. Every case names the input and says what to do.
public enum MediaError: Error, Sendable, Equatable {
    case notFound(path: String)
    case unreadable(path: String, reason: String)
    case noVideoStream(path: String)
    case noFrames(path: String)
    case frameSizeDiffers(path: String, expected: ImageSize, found: ImageSize)
    case frameOutOfRange(index: Int, count: Int)
    case undecodable(path: String, frame: Int, reason: String)
    case invalidMask(path: String, reason: String)
    case notText(path: String)
    case unwritable(path: String, reason: String)
    case invalidArgument(String)
}

extension MediaError: DescribedError {
    public var description: String {
        switch self {
        case .notFound(let path):
            "\(path): no such file or folder."
        case .unreadable(let path, let reason):
            "\(path): cannot be read: \(reason.withoutFullStop)."
        case .noVideoStream(let path):
            "\(path): holds no video stream (is it an audio file?)."
        case .noFrames(let path):
            "\(path): holds no frames. A folder needs .jpg or .png files; a video needs at least one picture."
        case .frameSizeDiffers(let path, let expected, let found):
            "\(path): this frame is \(found), the frames before it \(expected). All frames must have one size."
        case .frameOutOfRange(let index, let count):
            "Frame \(index) does not exist: the video has \(count) frame\(count == 1 ? "" : "s") (0 to \(count - 1))."
        case .undecodable(let path, let frame, let reason):
            "\(path): frame \(frame) cannot be decoded: \(reason.withoutFullStop)."
        case .invalidMask(let path, let reason):
            "\(path): is not a usable mask: \(reason.withoutFullStop)."
        case .notText(let path):
            "\(path): is not text in UTF-8."
        case .unwritable(let path, let reason):
            "\(path): cannot be written: \(reason.withoutFullStop)."
        case .invalidArgument(let message):
            message
        }
    }
}

extension String {
    /// The system's reasons are sentences, ours are clauses.
    fileprivate var withoutFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}

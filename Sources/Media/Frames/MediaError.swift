import Support

/// What can go wrong with what is in videos, pictures and masks. Every case names the input and says what to do. What is wrong with a file
/// as such is a `FileError`.
public enum MediaError: Error, Sendable, Equatable {
    case noVideoStream(path: String)
    case noFrames(path: String)
    case frameSizeDiffers(path: String, expected: ImageSize, found: ImageSize)
    case frameOutOfRange(index: Int, count: Int)
    case undecodable(path: String, frame: Int, reason: String)
    case invalidMask(path: String, reason: String)
    case invalidArgument(String)
}

extension MediaError: DescribedError {
    public var description: String {
        switch self {
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
        case .invalidArgument(let message):
            message
        }
    }
}

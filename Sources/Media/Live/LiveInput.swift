import Support

/// How the bytes of a live source are to be read.
public enum LiveFormat: String, Sendable, CaseIterable {
    /// YUV4MPEG2 where the data begins so, otherwise whatever FFmpeg finds in it.
    case automatic = "auto"
    case y4m
    case rgb24
    case ffmpeg
    /// Like `ffmpeg`, and lists and descriptions (HLS, DASH, SDP) are followed to the network addresses that they name.
    case playlist
}

/// Opens a live source.
/// - Parameters:
///   - input: "-" for standard input, a named pipe or file, or an address with "://".
///   - size: of frames, for `rgb24`, whose data does not say it.
///   - rate: frames per second, for `rgb24`, where the producer keeps one.
///   - timeout: seconds without data after which the stream counts as broken; nil: never.
/// - Throws: `FileError`, `MediaError`.
public func openLive(
    _ input: String, format: LiveFormat = .automatic, size: ImageSize? = nil, rate: Double? = nil, timeout: Double? = nil
) throws -> any LiveCapture {
    if input.contains("://") {
        guard [.automatic, .ffmpeg, .playlist].contains(format) else {
            throw MediaError.invalidArgument("\(input): an address is read by FFmpeg; \(format.rawValue) is for pipes and files.")
        }
        return try FFmpegCapture(address: input, timeout: timeout, followsPlaylists: format == .playlist)
    }
    guard format != .rgb24 else {
        guard let size else {
            throw MediaError.invalidArgument("\(input): the size of the frames must be given: rgb24 data does not say it.")
        }
        return try RawVideoCapture(path: input, size: size, rate: rate, timeout: timeout)
    }
    let stream = try ByteStream(path: input, timeout: timeout)
    let start = try stream.peek(YUV4MPEGCapture.magic.utf8.count)
    guard !start.isEmpty else { throw FileError.unreadable(path: stream.name, reason: "it ended before any data came") }
    let isPlanar = start.elementsEqual(YUV4MPEGCapture.magic.utf8)
    return format == .y4m || (format == .automatic && isPlanar)
        ? try YUV4MPEGCapture(stream) : try FFmpegCapture(stream, followsPlaylists: format == .playlist)
}

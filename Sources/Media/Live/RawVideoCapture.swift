import CFFmpeg
import Support

/// Frames per second that somebody may mean: from one in eleven days to a million.
public let plausibleFrameRates = 1e-6...1e6

/// The bytes of a frame without padding; nil for sizes that are impossible or more than FFmpeg takes.
func planarByteCount(_ format: AVPixelFormat, _ size: ImageSize) -> Int? {
    guard (1...largestSide).contains(size.width), (1...largestSide).contains(size.height) else { return nil }
    let count = av_image_get_buffer_size(format, Int32(size.width), Int32(size.height), 1)
    return count > 0 ? Int(count) : nil
}

/// Frames as bare bytes: red, green and blue of each pixel, row by row, frame after frame (`ffmpeg -f rawvideo -pix_fmt rgb24`).
public final class RawVideoCapture: LiveCapture, @unchecked Sendable {
    public let size: ImageSize
    public var name: String { stream.name }
    private let stream: ByteStream
    private let rate: Double?
    private var count = 0

    /// - Parameters:
    ///   - path: a named pipe or a file; "-" is standard input.
    ///   - rate: frames per second, where the producer keeps one.
    ///   - timeout: seconds without data after which the stream counts as broken; nil: never.
    /// - Throws: `MediaError`.
    public convenience init(path: String, size: ImageSize, rate: Double? = nil, timeout: Double? = nil) throws {
        try self.init(ByteStream(path: path, timeout: timeout), size: size, rate: rate)
    }

    init(_ stream: ByteStream, size: ImageSize, rate: Double?) throws {
        guard planarByteCount(AV_PIX_FMT_RGB24, size) != nil else { throw MediaError.invalidArgument("Frames cannot be \(size).") }
        if let rate, !plausibleFrameRates.contains(rate) { throw MediaError.invalidArgument("\(rate) frames per second is no frame rate.") }
        (self.stream, self.size, self.rate) = (stream, size, rate)
    }

    public func next() throws -> CapturedFrame? {
        guard let pixels = try stream.frame(count, bytes: 3 * size.pixelCount) else { return nil }
        defer { count += 1 }
        return CapturedFrame(streamSeconds: rate.map { Double(count) / $0 }) { [size] in
            RGBImage(width: size.width, height: size.height, pixels: pixels)
        }
    }

    public func stop() { stream.stop() }
}

extension ByteStream {
    /// The bytes of one frame; nil when the data ends before it.
    func frame(_ number: Int, bytes: Int) throws -> [UInt8]? {
        var found = 0
        let data = try [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
            found = try fill(UnsafeMutableRawBufferPointer(buffer))
            count = found
        }
        guard found > 0 else { return nil }
        guard found == bytes else { throw FileError.cutFrame(name, frame: number, found: found, expected: bytes) }
        return data
    }
}

import CFFmpeg
import Support

/// A YUV4MPEG2 stream (`ffmpeg -f yuv4mpegpipe`, mjpegtools): planar frames after a line of text that says their size and rate.
///
/// Source: mjpegtools, yuv4mpeg(5).
public final class YUV4MPEGCapture: LiveCapture, @unchecked Sendable {
    static let magic = "YUV4MPEG2"

    public let size: ImageSize
    public let pixelAspect: PixelAspect
    public var name: String { stream.name }
    /// Frames per second; nil where the stream names none.
    public let rate: Double?
    private let stream: ByteStream
    private let converter: PlanarConverter
    private var count = 0

    /// - Parameters:
    ///   - path: a named pipe or a file; "-" is standard input.
    ///   - timeout: seconds without data after which the stream counts as broken; nil: never.
    /// - Throws: `FileError` when no header comes or it names nothing that is known.
    public convenience init(path: String, timeout: Double? = nil) throws {
        try self.init(ByteStream(path: path, timeout: timeout))
    }

    init(_ stream: ByteStream) throws {
        func failed(_ reason: String) -> FileError { .unreadable(path: stream.name, reason: reason) }
        guard let header = try stream.line(limit: 4096) else { throw failed("it ended before any data came") }
        let words = header.split(separator: " ")
        guard words.first == Substring(Self.magic) else { throw failed("it is no YUV4MPEG2 stream") }
        func value(_ tag: String) -> Substring? { words.dropFirst().first { $0.hasPrefix(tag) }?.dropFirst(tag.count) }
        guard let width = value("W").flatMap({ Int($0) }), let height = value("H").flatMap({ Int($0) }), (1...largestSide).contains(width),
            (1...largestSide).contains(height)
        else { throw failed("its header names no frame size that is possible") }
        let space = value("C").map(String.init) ?? "420"
        guard let format = Self.formats[space] else {
            throw failed("its colour space \(space) is not known; known are \(Self.formats.keys.sorted().joined(separator: ", "))")
        }
        if let interlacing = value("I"), interlacing != "p", interlacing != "?" {
            throw failed("its frames are interlaced; let FFmpeg deinterlace them")
        }
        rate = try value("F").flatMap { text in
            guard let rate = Self.rate(text) else { throw failed("its header names no frame rate that is possible") }
            return rate > 0 ? rate : nil
        }
        size = ImageSize(width: width, height: height)
        let aspect = value("A").map { $0.split(separator: ":").compactMap { Int($0) } } ?? []
        pixelAspect = aspect.count == 2 ? PixelAspect(plausible: aspect[0], aspect[1]) : .square
        // Levels without colour are full unless something else is said.
        let isFull = value("XCOLORRANGE=").map { $0 == "FULL" } ?? (space == "mono")
        guard let byteCount = planarByteCount(format, size) else { throw failed("its frames of \(size) are too large") }
        converter = PlanarConverter(size: size, format: format, byteCount: byteCount, isFullRange: isFull, name: stream.name)
        self.stream = stream
    }

    /// The rate in a header, a ratio of whole numbers; 0 where it is not known ("0:0"), nil where it is none.
    private static func rate(_ text: Substring) -> Double? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
        guard parts.count == 2, let frames = parts[0], let seconds = parts[1] else { return nil }
        if frames == 0 { return 0 }
        let rate = Double(frames) / Double(seconds)
        return plausibleFrameRates.contains(rate) ? rate : nil
    }

    public func next() throws -> CapturedFrame? {
        guard let header = try stream.line(limit: 4096) else { return nil }
        guard header == "FRAME" || header.hasPrefix("FRAME ") else {
            throw FileError.unreadable(path: name, reason: "frame \(count) does not begin as one: the data is out of step")
        }
        guard let bytes = try stream.frame(count, bytes: converter.byteCount) else {
            throw FileError.cutFrame(name, frame: count, found: 0, expected: converter.byteCount)
        }
        defer { count += 1 }
        return CapturedFrame(streamSeconds: rate.map { Double(count) / $0 }) { [converter] in try converter.picture(bytes) }
    }

    public func stop() { stream.stop() }

    private static let formats: [String: AVPixelFormat] = [
        "420": AV_PIX_FMT_YUV420P, "420jpeg": AV_PIX_FMT_YUV420P, "420mpeg2": AV_PIX_FMT_YUV420P, "420paldv": AV_PIX_FMT_YUV420P,
        "411": AV_PIX_FMT_YUV411P, "422": AV_PIX_FMT_YUV422P, "444": AV_PIX_FMT_YUV444P, "mono": AV_PIX_FMT_GRAY8,
        "420p10": AV_PIX_FMT_YUV420P10LE, "422p10": AV_PIX_FMT_YUV422P10LE, "444p10": AV_PIX_FMT_YUV444P10LE,
    ]
}

/// Planar bytes without padding to RGB.
private final class PlanarConverter: @unchecked Sendable {
    let byteCount: Int
    private let size: ImageSize
    private let format: AVPixelFormat
    private let isFullRange: Bool
    private let name: String
    private let converter = Protected(RGBConverter())

    init(size: ImageSize, format: AVPixelFormat, byteCount: Int, isFullRange: Bool, name: String) {
        (self.size, self.format, self.byteCount, self.isFullRange, self.name) = (size, format, byteCount, isFullRange, name)
    }

    func picture(_ bytes: [UInt8]) throws -> RGBImage {
        func failed() -> FileError { .unreadable(path: name, reason: "a frame of it cannot be converted to RGB") }
        guard let frame = makeFrame() else { throw failed() }
        frame.pointer.pointee.width = Int32(size.width)
        frame.pointer.pointee.height = Int32(size.height)
        frame.pointer.pointee.format = format.rawValue
        frame.pointer.pointee.color_range = isFullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
        // Copied into planes of FFmpeg's own, whose rows are padded as its fast paths need them.
        guard av_frame_get_buffer(frame.pointer, 0) >= 0 else { throw failed() }
        var planes: [UnsafeMutablePointer<UInt8>?] = [nil, nil, nil, nil]
        var strides: [Int32] = [0, 0, 0, 0]
        try bytes.withUnsafeBufferPointer { source in
            guard av_image_fill_arrays(&planes, &strides, source.baseAddress, format, Int32(size.width), Int32(size.height), 1) >= 0 else {
                throw failed()
            }
            var sources = planes.map { UnsafePointer<UInt8>($0) }
            withUnsafeMutablePointer(to: &frame.pointer.pointee.data) { data in
                data.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 8) { targets in
                    withUnsafeMutablePointer(to: &frame.pointer.pointee.linesize) { sizes in
                        sizes.withMemoryRebound(to: Int32.self, capacity: 8) { lineSizes in
                            av_image_copy(targets, lineSizes, &sources, &strides, format, Int32(size.width), Int32(size.height))
                        }
                    }
                }
            }
        }
        guard let image = converter.withLock({ $0.convert(frame.pointer) }) else { throw failed() }
        return image
    }
}

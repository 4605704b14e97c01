import CFFmpeg
import Foundation
import Support

/// Writes a video whose frames have straight alpha, frame by frame, under a temporary name until it is finished.
public final class AlphaVideoWriter {
    /// What it is written with, and into which container.
    public enum Codec: Sendable {
        /// ProRes 4444 in QuickTime, for editors; its alpha is exact.
        case proRes4444
        /// VP9 in WebM, for browsers.
        case vp9

        fileprivate var encoder: String { self == .vp9 ? "libvpx-vp9" : "prores_ks" }
        fileprivate var container: String { self == .vp9 ? "webm" : "mov" }
        fileprivate var format: AVPixelFormat { self == .vp9 ? AV_PIX_FMT_YUVA420P : AV_PIX_FMT_YUVA444P10LE }
        /// The format without alpha; its planes are the first three of the other.
        fileprivate var opaque: AVPixelFormat { self == .vp9 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV444P10LE }

        fileprivate var options: [(String, String)] {
            switch self {
            case .proRes4444: [("profile", "4444"), ("vendor", "apl0"), ("alpha_bits", "16")]
            // Alternative reference frames are not possible with alpha.
            case .vp9: [("auto-alt-ref", "0"), ("crf", "24"), ("deadline", "good"), ("cpu-used", "4"), ("row-mt", "1")]
            }
        }
    }

    public var path: String { encoding.path }
    private let codec: Codec
    private let encoding: VideoEncoding
    private var size: ImageSize { encoding.settings.size }

    /// What a person should know of the file though nothing is wrong with it.
    public var notes: [String] {
        // Before libavcodec 61 the container said that there are 24 bits a pixel.
        guard codec == .proRes4444, avcodec_version() >> 16 < 61 else { return [] }
        return ["\(path): written with an FFmpeg before 7.0; editors on macOS may take its alpha for opaque"]
    }

    /// - Parameter timeBase: seconds per tick of the timestamps, as a fraction.
    /// - Throws: `FileError.unwritable` when the file cannot be created or this FFmpeg has no such encoder, `invalidArgument` for
    ///   impossible sizes or time bases.
    public init(
        path: String, codec: Codec, size: ImageSize, timeBase: (numerator: Int, denominator: Int), pixelAspect: PixelAspect = .square
    ) throws {
        _ = quietFFmpeg
        func failed(_ reason: String) -> FileError { .unwritable(path: path, reason: reason) }
        // What is impossible is said before there is a file.
        _ = try EncoderSettings(frames: size, timeBase: timeBase, pixelAspect: pixelAspect)
        let part = try PartFile(for: path)
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        avformat_alloc_output_context2(&allocated, nil, codec.container, part.path)
        guard let format = Owned(allocated, free: { avformat_free_context($0) }), let container = format.pointer.pointee.oformat else {
            throw failed("this FFmpeg cannot write \(codec.container)")
        }
        let settings = try EncoderSettings(frames: size, timeBase: timeBase, pixelAspect: pixelAspect, container: container)
        guard let context = settings.context(codec.encoder, codec.format)?.opened(codec.options) else {
            throw failed("this FFmpeg has no encoder \(codec.encoder)")
        }
        self.codec = codec
        encoding = try VideoEncoding(
            path, part: part, format: format, context: context, settings: settings, colours: codec.opaque,
            scaling: Int32(SWS_BICUBIC) | Int32(SWS_ACCURATE_RND))
        // Players of WebM look for alpha only where this says that there is some.
        if codec == .vp9 { av_dict_set(&encoding.stream.pointee.metadata, "alpha_mode", "1", 0) }
        try encoding.start()
    }

    /// Adds a frame.
    /// - Parameters:
    ///   - mask: opaque where it is inside.
    ///   - timestamp: in ticks of the time base, above that of the frame before.
    /// - Throws: `MediaError` when a size differs or the disk is full; the file is then removed.
    public func append(_ image: RGBImage, alpha mask: Mask, timestamp: Int64) throws {
        guard image.size == size, mask.size == size else {
            throw MediaError.frameSizeDiffers(path: path, expected: size, found: image.size == size ? mask.size : image.size)
        }
        try encoding.fill(image, timestamp: timestamp)
        try setAlpha(mask)
        try encoding.encode(at: timestamp)
    }

    /// Full and none, as exact as the format has them.
    private func setAlpha(_ mask: Mask) throws {
        guard let plane = encoding.frame.pointer.pointee.data.3 else {
            throw FileError.unwritable(path: path, reason: "there is no plane for alpha")
        }
        let stride = Int(encoding.frame.pointer.pointee.linesize.3)
        mask.values.withUnsafeBufferPointer { mask in
            for y in 0..<size.height {
                let (row, line) = (y * size.width, plane + y * stride)
                if codec == .vp9 {
                    for x in 0..<size.width { line[x] = mask[row + x] == 0 ? 0 : 255 }
                } else {
                    for x in 0..<size.width {
                        let isInside = mask[row + x] != 0
                        // 1023 in two bytes, the lower first.
                        (line[2 * x], line[2 * x + 1]) = isInside ? (0xff, 0x03) : (0, 0)
                    }
                }
            }
        }
    }

    /// Completes the file and gives it its name. Without frames nothing is left behind.
    public func finish() throws { try encoding.finish() }

    /// Stops without a result; nothing is left behind.
    public func cancel() { encoding.cancel() }
}

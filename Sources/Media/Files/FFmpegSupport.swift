import CFFmpeg
import Foundation

/// FFmpeg's words for an error code.
func ffmpegMessage(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard av_strerror(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "error \(code)" }
}

/// Largest picture that is decoded, per side. Refuses absurd headers before memory is asked for.
let largestSide = 16384

/// Owns an FFmpeg object and frees it.
final class Owned<Pointee> {
    let pointer: UnsafeMutablePointer<Pointee>
    private let free: (UnsafeMutablePointer<Pointee>) -> Void

    init(_ pointer: UnsafeMutablePointer<Pointee>, free: @escaping (UnsafeMutablePointer<Pointee>) -> Void) {
        (self.pointer, self.free) = (pointer, free)
    }

    convenience init?(_ pointer: UnsafeMutablePointer<Pointee>?, free: @escaping (UnsafeMutablePointer<Pointee>) -> Void) {
        guard let pointer else { return nil }
        self.init(pointer, free: free)
    }

    deinit { free(pointer) }
}

func makeFrame() -> Owned<AVFrame>? {
    Owned(av_frame_alloc()) { pointer in
        var frame: UnsafeMutablePointer<AVFrame>? = pointer
        av_frame_free(&frame)
    }
}

func makePacket() -> Owned<AVPacket>? {
    Owned(av_packet_alloc()) { pointer in
        var packet: UnsafeMutablePointer<AVPacket>? = pointer
        av_packet_free(&packet)
    }
}

/// An opened container.
/// - Parameter resource: what it reads from, which is let go after it.
func closing(_ opened: UnsafeMutablePointer<AVFormatContext>, before resource: AnyObject?) -> Owned<AVFormatContext> {
    Owned(opened) { pointer in
        withExtendedLifetime(resource) {
            var context: UnsafeMutablePointer<AVFormatContext>? = pointer
            avformat_close_input(&context)
        }
    }
}

func makeCodecContext(_ codec: UnsafePointer<AVCodec>) -> Owned<AVCodecContext>? {
    Owned(avcodec_alloc_context3(codec)) { pointer in
        var context: UnsafeMutablePointer<AVCodecContext>? = pointer
        avcodec_free_context(&context)
    }
}

/// Converts decoded pictures of any pixel format to 8-bit RGB; keeps its tables between frames.
final class RGBConverter {
    private var context: OpaquePointer?

    deinit { sws_freeContext(context) }

    func convert(_ frame: UnsafeMutablePointer<AVFrame>) -> RGBImage? {
        let (width, height) = (Int(frame.pointee.width), Int(frame.pointee.height))
        guard width > 0, height > 0, width <= largestSide, height <= largestSide else { return nil }
        let format = AVPixelFormat(rawValue: frame.pointee.format)
        context = sws_getCachedContext(
            context, Int32(width), Int32(height), format, Int32(width), Int32(height), AV_PIX_FMT_RGB24,
            Int32(SWS_BICUBIC) | Int32(SWS_ACCURATE_RND), nil, nil, nil)
        guard let context else { return nil }
        let isFull = isFullRange(frame)
        setColours(context, frame, isFull: isFull)
        var image = RGBImage(width: width, height: height)
        let rows = image.pixels.withUnsafeMutableBufferPointer { pixels -> Int32 in
            var planes: [UnsafeMutablePointer<UInt8>?] = [pixels.baseAddress, nil, nil, nil]
            var strides: [Int32] = [Int32(3 * width), 0, 0, 0]
            return withUnsafePointer(to: &frame.pointee.data) { data in
                data.withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 8) { source in
                    withUnsafePointer(to: &frame.pointee.linesize) { sizes in
                        sizes.withMemoryRebound(to: Int32.self, capacity: 8) { lineSizes in
                            sws_scale(context, source, lineSizes, 0, Int32(height), &planes, &strides)
                        }
                    }
                }
            }
        }
        guard rows == Int32(height) else { return nil }
        // FFmpeg takes 8-bit levels for a palette, whatever their range.
        if format == AV_PIX_FMT_GRAY8, !isFull { Self.stretchLevels(&image.pixels) }
        return image
    }

    /// From 16...235 to 0...255.
    private static func stretchLevels(_ pixels: inout [UInt8]) {
        let levels = (0..<256).map { UInt8(clamping: (($0 - 16) * 255 + ($0 < 16 ? -109 : 109)) / 219) }
        levels.withUnsafeBufferPointer { levels in
            pixels.withUnsafeMutableBufferPointer { pixels in
                for index in pixels.indices { pixels[index] = levels[Int(pixels[index])] }
            }
        }
    }

    /// The matrix and range the source is tagged with. Without a matrix pictures are BT.709 from 720 lines up and BT.601 below, as players
    /// take them.
    private func setColours(_ context: OpaquePointer, _ frame: UnsafeMutablePointer<AVFrame>, isFull: Bool) {
        var space = Int32(frame.pointee.colorspace.rawValue)
        if frame.pointee.colorspace == AVCOL_SPC_UNSPECIFIED {
            space = frame.pointee.height >= 720 && !isFull ? SWS_CS_ITU709 : SWS_CS_ITU601
        }
        // The table has the numbers of the tags; it takes BT.601 for those that it does not know.
        let table = sws_getCoefficients(space)
        sws_setColorspaceDetails(context, table, isFull ? 1 : 0, table, 1, 0, 1 << 16, 1 << 16)
    }

    private func isFullRange(_ frame: UnsafeMutablePointer<AVFrame>) -> Bool {
        switch frame.pointee.color_range {
        case AVCOL_RANGE_JPEG: return true
        case AVCOL_RANGE_MPEG: break
        default:
            // Levels without colour are full unless something else is said.
            guard let description = av_pix_fmt_desc_get(AVPixelFormat(rawValue: frame.pointee.format))?.pointee else { break }
            if description.nb_components < 3, description.flags & UInt64(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) == 0 { return true }
        }
        let full = [AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUVJ411P]
        return full.contains { $0.rawValue == frame.pointee.format }
    }
}

/// FFmpeg prints to stderr by default; errors are reported through `MediaError` instead.
let quietFFmpeg: Void = CFFmpegSilenceLog()

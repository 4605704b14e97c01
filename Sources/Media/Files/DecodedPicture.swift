import CFFmpeg
import Foundation
import Support

/// One picture file that is no JPEG, decoded by FFmpeg.
struct DecodedPicture {
    let frame: Owned<AVFrame>
    let width: Int
    let height: Int
    /// The bit depth that a PNG's header names.
    let pngBitDepth: Int?

    var format: AVPixelFormat { AVPixelFormat(rawValue: frame.pointer.pointee.format) }

    /// - Parameter name: for messages.
    init(data file: Data, name: String) throws {
        _ = quietFFmpeg
        func failed(_ reason: String) -> FileError { .unreadable(path: name, reason: reason) }
        guard file.count < 1 << 30 else { throw failed("it is too large for a picture") }
        guard let codecID = Self.codec(of: file) else { throw failed("it is empty or not a picture that is known") }
        if codecID == AV_CODEC_ID_WEBP, Self.isAnimatedWebP(file) {
            throw failed("it is an animated WebP, which FFmpeg does not decode; convert it to an animated PNG or a video")
        }
        pngBitDepth = codecID == AV_CODEC_ID_PNG ? try Self.checkPNG(file, failed) : nil
        if pngBitDepth != nil, let fault = PNGPixels.fault(in: file) { throw failed(fault) }
        guard let codec = avcodec_find_decoder(codecID), let context = makeCodecContext(codec), let packet = makePacket(),
            let frame = makeFrame()
        else { throw failed("this FFmpeg has no decoder for it") }
        // A TIFF's orientation is one of the tags that its decoder does not know and would fail at.
        context.pointer.pointee.err_recognition = codecID == AV_CODEC_ID_TIFF ? 0 : AV_EF_CRCCHECK | AV_EF_EXPLODE
        context.pointer.pointee.max_pixels = Int64(largestSide) * Int64(largestSide)
        context.pointer.pointee.thread_count = 1
        var code = avcodec_open2(context.pointer, codec, nil)
        if code >= 0 { code = av_new_packet(packet.pointer, Int32(file.count)) }
        guard code >= 0, let buffer = packet.pointer.pointee.data else { throw failed(ffmpegMessage(code)) }
        file.copyBytes(to: buffer, count: file.count)
        code = avcodec_send_packet(context.pointer, packet.pointer)
        if code >= 0 { avcodec_send_packet(context.pointer, nil) }
        if code >= 0 { code = avcodec_receive_frame(context.pointer, frame.pointer) }
        guard code >= 0 else { throw failed("its data is damaged or cut short (\(ffmpegMessage(code)))") }
        guard frame.pointer.pointee.decode_error_flags == 0, frame.pointer.pointee.flags & Int32(AV_FRAME_FLAG_CORRUPT) == 0 else {
            throw failed("its data is damaged or cut short")
        }
        self.frame = frame
        width = Int(frame.pointer.pointee.width)
        height = Int(frame.pointer.pointee.height)
    }

    private static func codec(of file: Data) -> AVCodecID? {
        let head = [UInt8](file.prefix(12))
        if head.starts(with: [0x89, 0x50, 0x4e, 0x47]) { return AV_CODEC_ID_PNG }
        if head.starts(with: [0x42, 0x4d]) { return AV_CODEC_ID_BMP }
        if head.starts(with: Array("RIFF".utf8)), head.dropFirst(8).starts(with: Array("WEBP".utf8)) { return AV_CODEC_ID_WEBP }
        if head.starts(with: [0x49, 0x49, 0x2a, 0]) || head.starts(with: [0x4d, 0x4d, 0, 0x2a]) { return AV_CODEC_ID_TIFF }
        return nil
    }

    private static func isAnimatedWebP(_ file: Data) -> Bool {
        let head = [UInt8](file.prefix(21))
        return head.count == 21 && head[12..<16].elementsEqual("VP8X".utf8) && head[20] & 2 != 0
    }

    /// Checks a PNG's header and that its chunks are complete, since FFmpeg fills what is missing.
    /// - Returns: the bit depth.
    private static func checkPNG(_ file: Data, _ failed: (String) -> FileError) throws -> Int {
        let bytes = [UInt8](file.prefix(33))
        func number(_ position: Int) -> Int { bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) } }
        guard bytes.count == 33, bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), number(8) == 13,
            Array(bytes[12..<16]) == Array("IHDR".utf8)
        else { throw failed("its PNG header is damaged") }
        let (width, height) = (number(16), number(20))
        guard (1...largestSide).contains(width), (1...largestSide).contains(height) else {
            throw failed("its header claims \(width)x\(height) pixels")
        }
        guard bytes[26] == 0, bytes[27] == 0, bytes[28] <= 1 else { throw failed("its compression or interlacing is unknown") }
        var position = 8
        var dataBytes = 0
        while position + 12 <= file.count {
            let base = file.startIndex + position
            let length = file[base..<(base + 4)].reduce(0) { $0 << 8 | Int($1) }
            let kind = file[(base + 4)..<(base + 8)]
            guard position + 12 + length <= file.count else { break }
            if kind.elementsEqual("IDAT".utf8) { dataBytes += length }
            if kind.elementsEqual("IEND".utf8) {
                // Deflate packs at most 1032 to 1, and a pixel has at least a bit.
                guard width * height / 8 <= dataBytes * 1032 else { throw failed("its data is too little for \(width)x\(height) pixels") }
                return Int(bytes[24])
            }
            position += 12 + length
        }
        throw failed("its data is cut short")
    }

    var pixelAspect: PixelAspect {
        let ratio = frame.pointer.pointee.sample_aspect_ratio
        return PixelAspect(plausible: Int(ratio.num), Int(ratio.den))
    }

    /// The first plane's rows without padding.
    func bytes(perPixel: Int) -> [UInt8] {
        guard let data = frame.pointer.pointee.data.0 else { return [] }
        let rowBytes = width * perPixel
        return [UInt8](unsafeUninitializedCapacity: rowBytes * height) { target, count in
            guard let start = target.baseAddress else { return }
            for y in 0..<height { memcpy(start + y * rowBytes, data + y * Int(frame.pointer.pointee.linesize.0), rowBytes) }
            count = rowBytes * height
        }
    }

    /// A one-bit picture's pixels, high bits first.
    func bits() -> [UInt16] {
        guard let data = frame.pointer.pointee.data.0 else { return [] }
        let stride = Int(frame.pointer.pointee.linesize.0)
        return (0..<(width * height)).map { i in
            let (x, y) = (i % width, i / width)
            return UInt16(data[y * stride + x / 8] >> (7 - UInt8(x % 8)) & 1)
        }
    }
}

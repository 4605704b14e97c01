import CFFmpeg
import Foundation

/// Reads and writes single pictures and masks.
public enum ImageFile {
    /// A picture as 8-bit RGB: PNG, JPEG, and what else FFmpeg decodes (WebP, BMP, TIFF).
    public static func readRGB(_ path: String) throws -> RGBImage {
        let decoded = try DecodedPicture(path: path)
        guard let image = RGBConverter().convert(decoded.frame.pointer) else {
            throw MediaError.unreadable(path: path, reason: "its pixel format cannot be converted")
        }
        return image
    }

    /// A picture's grey levels: those of a grey picture as they are, others as OpenCV converts them.
    public static func readGray(_ path: String) throws -> GrayImage {
        let decoded = try DecodedPicture(path: path)
        if decoded.format == AV_PIX_FMT_GRAY8 {
            return GrayImage(width: decoded.width, height: decoded.height, pixels: decoded.bytes(perPixel: 1))
        }
        guard let image = RGBConverter().convert(decoded.frame.pointer) else {
            throw MediaError.unreadable(path: path, reason: "its pixel format cannot be converted")
        }
        return image.gray()
    }

    /// Object ids from a PNG: palette indices or grey levels as they are stored, or RGB in the colours of the DAVIS palette.
    /// - Throws: `MediaError.invalidMask` for colours outside the palette.
    public static func readIndexMask(_ path: String) throws -> IndexMask {
        let decoded = try DecodedPicture(path: path)
        guard decoded.pngBitDepth != nil else { throw MediaError.invalidMask(path: path, reason: "it is not a PNG; other formats blur the ids") }
        if let fault = PNGPixels.fault(in: decoded.file) { throw MediaError.unreadable(path: path, reason: fault) }
        let (width, height) = (decoded.width, decoded.height)
        func mask(_ values: [UInt16]) -> IndexMask { IndexMask(width: width, height: height, values: values) }
        switch decoded.format {
        case AV_PIX_FMT_PAL8: return mask(decoded.bytes(perPixel: 1).map(UInt16.init))
        case AV_PIX_FMT_GRAY8:
            // FFmpeg stretches 2- and 4-bit grey to 8 bits.
            let unit: UInt8 = [2: 85, 4: 17][decoded.pngBitDepth ?? 8] ?? 1
            return mask(decoded.bytes(perPixel: 1).map { UInt16($0 / unit) })
        case AV_PIX_FMT_MONOBLACK: return mask(decoded.bits())
        case AV_PIX_FMT_GRAY16BE:
            let bytes = decoded.bytes(perPixel: 2)
            return mask((0..<(width * height)).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) })
        case AV_PIX_FMT_YA8:
            let bytes = decoded.bytes(perPixel: 2)
            return mask((0..<(width * height)).map { UInt16(bytes[2 * $0]) })
        default:
            guard let image = RGBConverter().convert(decoded.frame.pointer) else {
                throw MediaError.invalidMask(path: path, reason: "its pixel format cannot be converted")
            }
            return try indices(of: image, path: path)
        }
    }

    private static func indices(of image: RGBImage, path: String) throws -> IndexMask {
        var known: [UInt32: UInt16] = [:]
        for (index, color) in davisPalette.enumerated().reversed() {
            known[UInt32(color.red) << 16 | UInt32(color.green) << 8 | UInt32(color.blue)] = UInt16(index)
        }
        var mask = IndexMask(width: image.width, height: image.height)
        for i in 0..<mask.values.count {
            let (r, g, b) = (image.pixels[3 * i], image.pixels[3 * i + 1], image.pixels[3 * i + 2])
            guard let index = known[UInt32(r) << 16 | UInt32(g) << 8 | UInt32(b)] else {
                throw MediaError.invalidMask(path: path, reason: "the colour (\(r), \(g), \(b)) is not in the DAVIS palette")
            }
            mask.values[i] = index
        }
        return mask
    }

    /// A picture as PNG.
    public static func writePNG(_ image: RGBImage, to path: String) throws {
        try image.pixels.withUnsafeBufferPointer {
            try encode(PictureToEncode(size: image.size, format: AV_PIX_FMT_RGB24, bytesPerPixel: 3, bytes: $0), to: path)
        }
    }

    /// Object ids as a palette PNG in DAVIS's colours; 16-bit grey when an id is above 255.
    public static func writeIndexMask(_ mask: IndexMask, to path: String) throws {
        if mask.values.contains(where: { $0 > 255 }) {
            let bytes = mask.values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            try bytes.withUnsafeBufferPointer {
                try encode(PictureToEncode(size: mask.size, format: AV_PIX_FMT_GRAY16BE, bytesPerPixel: 2, bytes: $0), to: path)
            }
        } else {
            let bytes = mask.values.map { UInt8(truncatingIfNeeded: $0) }
            try bytes.withUnsafeBufferPointer {
                try encode(PictureToEncode(size: mask.size, format: AV_PIX_FMT_PAL8, bytesPerPixel: 1, bytes: $0), to: path)
            }
        }
    }

    /// A mask as a grey PNG, 0 outside and 255 inside.
    public static func writeMask(_ mask: Mask, to path: String) throws {
        let bytes = mask.values.map { $0 == 0 ? UInt8(0) : 255 }
        try bytes.withUnsafeBufferPointer {
            try encode(PictureToEncode(size: mask.size, format: AV_PIX_FMT_GRAY8, bytesPerPixel: 1, bytes: $0), to: path)
        }
    }

    private struct PictureToEncode {
        var size: ImageSize
        var format: AVPixelFormat
        var bytesPerPixel: Int
        var bytes: UnsafeBufferPointer<UInt8>
    }

    private static func encode(_ picture: PictureToEncode, to path: String) throws {
        func failed(_ reason: String) -> MediaError { .unwritable(path: path, reason: reason) }
        guard let codec = avcodec_find_encoder(AV_CODEC_ID_PNG), let context = makeCodecContext(codec), let frame = makeFrame(),
            let packet = makePacket()
        else { throw failed("this FFmpeg has no PNG encoder") }
        context.pointer.pointee.width = Int32(picture.size.width)
        context.pointer.pointee.height = Int32(picture.size.height)
        context.pointer.pointee.pix_fmt = picture.format
        context.pointer.pointee.time_base = AVRational(num: 1, den: 1)
        context.pointer.pointee.compression_level = 3
        var code = avcodec_open2(context.pointer, codec, nil)
        guard code >= 0 else { throw failed(ffmpegMessage(code)) }
        frame.pointer.pointee.width = context.pointer.pointee.width
        frame.pointer.pointee.height = context.pointer.pointee.height
        frame.pointer.pointee.format = picture.format.rawValue
        code = av_frame_get_buffer(frame.pointer, 0)
        guard code >= 0, let target = frame.pointer.pointee.data.0, let source = picture.bytes.baseAddress else {
            throw failed(ffmpegMessage(code))
        }
        let rowBytes = picture.size.width * picture.bytesPerPixel
        for y in 0..<picture.size.height {
            memcpy(target + y * Int(frame.pointer.pointee.linesize.0), source + y * rowBytes, rowBytes)
        }
        if picture.format == AV_PIX_FMT_PAL8, let palette = frame.pointer.pointee.data.1 {
            palette.withMemoryRebound(to: UInt32.self, capacity: 256) { entries in
                for (i, color) in davisPalette.enumerated() {
                    entries[i] = 0xff00_0000 | UInt32(color.red) << 16 | UInt32(color.green) << 8 | UInt32(color.blue)
                }
            }
        }
        code = avcodec_send_frame(context.pointer, frame.pointer)
        if code >= 0 { code = avcodec_receive_packet(context.pointer, packet.pointer) }
        guard code >= 0, let data = packet.pointer.pointee.data else { throw failed(ffmpegMessage(code)) }
        try AtomicFile.write(Data(bytes: data, count: Int(packet.pointer.pointee.size)), to: path)
    }
}

/// One picture file, decoded by FFmpeg.
private struct DecodedPicture {
    let frame: Owned<AVFrame>
    let file: Data
    let width: Int
    let height: Int
    /// The bit depth that a PNG's header names.
    let pngBitDepth: Int?

    var format: AVPixelFormat { AVPixelFormat(rawValue: frame.pointer.pointee.format) }

    init(path: String) throws {
        _ = quietFFmpeg
        func failed(_ reason: String) -> MediaError { .unreadable(path: path, reason: reason) }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw MediaError.notFound(path: path) }
        guard !isFolder.boolValue else { throw failed("it is a folder") }
        let file: Data
        do {
            file = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        } catch {
            throw failed(AtomicFile.reason(error))
        }
        guard file.count < 1 << 30 else { throw failed("it is too large for a picture") }
        guard let codecID = Self.codec(of: file) else { throw failed("it is empty or not a picture that is known") }
        pngBitDepth = codecID == AV_CODEC_ID_PNG ? try Self.checkPNG(file, failed) : nil
        guard let codec = avcodec_find_decoder(codecID), let context = makeCodecContext(codec), let packet = makePacket(),
            let frame = makeFrame()
        else { throw failed("this FFmpeg has no decoder for it") }
        context.pointer.pointee.err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE
        context.pointer.pointee.max_pixels = Int64(largestSide) * Int64(largestSide)
        context.pointer.pointee.thread_count = 1
        var code = avcodec_open2(context.pointer, codec, nil)
        if code >= 0 { code = av_new_packet(packet.pointer, Int32(file.count)) }
        guard code >= 0, let buffer = packet.pointer.pointee.data else { throw failed(ffmpegMessage(code)) }
        file.copyBytes(to: buffer, count: file.count)
        code = avcodec_send_packet(context.pointer, packet.pointer)
        if code >= 0 { avcodec_send_packet(context.pointer, nil) }
        if code >= 0 { code = avcodec_receive_frame(context.pointer, frame.pointer) }
        guard code >= 0, frame.pointer.pointee.decode_error_flags == 0 else {
            throw failed("its data is damaged or cut short (\(ffmpegMessage(code)))")
        }
        self.frame = frame
        self.file = file
        width = Int(frame.pointer.pointee.width)
        height = Int(frame.pointer.pointee.height)
    }

    private static func codec(of file: Data) -> AVCodecID? {
        let head = [UInt8](file.prefix(12))
        if head.starts(with: [0x89, 0x50, 0x4e, 0x47]) { return AV_CODEC_ID_PNG }
        if head.starts(with: [0xff, 0xd8]) { return AV_CODEC_ID_MJPEG }
        if head.starts(with: [0x42, 0x4d]) { return AV_CODEC_ID_BMP }
        if head.starts(with: Array("RIFF".utf8)), head.dropFirst(8).starts(with: Array("WEBP".utf8)) { return AV_CODEC_ID_WEBP }
        if head.starts(with: [0x49, 0x49, 0x2a, 0]) || head.starts(with: [0x4d, 0x4d, 0, 0x2a]) { return AV_CODEC_ID_TIFF }
        return nil
    }

    /// Checks a PNG's header and that its chunks are complete, since FFmpeg fills what is missing.
    /// - Returns: the bit depth.
    private static func checkPNG(_ file: Data, _ failed: (String) -> MediaError) throws -> Int {
        let bytes = [UInt8](file.prefix(33))
        func number(_ position: Int) -> Int { bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) } }
        guard bytes.count == 33, bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), number(8) == 13,
            Array(bytes[12..<16]) == Array("IHDR".utf8)
        else { throw failed("its PNG header is damaged") }
        let (width, height) = (number(16), number(20))
        guard (1...largestSide).contains(width), (1...largestSide).contains(height) else {
            throw failed("its header claims \(width)x\(height) pixels")
        }
        var position = 8
        var hasData = false
        while position + 12 <= file.count {
            let base = file.startIndex + position
            let length = file[base..<(base + 4)].reduce(0) { $0 << 8 | Int($1) }
            let kind = file[(base + 4)..<(base + 8)]
            guard position + 12 + length <= file.count else { break }
            if kind.elementsEqual("IDAT".utf8) { hasData = hasData || length > 0 }
            if kind.elementsEqual("IEND".utf8) {
                guard hasData else { throw failed("it holds no pixels") }
                return Int(bytes[24])
            }
            position += 12 + length
        }
        throw failed("its data is cut short")
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

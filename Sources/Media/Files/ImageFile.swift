import CFFmpeg
import Foundation
import Support

/// Reads and writes single pictures and masks.
public enum ImageFile {
    /// A picture as 8-bit RGB, turned as its Exif data says: JPEG as libjpeg-turbo decodes it, PNG, and what else FFmpeg decodes (WebP,
    /// BMP, TIFF).
    public static func readRGB(_ path: String) throws -> RGBImage { try read(path).image }

    /// The contents of a picture file as 8-bit RGB.
    /// - Parameter name: for messages.
    public static func readRGB(data: Data, name: String) throws -> RGBImage { try read(data, name: name).image }

    /// A picture and the shape of its pixels.
    static func read(_ path: String) throws -> (image: RGBImage, pixelAspect: PixelAspect) { try read(contents(of: path), name: path) }

    private static func read(_ data: Data, name: String) throws -> (image: RGBImage, pixelAspect: PixelAspect) {
        if isJPEG(data) {
            let picture = try JPEGPicture(data: data, name: name)
            return (picture.rgb.oriented(picture.orientation), picture.pixelAspect.oriented(picture.orientation))
        }
        let decoded = try DecodedPicture(data: data, name: name)
        guard let image = RGBConverter().convert(decoded.frame.pointer) else {
            throw FileError.unreadable(path: name, reason: "its pixel format cannot be converted")
        }
        let orientation = ExifOrientation.read(file: data)
        return (image.oriented(orientation), decoded.pixelAspect.oriented(orientation))
    }

    /// A picture's grey levels, turned as its Exif data says: those of a grey picture as they are, others as OpenCV converts them.
    public static func readGray(_ path: String) throws -> GrayImage {
        let data = try contents(of: path)
        if isJPEG(data) {
            let picture = try JPEGPicture(data: data, name: path)
            let gray =
                picture.isGray
                ? GrayImage(width: picture.size.width, height: picture.size.height, pixels: picture.pixels) : picture.rgb.gray()
            return gray.oriented(picture.orientation)
        }
        let decoded = try DecodedPicture(data: data, name: path)
        guard decoded.format == AV_PIX_FMT_GRAY8 else { return try readRGB(data: data, name: path).gray() }
        return GrayImage(width: decoded.width, height: decoded.height, pixels: decoded.bytes(perPixel: 1)).oriented(
            ExifOrientation.read(file: data))
    }

    private static func isJPEG(_ data: Data) -> Bool { data.starts(with: [0xff, 0xd8]) }

    /// Whether a PNG file holds an animation, which it says before its first pixels.
    static func isAnimatedPNG(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: 1 << 16) else { return false }
        guard head.starts(with: [0x89, 0x50, 0x4e, 0x47]), let animation = head.range(of: Data("acTL".utf8)) else { return false }
        return head.range(of: Data("IDAT".utf8)).map { animation.lowerBound < $0.lowerBound } ?? true
    }

    private static func contents(of path: String) throws -> Data { try InputFile.read(path, limit: 1 << 30) }

    /// Object ids from a PNG: palette indices or grey levels as they are stored (Exif data turns no masks), or RGB in the colours of the
    /// DAVIS palette.
    /// - Throws: `MediaError.invalidMask` for colours outside the palette and for other formats than PNG.
    public static func readIndexMask(_ path: String) throws -> IndexMask {
        switch try readLabels(path) {
        case .words(let mask): mask
        case .bytes(let size, let values): IndexMask(width: size.width, height: size.height, values: values.map(UInt16.init))
        }
    }

    /// As `readIndexMask`, with a byte a pixel where that is how the file has it.
    public static func readLabels(_ path: String) throws -> LabelPicture {
        let data = try contents(of: path)
        if let plain = PlainPNG.samples(in: data) { return .bytes(plain.size, plain.values) }
        return .words(try readIndexMask(data, path: path))
    }

    private static func readIndexMask(_ data: Data, path: String) throws -> IndexMask {
        let notPNG = MediaError.invalidMask(path: path, reason: "it is not a PNG; other formats blur the ids")
        guard !isJPEG(data) else { throw notPNG }
        let decoded = try DecodedPicture(data: data, name: path)
        guard decoded.pngBitDepth != nil else { throw notPNG }
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

    /// The four samples of each pixel of an RGBA PNG as they are stored, row by row; BDD100K keeps instances in them.
    /// - Throws: `MediaError.invalidMask` for a file of another kind.
    public static func readRGBASamples(_ path: String) throws -> (size: ImageSize, samples: [UInt8]) {
        let decoded = try DecodedPicture(data: contents(of: path), name: path)
        guard decoded.pngBitDepth == 8, decoded.format == AV_PIX_FMT_RGBA else {
            throw MediaError.invalidMask(path: path, reason: "it is no PNG with four channels of 8 bits")
        }
        return (ImageSize(width: decoded.width, height: decoded.height), decoded.bytes(perPixel: 4))
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
        let largest = mask.values.withUnsafeBufferPointer { $0.reduce(0, max) }
        if largest > 255 {
            let bytes = mask.values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            try bytes.withUnsafeBufferPointer {
                try encode(PictureToEncode(size: mask.size, format: AV_PIX_FMT_GRAY16BE, bytesPerPixel: 2, bytes: $0), to: path)
            }
        } else {
            let bytes = [UInt8](unsafeUninitializedCapacity: mask.values.count) { bytes, count in
                count = mask.values.count
                mask.values.withUnsafeBufferPointer { for i in 0..<count { bytes[i] = UInt8(truncatingIfNeeded: $0[i]) } }
            }
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

    /// A picture's bytes, row by row without padding, as FFmpeg calls their format.
    struct PictureToEncode {
        var size: ImageSize
        var format: AVPixelFormat
        var bytesPerPixel: Int
        var bytes: UnsafeBufferPointer<UInt8>
    }

    static func encode(_ picture: PictureToEncode, to path: String) throws {
        try AtomicFile.write(encoded(picture, name: path), to: path)
    }

    /// A picture as the contents of a PNG file.
    /// - Parameter path: for messages.
    static func encoded(_ picture: PictureToEncode, name path: String) throws -> Data {
        func failed(_ reason: String) -> FileError { .unwritable(path: path, reason: reason) }
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
        return Data(bytes: data, count: Int(packet.pointer.pointee.size))
    }
}

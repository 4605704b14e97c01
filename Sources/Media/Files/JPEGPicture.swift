import CJPEG
import Foundation
import Support

/// A JPEG picture, decoded by libjpeg-turbo: pixel for pixel what Pillow and OpenCV read, on which published networks were trained and
/// references run. FFmpeg's decoder rounds its transform differently and enlarges colours more coarsely, which moves edges of masks.
struct JPEGPicture {
    let size: ImageSize
    /// Grey levels, one byte a pixel, or RGB.
    let pixels: [UInt8]
    let isGray: Bool
    let orientation: PictureOrientation
    /// As stored, before the orientation.
    let pixelAspect: PixelAspect

    /// What a picture may need beside its pixels: the coefficients of progressive files.
    private static let memoryLimit = 2 << 30

    /// - Parameter name: for messages.
    /// - Throws: `FileError.unreadable` for damaged, cut, absurdly large files, and for kinds that the library does not know.
    init(data file: Data, name: String) throws {
        let bytes = [UInt8](file)
        (size, pixels, isGray, orientation, pixelAspect) = try bytes.withUnsafeBufferPointer { try Self.decode($0, name) }
    }

    /// Not yet turned.
    var rgb: RGBImage {
        RGBImage(width: size.width, height: size.height, pixels: isGray ? pixels.flatMap { [$0, $0, $0] } : pixels)
    }

    private typealias Parts = (size: ImageSize, pixels: [UInt8], isGray: Bool, orientation: PictureOrientation, aspect: PixelAspect)

    private static func decode(_ file: UnsafeBufferPointer<UInt8>, _ name: String) throws -> Parts {
        func failed(_ reason: String) -> FileError { .unreadable(path: name, reason: reason) }
        var succeeded: Int32 = 0
        guard let reader = CJPEGOpen(file.baseAddress, file.count, &succeeded) else { throw failed("there is no memory for it") }
        defer { CJPEGClose(reader) }
        func damaged() -> FileError { failed("its data is damaged or cut short (\(message(reader)))") }
        guard succeeded != 0 else { throw damaged() }
        let decoder = reader.pointee.decoder
        let size = ImageSize(width: Int(decoder.image_width), height: Int(decoder.image_height))
        guard (1...largestSide).contains(size.width), (1...largestSide).contains(size.height) else {
            throw failed("its header claims \(size) pixels")
        }
        // The coarsest component has a block for 16 others; without arithmetic coding it takes a bit at least.
        guard decoder.arith_code != 0 || size.pixelCount / 8192 <= file.count else {
            throw failed("its data is too little for \(size) pixels")
        }
        let (colours, components): (J_COLOR_SPACE, Int)
        switch decoder.num_components {
        case 1: (colours, components) = (JCS_GRAYSCALE, 1)
        case 3: (colours, components) = (JCS_RGB, 3)
        case 4: (colours, components) = (JCS_CMYK, 4)
        default: throw failed("it has \(decoder.num_components) colour components")
        }
        // The library forgets what stands beside the pixels when they are read.
        let orientation = orientation(reader)
        let count = size.pixelCount * components
        var isWhole = false
        var pixels = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            guard let start = target.baseAddress else { return }
            memset(start, 0, count)
            isWhole = CJPEGDecode(reader, colours, Int32(components), memoryLimit, start) != 0
            initialized = count
        }
        guard isWhole, reader.pointee.isDamaged == 0 else { throw damaged() }
        if components == 4 { pixels = rgb(adobeCMYK: pixels) }
        return (size, pixels, components == 1, orientation, aspect(decoder))
    }

    private static func message(_ reader: UnsafeMutablePointer<CJPEGReader>) -> String {
        withUnsafeBytes(of: &reader.pointee.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Inks as Adobe's programs store them, 255 for none, to RGB as Pillow converts them.
    private static func rgb(adobeCMYK inks: [UInt8]) -> [UInt8] {
        let count = inks.count / 4
        return [UInt8](unsafeUninitializedCapacity: 3 * count) { target, initialized in
            inks.withUnsafeBufferPointer { inks in
                for i in 0..<count {
                    let light = Int32(inks[4 * i + 3])
                    for c in 0..<3 {
                        // The ink takes its share of the light that black leaves, rounded.
                        let product = light * Int32(255 - inks[4 * i + c]) + 128
                        target[3 * i + c] = UInt8(truncatingIfNeeded: max(0, light - ((product >> 8) + product) >> 8))
                    }
                }
            }
            initialized = 3 * count
        }
    }

    private static func orientation(_ reader: UnsafeMutablePointer<CJPEGReader>) -> PictureOrientation {
        var marker = reader.pointee.decoder.marker_list
        while let found = marker {
            let data = UnsafeRawBufferPointer(start: found.pointee.data, count: Int(found.pointee.data_length))
            if data.starts(with: Array("Exif\0\0".utf8)) { return ExifOrientation.read(UnsafeRawBufferPointer(rebasing: data[6...])) }
            marker = found.pointee.next
        }
        return .upright
    }

    private static func aspect(_ decoder: jpeg_decompress_struct) -> PixelAspect {
        guard decoder.saw_JFIF_marker != 0 else { return .square }
        let (x, y) = (Int(decoder.X_density), Int(decoder.Y_density))
        // Without a unit it is the ratio itself, otherwise dots in a length: the denser, the narrower.
        return decoder.density_unit == 0 ? PixelAspect(plausible: x, y) : PixelAspect(plausible: y, x)
    }
}

import CFFmpeg
import Foundation

/// PNGs with other channels than pictures and index masks have.
extension ImageFile {
    /// Values as a grey PNG of 16 bits, whatever values occur.
    public static func writeGray16(_ mask: IndexMask, to path: String) throws {
        let bytes = mask.values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        try bytes.withUnsafeBufferPointer {
            try encode(PictureToEncode(size: mask.size, format: AV_PIX_FMT_GRAY16BE, bytesPerPixel: 2, bytes: $0), to: path)
        }
    }

    /// A picture with straight alpha: 255 inside the mask, 0 outside.
    /// - Precondition: both have one size.
    public static func writeRGBA(_ image: RGBImage, alpha mask: Mask, to path: String) throws {
        precondition(image.size == mask.size, "a picture of \(image.size), a mask of \(mask.size)")
        let bytes = [UInt8](unsafeUninitializedCapacity: 4 * mask.values.count) { target, count in
            image.pixels.withUnsafeBufferPointer { pixels in
                mask.values.withUnsafeBufferPointer { mask in
                    for i in 0..<mask.count {
                        for c in 0..<3 { target[4 * i + c] = pixels[3 * i + c] }
                        target[4 * i + 3] = mask[i] == 0 ? 0 : 255
                    }
                }
            }
            count = 4 * mask.values.count
        }
        try bytes.withUnsafeBufferPointer {
            try encode(PictureToEncode(size: image.size, format: AV_PIX_FMT_RGBA, bytesPerPixel: 4, bytes: $0), to: path)
        }
    }

    /// A mask as the contents of a grey PNG file, 0 outside and 255 inside.
    public static func png(of mask: Mask) throws -> Data {
        let bytes = mask.values.map { $0 == 0 ? UInt8(0) : 255 }
        return try bytes.withUnsafeBufferPointer {
            try encoded(PictureToEncode(size: mask.size, format: AV_PIX_FMT_GRAY8, bytesPerPixel: 1, bytes: $0), name: "a mask")
        }
    }
}

/// An 8-bit grey picture, row-major without padding.
public struct GrayImage: Sendable, Equatable {
    public let size: ImageSize
    public var pixels: [UInt8]

    public var width: Int { size.width }
    public var height: Int { size.height }

    /// - Precondition: `pixels.count == width * height`.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(pixels.count == width * height, "GrayImage needs one byte a pixel")
        size = ImageSize(width: width, height: height)
        self.pixels = pixels
    }
}

extension RGBImage {
    /// Grey levels, 0.299 R + 0.587 G + 0.114 B in OpenCV's fixed point.
    public func gray() -> GrayImage {
        let count = size.pixelCount
        let levels = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            pixels.withUnsafeBufferPointer { source in
                for i in 0..<count {
                    let sum = UInt32(source[3 * i]) * 4899 + UInt32(source[3 * i + 1]) * 9617 + UInt32(source[3 * i + 2]) * 1868
                    target[i] = UInt8(truncatingIfNeeded: (sum + 8192) >> 14)
                }
            }
            initialized = count
        }
        return GrayImage(width: width, height: height, pixels: levels)
    }
}

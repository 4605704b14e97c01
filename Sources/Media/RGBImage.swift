/// An 8-bit RGB picture: rows from top to bottom, three interleaved bytes a pixel, no padding between rows.
public struct RGBImage: Sendable, Equatable {
    public let size: ImageSize
    /// `3 * width * height` bytes: R, G, B of the top-left pixel first.
    public var pixels: [UInt8]

    public var width: Int { size.width }
    public var height: Int { size.height }

    /// - Precondition: `pixels.count == 3 * width * height`.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(pixels.count == 3 * width * height, "RGBImage needs 3 bytes a pixel")
        size = ImageSize(width: width, height: height)
        self.pixels = pixels
    }

    /// A picture of one colour.
    public init(width: Int, height: Int, red: UInt8 = 0, green: UInt8 = 0, blue: UInt8 = 0) {
        size = ImageSize(width: width, height: height)
        pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { buffer, count in
            for i in 0..<(width * height) {
                buffer[3 * i] = red
                buffer[3 * i + 1] = green
                buffer[3 * i + 2] = blue
            }
            count = 3 * width * height
        }
    }

    /// The bytes of the pixel in column `x` and row `y`.
    public subscript(x: Int, y: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
        get {
            let i = 3 * (y * size.width + x)
            return (pixels[i], pixels[i + 1], pixels[i + 2])
        }
        set {
            let i = 3 * (y * size.width + x)
            (pixels[i], pixels[i + 1], pixels[i + 2]) = newValue
        }
    }
}

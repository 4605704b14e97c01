/// A binary mask: which pixels of a picture belong to an object.
///
/// One byte a pixel (0 or 1), row-major, so that loops over masks vectorise; `RunLengthMask` is the compact form.
public struct Mask: Sendable, Equatable {
    public let size: ImageSize
    /// `width * height` bytes, each 0 or 1.
    public var values: [UInt8]

    public var width: Int { size.width }
    public var height: Int { size.height }

    /// An empty mask.
    public init(width: Int, height: Int) {
        self.init(size: ImageSize(width: width, height: height))
    }

    /// An empty mask.
    public init(size: ImageSize) {
        self.size = size
        values = [UInt8](repeating: 0, count: size.pixelCount)
    }

    /// - Parameter values: 0 outside, 1 inside, row-major.
    /// - Precondition: `values.count == width * height` and every value is 0 or 1.
    public init(width: Int, height: Int, values: [UInt8]) {
        precondition(values.count == width * height, "Mask needs one byte a pixel")
        size = ImageSize(width: width, height: height)
        self.values = values
    }

    /// Whether the pixel in column `x` and row `y` is inside the object.
    @inlinable
    public subscript(x: Int, y: Int) -> Bool {
        get { values[y * size.width + x] != 0 }
        set { values[y * size.width + x] = newValue ? 1 : 0 }
    }

    /// The number of pixels inside.
    public var area: Int {
        values.withUnsafeBufferPointer { buffer in
            var sum = 0
            for value in buffer { sum &+= Int(value) }
            return sum
        }
    }

    public var isEmpty: Bool { !values.contains(1) }

    /// Whether a position in pixels lies in a pixel inside the object; no position outside of the picture does.
    public func contains(_ position: SIMD2<Float>) -> Bool {
        size.contains(position) && self[Int(position.x), Int(position.y)]
    }
}

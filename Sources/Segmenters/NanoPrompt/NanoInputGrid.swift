import Media

/// How a frame lies in the built-in networks' input, whose sides are multiples of 32: resized so that its longest side is 640 and the other
/// one such a multiple, where that changes the form by less than 4 %; else padded right and bottom.
public struct NanoInputGrid: Hashable, Sendable {
    /// The frame's own size.
    public let frame: ImageSize
    /// The frame's size in the input.
    public let resized: ImageSize
    /// The input's size: `resized`, padded where it is not a multiple of 32.
    public let input: ImageSize

    /// - Parameter longestSide: of the resized frame, in pixels; the networks were trained for 640. Smaller frames are enlarged.
    public init(frame: ImageSize, longestSide: Int = 640) {
        self.frame = frame
        let scale = Double(longestSide) / Double(frame.longestSide)
        resized = ImageSize(width: Self.resized(Double(frame.width) * scale), height: Self.resized(Double(frame.height) * scale))
        input = ImageSize(width: (resized.width + 31) / 32 * 32, height: (resized.height + 31) / 32 * 32)
    }

    /// Padding costs as much as pictures do: 640 x 360 would be computed as 640 x 384, 640 x 352 is not.
    private static func resized(_ side: Double) -> Int {
        let multiple = (side / 32).rounded() * 32
        return abs(multiple / side - 1) < 0.04 ? Int(multiple) : max(1, Int(side.rounded()))
    }

    /// Input pixels per frame pixel.
    public var scale: SIMD2<Float> {
        SIMD2(Float(resized.width) / Float(frame.width), Float(resized.height) / Float(frame.height))
    }
}

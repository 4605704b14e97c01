import Media

/// How a frame lies in the built-in networks' input: resized so that its longest side is 640, padded right and bottom to
/// multiples of 32.
public struct NanoInputGrid: Hashable, Sendable {
    /// The frame's own size.
    public let frame: ImageSize
    /// The frame's size in the input.
    public let resized: ImageSize
    /// The input's size, `resized` padded.
    public let input: ImageSize

    /// - Parameter longestSide: of the resized frame, in pixels; the networks were trained for 640. Smaller frames are enlarged.
    public init(frame: ImageSize, longestSide: Int = 640) {
        self.frame = frame
        let scale = Double(longestSide) / Double(frame.longestSide)
        resized = ImageSize(
            width: max(1, Int((Double(frame.width) * scale).rounded())), height: max(1, Int((Double(frame.height) * scale).rounded())))
        input = ImageSize(width: (resized.width + 31) / 32 * 32, height: (resized.height + 31) / 32 * 32)
    }

    /// Input pixels per frame pixel.
    public var scale: SIMD2<Float> {
        SIMD2(Float(resized.width) / Float(frame.width), Float(resized.height) / Float(frame.height))
    }
}

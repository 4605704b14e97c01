import Media

/// How a frame lies in SAM's input: resized so that its longest side is 1024, padded right and bottom to 1024 x 1024.
public struct SAMInputGrid: Hashable, Sendable {
    /// The input's side in pixels.
    static let side = 1024
    /// The image embedding has `cells` x `cells` cells of 16 x 16 pixels.
    static let cells = 64
    /// The side of masks as the decoder gives and takes them.
    static let maskSide = 256

    /// The frame's own size.
    public let frame: ImageSize
    /// The frame's size in the input.
    public let resized: ImageSize

    public init(frame: ImageSize) {
        self.frame = frame
        let scale = Double(Self.side) / Double(max(1, frame.longestSide))
        func length(_ n: Int) -> Int { max(1, Int((Double(n) * scale + 0.5).rounded(.down))) }
        resized = ImageSize(width: length(frame.width), height: length(frame.height))
    }

    /// Input pixels per frame pixel.
    public var scale: SIMD2<Float> {
        SIMD2(
            Float(Double(resized.width) / Double(max(1, frame.width))), Float(Double(resized.height) / Double(max(1, frame.height))))
    }

    /// A position of the frame in the reference's coordinates of the input. The reference counts pixel centres as whole numbers,
    /// scales, and adds one half.
    func inputPosition(_ position: SIMD2<Float>) -> SIMD2<Float> { (position - 0.5) * scale + 0.5 }
}

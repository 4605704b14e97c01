import Media

/// Regular points that are tracked along with the user's, so that attention between points sees the whole picture.
enum SupportGrid {
    /// The grid of CoTracker 1 in pixels of the network's input, x fast. The margin is the width divided by 64, without a fraction.
    static func coTracker1(side: Int, size: ImageSize) -> [SIMD2<Float>] {
        grid(side: side, size: size, margin: Float(size.width / 64))
    }

    /// The grid of CoTracker 2 and 3: as that of CoTracker 1, with a margin that may have a fraction.
    static func coTracker3(side: Int, size: ImageSize) -> [SIMD2<Float>] {
        grid(side: side, size: size, margin: Float(size.width) / 64)
    }

    private static func grid(side: Int, size: ImageSize, margin: Float) -> [SIMD2<Float>] {
        let extent = SIMD2(Float(size.width), Float(size.height))
        guard side > 0 else { return [] }
        if side == 1 { return [extent / 2] }
        return (0..<(side * side)).map { i in
            margin + SIMD2(Float(i % side), Float(i / side)) / Float(side - 1) * (extent - 2 * margin)
        }
    }
}

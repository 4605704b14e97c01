import Media

/// Positions in a frame against positions in the square picture that DeepMind's trackers see: both with pixel centres at +0.5, each axis
/// by its own ratio.
struct SquareScale {
    private let factor: SIMD2<Float>
    private let shift: Float

    /// - Parameter usesReferencePixelCenters: scales positions of pixel centres at whole numbers instead, as SAM-PT does.
    init(frame: ImageSize, side: Int, usesReferencePixelCenters: Bool) {
        factor = SIMD2(Float(side) / Float(max(1, frame.width)), Float(side) / Float(max(1, frame.height)))
        shift = usesReferencePixelCenters ? 0.5 : 0
    }

    func input(_ position: SIMD2<Float>) -> SIMD2<Float> { (position - shift) * factor }
    func frame(_ position: SIMD2<Float>) -> SIMD2<Float> { position / factor + shift }
}

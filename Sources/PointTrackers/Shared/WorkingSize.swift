import Media

/// The size in which a tracker sees frames: their own, or reduced where they are larger than it can bear. Cost and memory of dense
/// features grow with the pixels, or even with their square.
///
/// Positions in it have pixel centres at whole numbers, as the published trackers have them.
struct WorkingSize: Sendable {
    let frame: ImageSize
    let size: ImageSize
    private let scale: SIMD2<Float>

    /// - Parameter longestSide: frames with a longer side are reduced to it, with smoothing.
    init(frame: ImageSize, longestSide: Int) {
        self.frame = frame
        let limit = max(1, longestSide)
        if frame.longestSide > limit {
            let ratio = Double(limit) / Double(frame.longestSide)
            func reduced(_ length: Int) -> Int { max(1, Int((Double(length) * ratio).rounded())) }
            size = ImageSize(width: reduced(frame.width), height: reduced(frame.height))
            scale = SIMD2(Float(size.width) / Float(frame.width), Float(size.height) / Float(frame.height))
        } else {
            size = frame
            scale = SIMD2(1, 1)
        }
    }

    /// How an encoder that takes frames of any size sees them.
    var input: TrackerFrameInput { TrackerFrameInput(size: size == frame ? nil : size, resampling: .antialiased) }

    /// From pixels of the frame with centres at +0.5.
    func position(fromFrame position: SIMD2<Float>) -> SIMD2<Float> { position * scale - 0.5 }
    /// To pixels of the frame with centres at +0.5.
    func position(toFrame position: SIMD2<Float>) -> SIMD2<Float> { (position + 0.5) / scale }
}

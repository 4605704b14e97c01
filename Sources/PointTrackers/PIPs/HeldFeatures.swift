import Media

/// The features that a session of PIPs or PIPs++ looks at: those of the frames of a window, ahead of where the session is. A video's cache
/// may be smaller than a window, so they are held here.
struct HeldFeatures {
    let direction: TimeDirection
    let working: WorkingSize
    private let video: FrameStore
    private let processor: FeaturePyramidProcessor
    private var pyramids: [Int: FeaturePyramid] = [:]

    /// - Throws: `TensorFileError` and the like, where an encoder for frames of this size cannot be made.
    init(_ features: SizedFeatures, of video: FrameStore, direction: TimeDirection) throws {
        (working, processor) = try features.working(video.size)
        (self.video, self.direction) = (video, direction)
    }

    mutating func pyramid(at frame: Int) throws -> FeaturePyramid {
        if let known = pyramids[frame] { return known }
        let pyramid = try video.value(of: processor, at: frame)
        pyramids[frame] = pyramid
        return pyramid
    }

    /// Lets go of what lies behind `frame`, in the session's direction: it is not needed again.
    mutating func forget(before frame: Int) {
        pyramids = pyramids.filter { ($0.key - frame) * direction.rawValue >= 0 }
    }
}

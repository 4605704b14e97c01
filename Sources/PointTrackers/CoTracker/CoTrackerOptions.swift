import Media

/// How CoTracker 2 and 3 track points. The defaults are those of their authors' predictors.
public struct CoTrackerOptions: Sendable {
    /// Updates of a window, 1 or more.
    public var iterations = 6
    /// Probability above which a point counts as visible, 0 to 1; nil: 0.9 for CoTracker 2. For CoTracker 3, 0.6 of the product of the
    /// probabilities that a point is visible and that its position is exact, but with `referenceQuirks` and whole clips at once ("offline")
    /// 0.9 of the first alone.
    public var visibilityThreshold: Float?
    /// What frames are resized to; each side at least 32 pixels. The networks were trained with this one.
    public var inputSize = ImageSize(width: 512, height: 384)
    /// Whether frames that get smaller are smoothed, with pixel centres at +0.5. The authors' predictors resize without, the centres of the
    /// corner pixels laid on each other.
    public var isAntialiased = false
    /// Side of the regular grid of support points in the first frame of every run; 0: none.
    public var supportGridSide = 6
    /// How many points are tracked together at most. More are tracked in groups in the order of adding, each with all support points: a
    /// point takes about 1.5 MB of memory in a window of 16 frames.
    public var groupSize = 512
    /// The most frames that are looked at together where CoTracker 3 takes a whole clip at once, an even number; nil: as many as the file
    /// has embeddings of time (60 in the published ones). Longer clips are tracked through windows of that length, which start every half
    /// of it; what has been found in the common frames is where the next window starts from. A frame of a window takes 9 MB.
    public var longestClip: Int?
    /// For whole clips (`track(_:in:)`) alone. True does what the authors' predictors do with `backward_tracking`: forward and backward
    /// runs over the whole clip, in which all points take part in every window, also before they are queried (which influences others in
    /// CoTracker 3), support points in the clip's first frame, and points outside of the frame may be visible. False runs no more than
    /// needed.
    public var referenceQuirks = false

    public init() {}

    func validate(stride: Int) throws {
        func check(_ condition: Bool, _ message: String) throws { if !condition { throw TrackerError.invalidOption(message) } }
        try check(iterations >= 1, "CoTracker needs at least 1 iteration, not \(iterations).")
        if let threshold = visibilityThreshold {
            try check((0...1).contains(threshold), "CoTracker's visibility threshold must be between 0 and 1, not \(threshold).")
        }
        try check(
            min(inputSize.width, inputSize.height) >= 8 * stride && max(inputSize.width, inputSize.height) <= 1 << 14,
            "CoTracker's input must have sides from \(8 * stride) to \(1 << 14) pixels, not \(inputSize).")
        try check(
            inputSize.width % stride == 0 && inputSize.height % stride == 0,
            "CoTracker's input must have sides that are multiples of \(stride), not \(inputSize).")
        try check((0...64).contains(supportGridSide), "CoTracker's support grid must have a side from 0 to 64, not \(supportGridSide).")
        try check(groupSize >= 1, "CoTracker's groups must have at least 1 point, not \(groupSize).")
        if let longest = longestClip {
            try check(
                (2...512).contains(longest) && longest % 2 == 0,
                "CoTracker's longest clip must be an even number from 2 to 512 frames, not \(longest).")
        }
    }
}

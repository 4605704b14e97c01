/// What is known of one object in one frame of a result, but for its mask and its points: enough for a timeline and for the list of frames
/// to look at, and read of thousands of frames at once.
public struct FrameSummary: Sendable, Equatable {
    public var index: Int
    /// Whether there is a mask, of a pixel at least.
    public var isPresent: Bool
    /// As `ObjectResult.confidence`; nil where the object was not looked for.
    public var confidence: Float?
    /// What lowers the confidence most; nil for a mask that was given, and where the object was not looked for.
    public var weakness: ReviewReason?

    public init(index: Int, isPresent: Bool, confidence: Float? = nil, weakness: ReviewReason? = nil) {
        (self.index, self.isPresent, self.confidence, self.weakness) = (index, isPresent, confidence, weakness)
    }
}

extension SpanFrame {
    public var summary: FrameSummary {
        FrameSummary(
            index: index, isPresent: mask.map { $0.area > 0 } ?? false, confidence: confidence,
            weakness: evidence.flatMap { $0.origin == .given ? nil : $0.weakness })
    }
}

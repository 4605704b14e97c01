import Media

/// What an object looks like in some frame, made and understood by one segmenter with one set of weights
/// (`SegmentableFrame.remember`, `ObjectPrompt.memory`). Nobody else looks inside.
public struct AppearanceMemory: Sendable {
    private let content: any Sendable

    public init(_ content: some Sendable) { self.content = content }

    /// What is inside, for the segmenter that made it; nil when another one did.
    public func content<Content>(as type: Content.Type = Content.self) -> Content? { content as? Content }
}

/// What a segmenter is shown of an object in some frame to remember it by: its mask, points, or both.
public struct AppearanceSample: Sendable {
    /// The object's pixels, of the frame's size; nil where only points are known.
    public var mask: Mask?
    /// Points on the object (positive) and around it (negative), in pixels of the frame. None: a segmenter that needs some takes them from
    /// the mask.
    public var points: [PointPrompt]

    public init(mask: Mask? = nil, points: [PointPrompt] = []) {
        self.mask = mask
        self.points = points
    }
}

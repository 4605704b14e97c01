import Media

/// What an object looks like in some frame, made and understood by one segmenter with one set of weights
/// (`SegmentableFrame.remember`, `ObjectPrompt.memory`). Nobody else looks inside.
public struct AppearanceMemory: Sendable {
    private let content: any Sendable

    public init(_ content: some Sendable) { self.content = content }

    /// What is inside, for the segmenter that made it; nil when another one did.
    public func content<Content>(as type: Content.Type = Content.self) -> Content? { content as? Content }
}

/// What a segmenter is shown of an object to remember it by.
public enum AppearanceSample: Sendable {
    /// Points on the object (positive) and around it (negative), in pixels of the frame.
    case points([PointPrompt])
    /// The object's pixels, of the frame's size.
    case mask(Mask)
}

import Media

/// What an edit changed.
public struct SessionChange: Sendable, Equatable {
    /// The edit as it is in the log, with everything filled in.
    public var logged: LoggedEdit
    /// Objects that were added, changed or removed, and those whose masks may differ in some frame.
    public var objects: [ObjectID]
    /// Frames whose delivered masks may differ at once, without anything being propagated; nil: none.
    public var frames: ClosedRange<Int>?
    /// Frames that are out of date now, by object.
    public var outdated: [ObjectID: [ClosedRange<Int>]]
    public var canUndo: Bool
    public var canRedo: Bool
}

/// All objects in one frame, as a session delivers them.
public struct SessionFrame: Sendable {
    public var frameIndex: Int
    /// Overlaps are resolved; one entry an object, in the order in which they were added.
    public var objects: [ObjectResult]
    /// As `FrameResult.indexMask`.
    public var indexMask: IndexMask
    /// Objects for which this is an anchor.
    public var anchored: Set<ObjectID>
    /// Objects whose masks here come from before a correction.
    public var outdated: Set<ObjectID>

    /// With the frame's picture, for those who write results.
    public func result(with image: RGBImage) -> FrameResult {
        FrameResult(frameIndex: frameIndex, image: image, objects: objects, indexMask: indexMask)
    }
}

/// Some frames of an object between two anchors, or before the first one or after the last.
public struct SpanStatus: Sendable, Equatable {
    public enum Progress: String, Sendable, Codable {
        /// Computed from the anchors as they are.
        case current
        /// Computed from them up to some frame.
        case partial
        /// Anchors have changed since, or nothing was ever computed.
        case outdated
    }

    /// Without the anchors' own frames.
    public var frames: ClosedRange<Int>
    public var progress: Progress
    /// Where the result of the left anchor ends and that of the right one begins: the first frame of the latter; nil where there is one
    /// alone.
    public var seam: Int?
}

/// News of a propagation.
public struct PropagationProgress: Sendable, Equatable {
    /// As `PropagationPlan.number`; 0 when there was nothing to compute.
    public var number: Int
    /// Frames that are there since the last news, by object.
    public var changed: [ObjectID: [ClosedRange<Int>]]
    /// Counting a frame once per direction and group of spans.
    public var framesDone: Int
    public var framesTotal: Int
    public var secondsElapsed: Double
    /// Of the last news: how it ended.
    public var ending: PropagationReach.Ending?
}

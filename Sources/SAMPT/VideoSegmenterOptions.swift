/// How the four steps of SAM-PT run. The defaults suit the built-in models.
public struct VideoSegmenterOptions: Sendable, Equatable {
    /// How query points are chosen on a mask (paper, section 3.1).
    public var positivePointMethod: PointSelectionMethod = .kMedoids
    public var negativePointMethod: PointSelectionMethod = .kMedoids
    /// Points per object; objects marked with points keep those in addition.
    public var positivePoints = 16
    public var negativePoints = 8

    /// Further decoder passes after the first, each fed with the logits of the one before (paper, section 3.3).
    public var refinementIterations = 1
    /// Masks whose predicted IoU is lower are left empty.
    public var predictedIoUThreshold: Float = 0
    /// Whether the visible positive points of other objects serve as negative points.
    public var usesOtherObjectsAsNegatives = true
    /// At most this many of them per object; nil: all.
    public var maximumOtherNegatives: Int? = 8

    /// Whether points are sampled anew from the predicted masks as the video goes on (paper, section 3.4).
    public var reinitializes = true
    /// Frames between re-initialisations.
    public var reinitializationHorizon = 8

    /// Whether a segmenter that can remember appearances is given the query frame's.
    public var usesAppearanceMemory = true
    /// Whether objects are also tracked backwards from their query frames.
    public var tracksBackward = true

    /// Seeds every random choice; the same seed gives the same bytes.
    public var seed: UInt64 = 72

    public init() {}
}

/// How query points are chosen on a mask.
public enum PointSelectionMethod: String, Sendable, CaseIterable, Codable {
    case random
    case kMedoids = "kmedoids"
    case shiTomasi = "shi-tomasi"
    case mixed
}

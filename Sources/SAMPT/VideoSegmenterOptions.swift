import Segmenters

/// How the four steps of SAM-PT run. The defaults suit the built-in models; `init(for:)` gives those for another segmenter.
public struct VideoSegmenterOptions: Sendable, Equatable {
    /// How query points are chosen on a mask (paper, section 3.1).
    public var positivePointMethod: PointSelectionMethod = .kMedoids
    public var negativePointMethod: PointSelectionMethod = .kMedoids
    /// Points sampled per object in its query frame and at each re-initialisation, and the most that prompt in one frame (chosen at random
    /// among the visible ones). An object's clicks are tracked in addition.
    public var positivePoints = 16
    public var negativePoints = 8

    /// Points prompt when the tracker is at least this sure of them, 0 to 1, and they lie inside the frame; nil leaves it to the tracker's
    /// own threshold. A prompt needs to lie on the object, not within a few pixels of the exact spot, so this is lower than a good
    /// threshold for tracks.
    public var promptConfidence: Float? = 0.15

    /// Decoder passes that refine the mask (paper, section 3.3). Each is fed with the logits of the one before. With a segmenter that
    /// takes boxes (`BoxPromptable`) these are the passes after the two with points alone, and each is given the box around the mask;
    /// with others they are the passes after the first.
    public var refinementIterations = 1
    /// The mask of the frame before takes the place of the first pass when its predicted IoU was at least this, 0 to 1, and its area
    /// plausible; nil runs the first pass in every frame, as the paper does. Has no effect without refinement.
    public var previousMaskIoUThreshold: Float? = 0.6
    /// Masks whose predicted IoU is lower, 0 to 1, are left empty. The query frame's own mask is always kept.
    public var predictedIoUThreshold: Float = 0
    /// Whether the visible positive points of other objects serve as negative points.
    public var usesOtherObjectsAsNegatives = true
    /// At most this many points of other objects per object and frame; nil: all.
    public var maximumOtherNegatives: Int? = 8

    /// Whether points are sampled anew from the predicted masks as the video goes on (paper, section 3.4).
    public var reinitializes = true
    /// Frames between re-initialisations.
    public var reinitializationHorizon = 8

    /// Points are sampled anew only from masks whose predicted IoU is at least this, 0 to 1.
    public var reinitializationIoUThreshold: Float = 0.7

    /// Whether a segmenter that can remember appearances is given the query frame's.
    public var usesAppearanceMemory = true
    /// Whether objects are also tracked backwards from their query frames.
    public var tracksBackward = true

    /// Seeds every random choice; the same seed gives the same bytes.
    public var seed: UInt64 = 72

    public init() {}

    /// The defaults for a segmenter: how much to refine, and when the mask of the frame before may replace the first pass.
    public init(for segmenter: any PromptableSegmenter) {
        refinementIterations = segmenter.recommendedPrompting.refinements
        previousMaskIoUThreshold = segmenter.recommendedPrompting.previousMaskIoU
    }

    /// - Throws: `QueryError.invalidOption` for the first value out of range.
    func validate() throws {
        func check(_ name: String, _ isValid: Bool, _ range: String) throws {
            guard isValid else { throw QueryError.invalidOption(name: name, range: range) }
        }
        try check("positivePoints", positivePoints >= 1, "at least 1")
        try check("negativePoints", negativePoints >= 0, "at least 0")
        try check("promptConfidence", (promptConfidence ?? 0).isFinite, "nil or a finite number")
        try check("refinementIterations", refinementIterations >= 0, "at least 0")
        try check("previousMaskIoUThreshold", (previousMaskIoUThreshold ?? 0).isFinite, "nil or a finite number")
        try check("maximumOtherNegatives", (maximumOtherNegatives ?? 0) >= 0, "nil or at least 0")
        try check("reinitializationHorizon", reinitializationHorizon >= 1, "at least 1")
        try check("predictedIoUThreshold", predictedIoUThreshold.isFinite, "a finite number")
        try check("reinitializationIoUThreshold", reinitializationIoUThreshold.isFinite, "a finite number")
    }
}

/// How query points are chosen on a mask.
public enum PointSelectionMethod: String, Sendable, CaseIterable, Codable {
    /// Uniformly.
    case random
    /// Spread evenly over the mask.
    case kMedoids = "kmedoids"
    /// On corners that are good to track, filled up with medoids.
    case shiTomasi = "shi-tomasi"
    /// A quarter medoids, a third corners, the rest random.
    case mixed
}

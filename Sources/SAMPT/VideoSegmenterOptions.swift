import PointTrackers
import Segmenters

/// How the four steps of SAM-PT run. The defaults suit the built-in models; `init(for:)` gives those for another segmenter.
public struct VideoSegmenterOptions: Sendable, Equatable {
    // MARK: Step 1: query points

    /// How query points are chosen on a mask (paper, section 3.1).
    public var positivePointMethod: PointSelectionMethod = .kMedoids
    public var negativePointMethod: PointSelectionMethod = .kMedoids
    /// Points sampled per object in its query frame and at each re-initialisation, and the most that prompt in one frame (chosen at random
    /// among the visible ones). An object's clicks are tracked in addition, and prompt before all others.
    public var positivePoints = 16
    public var negativePoints = 8
    /// Sampled positive points keep this many pixels from the object's edge, where it is thick enough. The reference keeps none.
    public var pointMargin = 2
    /// Where negative points are sampled.
    public var negativeRegion: NegativeRegion = .surroundings
    /// Whether an object marked by clicks is followed by these alone, as in the reference's demo, and not by points sampled on its mask
    /// as well.
    public var followsClicksOnly = false

    // MARK: Step 2: tracking

    /// Points prompt when the tracker is at least this sure of them, 0 to 1, and they lie inside the frame; nil leaves it to the tracker's
    /// own threshold. A prompt needs to lie on the object, not within a few pixels of the exact spot, so this is lower than a good
    /// threshold for tracks.
    public var promptConfidence: Float? = 0.15
    /// Points within this share of the frame's width or height from its border count as outside, 0 to 0.5. The reference takes 0.01.
    public var borderShare: Float = 0
    /// So many objects at most are tracked together, in the order of the queries; nil: all. Trackers whose points influence each other
    /// (CoTracker) give other tracks for other groups. The reference takes 5.
    public var objectsPerTrackingGroup: Int?
    /// Rejects points whose surroundings no longer look as in the query frame; nil: none are.
    public var patchFilter: PatchFilter?
    /// Whether objects are also tracked backwards from their query frames.
    public var tracksBackward = true

    // MARK: Step 3: prompting the segmenter

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
    /// Whether small parts of a mask that no point touches are dropped.
    public var removesSpecks = true
    /// Whether a segmenter that can remember appearances is given the query frame's.
    public var usesAppearanceMemory = true

    // MARK: Step 4: re-initialisation

    /// How points are sampled anew from the predicted masks as the video goes on (paper, section 3.4); nil: they are not.
    public var reinitialization: ReinitializationVariant? = .rolling
    /// Frames between re-initialisations with `.rolling`, at least 1; frames of a window with the others, at least 2.
    public var reinitializationHorizon = 8
    /// How many frames the tracker may look at from a window's first one on, at least the horizon, as if the video ended there; nil: all it
    /// wants. Has no effect with `.rolling`.
    public var trackerHorizon: Int?
    /// Points are sampled anew only from masks whose predicted IoU is at least this, 0 to 1.
    public var reinitializationIoUThreshold: Float = 0.7

    // MARK: Everything

    /// Does what the reference does even where that is no good (its quirks, for comparisons with it): a lost object is sampled from its empty mask, boxes of the
    /// refinement are not scaled into the segmenter's input, negative points alone give a mask, points of other objects count before those
    /// objects' query frames and, when re-initialising, only those of objects that started in the same frame, query points are sampled as
    /// `QueryPointSampler.referenceQuirks` says, masks are compared with an area of 0 where an object has none in a window's first frame,
    /// patches are compared with red and blue swapped, and the query frame's mask of an object marked by clicks comes from all points.
    public var referenceQuirks = false
    /// Whether tracker, image encoder and decoder work on different frames at the same time, as far as they do not wait for each other. Masks are
    /// the same without; it is slower then, and keeps fewer frames in memory.
    public var overlapsSteps = true
    /// Seeds every random choice; the same seed gives the same bytes.
    public var seed: UInt64 = 72

    public init() {}

    /// The defaults for a segmenter: how much to refine, and when the mask of the frame before may replace the first pass.
    public init(for segmenter: any PromptableSegmenter) {
        refinementIterations = segmenter.recommendedPrompting.refinements
        previousMaskIoUThreshold = segmenter.recommendedPrompting.previousMaskIoU
    }

    /// Frames that are kept with what was computed from them: those a tracker looks at, and those it is ahead of the decoder by. Variants that look
    /// back go over a window again; long ones are computed again.
    func framesKept(with tracker: any PointTracker) -> Int {
        if reinitialization?.rule != nil { return max(8, min(62, reinitializationHorizon) + 2) }
        return reinitialization == nil && overlapsSteps && !tracker.isCausal ? 10 + JointOutcomes.framesAhead(of: tracker) : 8
    }

    /// - Throws: `QueryError.invalidOption` for the first value out of range.
    func validate() throws {
        func check(_ name: String, _ isValid: Bool, _ range: String) throws {
            guard isValid else { throw QueryError.invalidOption(name: name, range: range) }
        }
        try check("positivePoints", positivePoints >= 1, "at least 1")
        try check("negativePoints", negativePoints >= 0, "at least 0")
        try check("pointMargin", pointMargin >= 0, "at least 0")
        try check("borderShare", (0..<0.5).contains(borderShare), "at least 0 and below 0.5")
        try check("objectsPerTrackingGroup", (objectsPerTrackingGroup ?? 1) >= 1, "nil or at least 1")
        if let patchFilter {
            try check("patchFilter.size", (1...99).contains(patchFilter.size), "1 to 99")
            try check("patchFilter.threshold", patchFilter.threshold.isFinite, "a finite number")
        }
        try check("promptConfidence", (promptConfidence ?? 0).isFinite, "nil or a finite number")
        try check("refinementIterations", refinementIterations >= 0, "at least 0")
        try check("previousMaskIoUThreshold", (previousMaskIoUThreshold ?? 0).isFinite, "nil or a finite number")
        try check("maximumOtherNegatives", (maximumOtherNegatives ?? 0) >= 0, "nil or at least 0")
        let least = reinitialization?.rule == nil ? 1 : 2
        try check("reinitializationHorizon", reinitializationHorizon >= least, "at least \(least)")
        let tracked = trackerHorizon ?? reinitializationHorizon
        try check("trackerHorizon", tracked >= reinitializationHorizon, "nil or at least reinitializationHorizon (\(reinitializationHorizon))")
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
    /// Evenly spaced in the order of reading, row by row: nothing is random, and the points can be checked with pencil and paper.
    case even
}

/// Where negative points are sampled.
public enum NegativeRegion: String, Sendable, CaseIterable, Codable {
    /// In a ring around the object, where mistakes happen.
    case surroundings
    /// Anywhere outside the object, as in the reference.
    case background
}

/// Rejects tracked points by appearance (the reference's patch-matching filter): a point is visible only where the patch around it is
/// similar to the one in its query frame, and never again after (in its direction of time) it was not.
public struct PatchFilter: Sendable, Equatable {
    /// The patch's side in pixels, 1 to 99; even sizes count as the next odd one.
    public var size: Int
    /// Points with a similarity of at most this are rejected. Similarity is exp(-d / (2 size^2)), d the Euclidean distance of the patches'
    /// CIELAB colours.
    public var threshold: Float

    public init(size: Int = 3, threshold: Float = 0.01) { (self.size, self.threshold) = (size, threshold) }
}

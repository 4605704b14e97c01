import PointTrackers
import Segmenters

/// How the four steps of SAM-PT run, a group of settings for each. The defaults suit the built-in models; `init(for:)` gives those for
/// another segmenter.
public struct VideoSegmenterOptions: Sendable, Equatable {
    /// Step 1.
    public var queryPoints = QueryPointOptions()
    /// Step 2.
    public var tracking = TrackingOptions()
    /// Step 3.
    public var prompting = PromptingOptions()
    /// Step 4.
    public var reinitialization = ReinitializationOptions()

    /// Does what the reference does even where that is no good (its quirks, for comparisons with it): a lost object is sampled from its
    /// empty mask, boxes of the refinement are not scaled into the segmenter's input, negative points alone give a mask, points of other
    /// objects count before those objects' query frames and, when re-initialising, only those of objects that started in the same frame,
    /// query points are sampled as `QueryPointSampler.referenceQuirks` says, masks are compared with an area of 0 where an object has none
    /// in a window's first frame, patches are compared with red and blue swapped, and the query frame's mask of an object marked by clicks
    /// comes from all points.
    public var referenceQuirks = false
    /// Whether tracker, image encoder and decoder work on different frames at the same time, as far as they do not wait for each other.
    /// Masks are the same without; it is slower then, and keeps fewer frames in memory.
    public var overlapsSteps = true
    /// Whether every frame is segmented by itself, from its visible points and the query frame alone, so that where points change in one
    /// frame no other one's mask changes (`paperPolicy`). Has an effect without re-initialisation only.
    var treatsFramesAlone = false
    /// Seeds every random choice; the same seed gives the same bytes, neighbouring seeds have nothing in common.
    public var seed: UInt64 = 72

    public init() {}

    /// The defaults for a segmenter: how much to refine, and when the mask of the frame before may replace the first pass.
    public init(for segmenter: any PromptableSegmenter) {
        prompting.refinements = segmenter.recommendedPrompting.refinements
        prompting.previousMaskIoU = segmenter.recommendedPrompting.previousMaskIoU
    }

    /// These options for corrections as in the paper's section 4.6 (`CorrectionPolicy.paper`): points are not sampled anew, and every frame
    /// is segmented by itself. `segment` gives with them what a session gives before the first correction.
    public var paperPolicy: VideoSegmenterOptions {
        var options = self
        options.reinitialization.variant = nil
        options.prompting.previousMaskIoU = nil
        options.treatsFramesAlone = true
        return options
    }

    /// Frames that are kept with what was computed from them: those a tracker looks at, and those it is ahead of the decoder by. Variants
    /// that look back go over a window again; long ones are computed again.
    func framesKept(with tracker: any PointTracker) -> Int {
        if reinitialization.variant?.rule != nil { return max(8, min(62, reinitialization.horizon) + 2) }
        return reinitialization.variant == nil && overlapsSteps && !tracker.isCausal ? 10 + JointOutcomes.framesAhead(of: tracker) : 8
    }

    /// - Throws: `QueryError.invalidOption` for the first value out of range.
    func validate() throws {
        try queryPoints.validate()
        try tracking.validate()
        try prompting.validate()
        try reinitialization.validate()
    }
}

/// How query points are chosen on an object's mask (paper, section 3.1).
public struct QueryPointOptions: Sendable, Equatable {
    public var positiveMethod: PointSelectionMethod = .kMedoids
    public var negativeMethod: PointSelectionMethod = .kMedoids
    /// Points sampled per object in its query frame and at each re-initialisation, and the most that prompt in one frame (chosen at random
    /// among the visible ones). An object's clicks are tracked in addition, and prompt before all others.
    public var positives = 16
    public var negatives = 8
    /// Of an object, as far as that many can matter: an option may be any number.
    var most: Int { min(positives, 4096) + min(negatives, 4096) }
    /// Sampled positive points keep this many pixels from the object's edge, where it is thick enough. The reference keeps none.
    public var margin = 2
    /// Where negative points are sampled.
    public var negativeRegion: NegativeRegion = .surroundings
    /// Whether an object marked by clicks is followed by these alone, as in the reference's demo, and not by points sampled on its mask
    /// as well.
    public var followsClicksOnly = false

    public init() {}

    fileprivate func validate() throws {
        try check("queryPoints.positives", positives >= 1, "at least 1")
        try check("queryPoints.negatives", negatives >= 0, "at least 0")
        try check("queryPoints.margin", margin >= 0, "at least 0")
    }
}

/// How points are followed, and which of them prompt (paper, section 3.2).
public struct TrackingOptions: Sendable, Equatable {
    /// Points prompt when the tracker is at least this sure of them, 0 to 1, and they lie inside the frame; nil leaves it to the tracker's
    /// own threshold. A prompt needs to lie on the object, not within a few pixels of the exact spot, so this is lower than a good
    /// threshold for tracks.
    public var promptConfidence: Float? = 0.06
    /// Points within this share of the frame's width or height from its border count as outside, 0 to 0.5. The reference takes 0.01.
    public var borderShare: Float = 0
    /// So many objects at most are tracked together, in the order of the queries; nil: all. Trackers whose points influence each other
    /// (CoTracker) give other tracks for other groups. The reference takes 5.
    public var objectsPerGroup: Int?
    /// Rejects points whose surroundings no longer look as in the query frame; nil: none are.
    public var patchFilter: PatchFilter?
    /// Whether objects are also tracked backwards from their query frames.
    public var isBackward = true

    public init() {}

    fileprivate func validate() throws {
        try check("tracking.promptConfidence", (promptConfidence ?? 0).isFinite, "nil or a finite number")
        try check("tracking.borderShare", (0..<0.5).contains(borderShare), "at least 0 and below 0.5")
        try check("tracking.objectsPerGroup", (objectsPerGroup ?? 1) >= 1, "nil or at least 1")
        guard let patchFilter else { return }
        try check("tracking.patchFilter.size", (1...99).contains(patchFilter.size), "1 to 99")
        try check("tracking.patchFilter.threshold", patchFilter.threshold.isFinite, "a finite number")
    }
}

/// How points prompt the segmenter in a frame, and which of its answers are taken (paper, section 3.3).
public struct PromptingOptions: Sendable, Equatable {
    /// Decoder passes that refine the mask. Each is fed with the logits of the one before. With a segmenter that takes boxes these are the
    /// passes after the two with points alone, and each is given the box around the mask; with others they are the passes after the first.
    public var refinements = 1
    /// The mask of the frame before takes the place of the first pass when its predicted IoU was at least this, 0 to 1, and its area
    /// plausible; nil runs the first pass in every frame, as the paper does. Has no effect without refinement.
    public var previousMaskIoU: Float? = 0.6
    /// Masks whose predicted IoU is lower, 0 to 1, are left empty. The query frame's own mask is always kept.
    public var minimumIoU: Float = 0
    /// Whether the visible positive points of other objects serve as negative points.
    public var usesOtherObjectsAsNegatives = true
    /// At most this many points of other objects per object and frame; nil: all.
    public var maximumOtherNegatives: Int? = 8
    /// Whether small parts of a mask that no point touches are dropped.
    public var removesSpecks = true
    /// Whether a segmenter that can remember appearances is given the query frame's, and those of sure masks since.
    public var usesAppearanceMemory = true
    /// Which masks that come from the memory alone, without a visible point, are taken.
    public var recovery = RecoveryOptions()

    public init() {}

    fileprivate func validate() throws {
        try check("prompting.refinements", refinements >= 0, "at least 0")
        try check("prompting.previousMaskIoU", (previousMaskIoU ?? 0).isFinite, "nil or a finite number")
        try check("prompting.minimumIoU", minimumIoU.isFinite, "a finite number")
        try check("prompting.maximumOtherNegatives", (maximumOtherNegatives ?? 0) >= 0, "nil or at least 0")
        try check("prompting.recovery.minimumIoU", recovery.minimumIoU.isFinite, "a finite number")
    }
}

/// Which masks of a lost object, found by its appearance alone, are taken.
public struct RecoveryOptions: Sendable, Equatable {
    /// The least predicted IoU, 0 to 1.
    public var minimumIoU: Float = 0.5
    /// The mask's area in multiples of the recent ones' mean.
    public var recentAreas: ClosedRange<Float> = 0.3...3

    public init() {}
}

/// How points are sampled anew from the predicted masks as the video goes on (paper, section 3.4).
public struct ReinitializationOptions: Sendable, Equatable {
    /// nil: they are not.
    public var variant: ReinitializationVariant? = .rolling
    /// Frames between re-initialisations with `.rolling`, at least 1; frames of a window with the others, at least 2.
    public var horizon = 8
    /// How many frames the tracker may look at from a window's first one on, at least the horizon, as if the video ended there; nil: all it
    /// wants. Has no effect with `.rolling`.
    public var trackerHorizon: Int?
    /// Points are sampled anew only from masks whose predicted IoU is at least this, 0 to 1.
    public var minimumIoU: Float = 0.7
    /// Areas of masks that may be the object.
    public var plausibleArea = PlausibleArea()

    public init() {}

    fileprivate func validate() throws {
        let least = variant?.rule == nil ? 1 : 2
        try check("reinitialization.horizon", horizon >= least, "at least \(least)")
        let tracked = trackerHorizon ?? horizon
        try check("reinitialization.trackerHorizon", tracked >= horizon, "nil or at least reinitialization.horizon (\(horizon))")
        try check("reinitialization.minimumIoU", minimumIoU.isFinite, "a finite number")
    }
}

/// Throws unless a value is in range.
private func check(_ name: String, _ isValid: Bool, _ range: String) throws {
    guard isValid else { throw QueryError.invalidOption(name: name, range: range) }
}

import Media
import PointTrackers
import Segmenters
import Support

/// SAM-PT on one page (paper, section 3): its four steps for some objects of a video.
///
///     let start = try method.chooseQueryPoints(for: object)                      // 1: points on the object in its query frame
///     let tracking = method.track(from: object.frame, .forward)                  // 2: follow them
///     try tracking.begin(object.id, start.points, group: 0)
///     while ... {
///         try tracking.advance()
///         let outcomes = try method.segment(tracking.frame, of: &states, points: tracking.points)     // 3: the visible ones prompt
///         if ... { try tracking.reseed(object.id, method.reinitialize(...)) }    // 4: new points from the mask
///     }
///
/// `RollingPass` and `WindowedPass` go through one direction of time like this; without step 4 `JointOutcomes` does both at once.
struct Method: Sendable {
    let segmenter: any PromptableSegmenter
    let tracker: any PointTracker
    let options: VideoSegmenterOptions
    /// Limited to the frames that may be looked at.
    let video: FrameStore
    /// In the order in which they were given; each has an id of its own and begins in its query frame.
    let objects: [ObjectQuery]
    /// Visible positive points of objects that are not among `objects`, in a frame: negative points of these.
    var rivals: (@Sendable (_ frame: Int) throws -> [ObjectID: [SIMD2<Float>]])?
    /// Where objects start, for those whose masks are known already; nil: `chooseQueryPoints` finds out.
    var starts: (@Sendable (ObjectQuery) throws -> ObjectStart)?
    /// Chooses where windows go on; nil where there are no windows.
    var rule: (any ReinitializationRule)?

    init(
        segmenter: any PromptableSegmenter, tracker: any PointTracker, options: VideoSegmenterOptions, video: FrameStore,
        objects: [ObjectQuery]
    ) {
        (self.segmenter, self.tracker, self.options, self.video, self.objects) = (segmenter, tracker, options, video, objects)
        rule = options.reinitialization.variant?.rule
    }

    /// Loads networks on a thread of its own in the order in which the first object needs them: while one is loaded, another one runs.
    func loadNetworks() -> ProductionLane<Void>? {
        guard options.overlapsSteps, let first = objects.first else { return nil }
        let (size, segmenter, tracker) = (video.size, segmenter, tracker)
        let points = options.queryPoints.most * objects(queriedIn: first.frame).count
        var isMask = false
        if case .mask = first.prompt { isMask = true }
        return .once { [isMask] in
            // Whoever needs a network that cannot be loaded says so.
            if isMask { try? tracker.loadNetworks(for: size, points: points) }
            try? segmenter.loadNetworks(for: size)
            if !isMask { try? tracker.loadNetworks(for: size, points: points) }
        }
    }

    // MARK: Step 1: choose query points (section 3.1)

    /// The object's mask in its query frame, given or predicted from what marks it, and query points on it and around it.
    func chooseQueryPoints(for object: ObjectQuery) throws -> ObjectStart {
        try starts?(object) ?? ObjectStart(object, segmenter: segmenter, video: video, options: options)
    }

    // MARK: Step 2: track (section 3.2)

    /// Follows points from a frame on in one direction of time; `begin` gives it those of an object.
    /// - Parameter horizon: how many frames from `frame` on the tracker may look at; nil: all.
    func track(from frame: Int, _ direction: TimeDirection, horizon: Int? = nil) -> ObjectPointTracking {
        let seen = horizon.map { horizon in
            let frames = video.frames
            let length = min(horizon, frames.count)
            let ahead = direction == .forward ? frame..<(frame + length) : (frame + 1 - length)..<(frame + 1)
            return video.limited(to: ahead.clamped(to: frames))
        }
        return ObjectPointTracking(tracker, on: seen ?? video, at: frame, direction: direction, options: options)
    }

    // MARK: Step 3: segment (section 3.3)

    /// The masks of some objects in a frame: their visible points prompt the segmenter, in two passes (positive points alone, then all
    /// points) and refinements (`PassSchedule`), one object after the other.
    /// - Parameters:
    ///   - states: of the objects to segment; changed.
    ///   - points: of these objects, and of others that only are rivals.
    ///   - encoded: the frame, where it has been prepared before.
    ///   - rivalry: whose positive points are negative ones of whom.
    func segment(
        _ frame: Int, of states: inout [ObjectID: ObjectState], points: [ObjectID: [PromptPoint]],
        encoded: (any SegmentableFrame)? = nil, rivalry: FramePrompter.Rivalry = { _, _ in true }
    ) throws -> [ObjectID: ObjectOutcome] {
        try FramePrompter(segmenter: segmenter, video: video, options: options, rivals: rivals?(frame) ?? [:])
            .outcomes(at: frame, of: &states, points: points, encoded: encoded, rivalry: rivalry)
    }

    // MARK: Step 4: re-initialise (section 3.4)

    /// New query points on a mask that was predicted in a frame.
    func reinitialize(from mask: Mask, in frame: Int, using generator: inout SeededGenerator) throws -> QueryPoints {
        options.samplePoints(on: mask, image: try video.frame(at: frame), using: &generator)
    }
}

extension Method {
    /// Of everything random that happens to an object in one direction of time.
    func generator(of object: ObjectID, _ direction: TimeDirection) -> SeededGenerator {
        SeededGenerator(seed: options.seed, streams: UInt64(object), direction == .forward ? 1 : 2)
    }

    /// Objects are tracked together with their neighbours in the list.
    func group(of object: ObjectID) -> Int { group(ofPlace: objects.firstIndex { $0.id == object } ?? 0) }

    func group(ofPlace place: Int) -> Int { options.tracking.objectsPerGroup.map { place / $0 } ?? 0 }

    func objects(queriedIn frame: Int) -> [ObjectQuery] { objects.filter { $0.frame == frame } }

    var firstQueryFrame: Int { objects.map(\.frame).min() ?? video.frames.lowerBound }
    var lastQueryFrame: Int { objects.map(\.frame).max() ?? video.frames.lowerBound }
    /// Whether there is anything before the last query frame that is asked for.
    var tracksBackward: Bool { options.tracking.isBackward && lastQueryFrame > video.frames.lowerBound }

    /// Encodes frames ahead of a pass; nil if it is not to. One frame is enough: tracker and decoder cannot be ahead themselves.
    func encodingLane(after frame: Int, _ direction: TimeDirection) -> EncodingLane? {
        guard options.overlapsSteps else { return nil }
        return EncodingLane(segmenter, on: video, from: frame + direction.rawValue, direction, ahead: 2, isAsking: true)
    }

    /// Starts one direction of a run in which masks and tracks depend on each other.
    func pass(at frame: Int, _ direction: TimeDirection) -> any SegmentationPass {
        if let rule { return WindowedPass(self, rule: rule, at: frame, direction: direction) }
        return RollingPass(self, at: frame, direction: direction)
    }
}

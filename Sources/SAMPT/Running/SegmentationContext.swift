import Media
import PointTrackers
import Segmenters

/// What all parts of a run share.
struct SegmentationContext: Sendable {
    let segmenter: any PromptableSegmenter
    let tracker: any PointTracker
    let options: VideoSegmenterOptions
    let video: FrameStore
    let queryList: QueryList
    /// Chooses where windows go on; nil where there are no windows.
    var rule: (any ReinitializationRule)?

    init(
        segmenter: any PromptableSegmenter, tracker: any PointTracker, options: VideoSegmenterOptions, video: FrameStore, queries: [ObjectQuery]
    ) {
        (self.segmenter, self.tracker, self.options, self.video) = (segmenter, tracker, options, video)
        queryList = QueryList(queries)
        rule = options.reinitialization?.rule
    }

    var queries: [ObjectQuery] { queryList.current }

    var prompter: FramePrompter { FramePrompter(segmenter: segmenter, video: video, options: options) }

    func generator(of object: Int, _ direction: TimeDirection) -> SeededGenerator {
        SeededGenerator(seed: options.seed &+ UInt64(queries[object].id) &* 2 &+ (direction == .forward ? 0 : 1))
    }

    /// Objects are tracked together with their neighbours in the list.
    func group(ofPlace place: Int) -> Int { options.objectsPerTrackingGroup.map { place / $0 } ?? 0 }

    /// - Parameter horizon: how many frames from `frame` on the tracker may look at; nil: all.
    func tracking(at frame: Int, _ direction: TimeDirection, horizon: Int? = nil) -> ObjectPointTracking {
        let seen = horizon.map { horizon in
            let length = min(horizon, video.frameCount)
            return direction == .forward ? frame..<(frame + length) : (frame + 1 - length)..<(frame + 1)
        }
        return ObjectPointTracking(
            tracker, on: seen.map(video.limited) ?? video, at: frame, direction: direction, options: options)
    }

    /// Encodes frames ahead of a pass; nil if it is not to. One frame is enough: tracker and decoder cannot be ahead themselves.
    func encodingLane(after frame: Int, _ direction: TimeDirection) -> EncodingLane? {
        guard options.overlapsSteps else { return nil }
        return EncodingLane(segmenter, on: video, from: frame + direction.rawValue, direction, limit: 1, isAsking: true)
    }

    /// Starts one direction of a run in which masks and tracks depend on each other.
    func pass(at frame: Int, _ direction: TimeDirection) -> any SegmentationPass {
        if let rule { return WindowedPass(self, rule: rule, at: frame, direction: direction) }
        return RollingPass(self, at: frame, direction: direction)
    }
}

/// Steps 2 to 4 of SAM-PT in one direction of time.
protocol SegmentationPass: AnyObject {
    /// The outcomes in the next frame (in the first one, at the first call) of all objects that have begun.
    /// - Parameter starts: of the objects that begin in this frame, their query frame.
    func next(beginning starts: [Int: ObjectStart]) throws -> [Int: ObjectOutcome]
}

/// The objects' starts, each worked out once though both directions need it.
final class ObjectStarts {
    private let context: SegmentationContext
    private var known: [Int: ObjectStart] = [:]

    init(_ context: SegmentationContext) { self.context = context }

    /// - Parameter isLast: whether nobody will ask again.
    func start(of object: Int, isLast: Bool = false) throws -> ObjectStart {
        let query = context.queries[object]
        // The other direction starts from the same encoded frame later on.
        if isLast { context.video.unpin(query.frame) } else { context.video.pin(query.frame) }
        let start = try known[object]
            ?? ObjectStart(query, segmenter: context.segmenter, video: context.video, options: context.options)
        known[object] = isLast ? nil : start
        return start
    }
}

import Media
import PointTrackers

/// The points of all objects in one frame.
struct TrackedFrame {
    var index: Int
    /// By object; of those that are followed here.
    var points: [Int: [PromptPoint]]
    /// Of the objects whose query frame this is.
    var starts: [Int: ObjectStart]
}

/// Step 2 of SAM-PT where masks have no influence on it: tracks all points backwards first (they wait on disk), then forwards, frame by frame.
final class JointTracking {
    private let context: SegmentationContext
    private let starts: ObjectStarts
    private var forward: ObjectPointTracking?
    private var backward: OutcomeSpool?
    private var frame = 0

    init(_ context: SegmentationContext) {
        self.context = context
        starts = ObjectStarts(context)
    }

    /// Tracks backwards where that is asked for.
    /// - Returns: what is known of the objects before their query frames.
    func prepare(progress: () -> Void) throws -> [Int: ObjectState] {
        var states: [Int: ObjectState] = [:]
        guard context.tracksBackward else { return states }
        let spool = try OutcomeSpool()
        let tracking = context.tracking(at: context.lastQueryFrame, .backward)
        // What a tracker shares with the segmenter (the built-in encoder) is needed a second time, forwards.
        context.video.keepFeatures(of: 0..<context.lastQueryFrame)
        for index in stride(from: context.lastQueryFrame, through: 0, by: -1) {
            try Task.checkCancellation()
            if index < context.lastQueryFrame {
                try tracking.advance()
                try spool.write(tracking.points.mapValues { ObjectOutcome(points: $0) }, frame: index)
                progress()
            }
            for object in context.objects(queriedIn: index) where index > 0 {
                let start = try starts.start(of: object)
                states[object] = ObjectState(start, generator: context.generator(of: object, .backward))
                try tracking.begin(object, start.points, group: context.group(ofPlace: object))
            }
        }
        backward = spool
        return states
    }

    /// The next frame; nil at the end of the video.
    func next() throws -> TrackedFrame? {
        guard frame < context.video.frameCount else { return nil }
        defer { frame += 1 }
        var points = try backward?.read(frame: frame).mapValues(\.points) ?? [:]
        try forward?.advance()
        points.merge(forward?.points ?? [:]) { $1 }
        var begun: [Int: ObjectStart] = [:]
        for object in context.objects(queriedIn: frame) {
            let start = try starts.start(of: object, isLast: true)
            let tracking = forward ?? context.tracking(at: frame, .forward)
            forward = tracking
            try tracking.begin(object, start.points, group: context.group(ofPlace: object))
            points[object] = tracking.points[object]
            begun[object] = start
        }
        return TrackedFrame(index: frame, points: points, starts: begun)
    }
}

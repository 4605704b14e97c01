import Media
import PointTrackers
import Support

/// The points of all objects in one frame.
struct TrackedFrame {
    var index: Int
    /// By object; of those that are followed here.
    var points: [ObjectID: [PromptPoint]]
    /// Of the objects whose query frame this is.
    var starts: [ObjectID: ObjectStart]
}

/// Step 2 of SAM-PT where masks have no influence on it: tracks all points backwards first (they wait on disk), then forwards, frame by
/// frame.
final class JointTracking {
    private let method: Method
    private let starts: ObjectStarts
    private var forward: ObjectPointTracking?
    private var backward: OutcomeSpool?
    private var featuresKept: FrameLease?
    private var frame: Int

    init(_ method: Method) {
        self.method = method
        frame = method.video.frames.lowerBound
        starts = ObjectStarts(method)
    }

    /// Tracks backwards where that is asked for.
    /// - Returns: what is known of the objects before their query frames.
    func prepare(progress: () -> Void) throws -> [ObjectID: ObjectState] {
        var states: [ObjectID: ObjectState] = [:]
        guard method.tracksBackward else { return states }
        let first = method.video.frames.lowerBound
        let spool = try OutcomeSpool()
        let tracking = method.track(from: method.lastQueryFrame, .backward)
        // What a tracker shares with the segmenter (the built-in encoder) is needed a second time, forwards.
        featuresKept = method.video.keepFeatures(of: first..<method.lastQueryFrame)
        for index in stride(from: method.lastQueryFrame, through: first, by: -1) {
            try Cancellation.check()
            if index < method.lastQueryFrame {
                try tracking.advance()
                try spool.write(tracking.points.mapValues { ObjectOutcome(points: $0) }, frame: index)
                progress()
            }
            for object in method.objects(queriedIn: index) where index > first {
                let start = try starts.start(of: object)
                states[object.id] = ObjectState(start, generator: method.generator(of: object.id, .backward))
                try tracking.begin(object.id, start.points, group: method.group(of: object.id))
            }
        }
        backward = spool
        return states
    }

    /// The next frame; nil at the end of the video.
    func next() throws -> TrackedFrame? {
        guard frame < method.video.frames.upperBound else { return nil }
        defer { frame += 1 }
        var points = try backward?.read(frame: frame).mapValues(\.points) ?? [:]
        try forward?.advance()
        points.merge(forward?.points ?? [:]) { $1 }
        var begun: [ObjectID: ObjectStart] = [:]
        for object in method.objects(queriedIn: frame) {
            let start = try starts.start(of: object, isLast: true)
            let tracking = forward ?? method.track(from: frame, .forward)
            forward = tracking
            try tracking.begin(object.id, start.points, group: method.group(of: object.id))
            points[object.id] = tracking.points[object.id]
            begun[object.id] = start
        }
        return TrackedFrame(index: frame, points: points, starts: begun)
    }
}

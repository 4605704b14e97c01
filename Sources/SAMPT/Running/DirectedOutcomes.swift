import Media
import Support

/// With re-initialisation tracks depend on masks, so each direction of time is tracked and segmented on its own, the backward one first;
/// its outcomes wait on disk.
final class DirectedOutcomes: OutcomeSource {
    private let method: Method
    private let starts: ObjectStarts
    private var forward: (any SegmentationPass)?
    private var backward: OutcomeSpool?
    private var featuresKept: FrameLease?
    private var frame: Int

    init(_ method: Method) {
        self.method = method
        starts = ObjectStarts(method)
        frame = method.video.frames.lowerBound
    }

    func prepare(progress: () -> Void) throws {
        guard method.tracksBackward else { return }
        let (first, last) = (method.video.frames.lowerBound, method.lastQueryFrame)
        let spool = try OutcomeSpool(isExact: method.options.referenceQuirks)
        let pass = method.pass(at: last, .backward)
        // These frames are passed a second time, forwards.
        featuresKept = method.video.keepFeatures(of: method.firstQueryFrame..<last)
        for index in stride(from: last, through: first, by: -1) {
            try Cancellation.check()
            let queried = method.objects(queriedIn: index)
            var beginning: [ObjectID: ObjectStart] = [:]
            // What begins in the first frame has no past.
            for object in queried where index > first { beginning[object.id] = try starts.start(of: object) }
            let outcomes = try pass.next(beginning: beginning)
            // Forward tracking delivers query frames.
            try spool.write(outcomes.filter { outcome in !queried.contains { $0.id == outcome.key } }, frame: index)
            if index < last { progress() }
        }
        backward = spool
    }

    func next() throws -> [ObjectID: ObjectOutcome] {
        defer { frame += 1 }
        var beginning: [ObjectID: ObjectStart] = [:]
        for object in method.objects(queriedIn: frame) { beginning[object.id] = try starts.start(of: object, isLast: true) }
        if forward == nil, !beginning.isEmpty { forward = method.pass(at: frame, .forward) }
        let outcomes = try backward?.read(frame: frame) ?? [:]
        return try outcomes.merging(forward?.next(beginning: beginning) ?? [:]) { $1 }
    }
}

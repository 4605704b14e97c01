import Media
import PointTrackers

/// Delivers the outcomes of all objects of a run, frame by frame in order.
protocol OutcomeSource: AnyObject {
    /// Called once before the first frame: tracks backwards where that is asked for.
    /// - Parameter progress: called after every frame.
    func prepare(progress: () -> Void) throws
    /// The outcomes in the next frame.
    func next() throws -> [Int: ObjectOutcome]
}

extension SegmentationContext {
    var outcomeSource: any OutcomeSource {
        options.reinitialization == nil ? JointOutcomes(self) : DirectedOutcomes(self)
    }

    var firstQueryFrame: Int { queries.map(\.frame).min() ?? 0 }
    var lastQueryFrame: Int { queries.map(\.frame).max() ?? 0 }
    var tracksBackward: Bool { options.tracksBackward && lastQueryFrame > 0 }

    func objects(queriedIn frame: Int) -> [Int] { queries.indices.filter { queries[$0].frame == frame } }
}

/// With re-initialisation tracks depend on masks, so each direction of time is tracked and segmented on its own, the backward one first;
/// its outcomes wait on disk.
final class DirectedOutcomes: OutcomeSource {
    private let context: SegmentationContext
    private let starts: ObjectStarts
    private var forward: (any SegmentationPass)?
    private var backward: OutcomeSpool?
    private var frame = 0

    init(_ context: SegmentationContext) {
        self.context = context
        starts = ObjectStarts(context)
    }

    func prepare(progress: () -> Void) throws {
        guard context.tracksBackward else { return }
        let spool = try OutcomeSpool(isExact: context.options.referenceQuirks)
        let pass = context.pass(at: context.lastQueryFrame, .backward)
        // These frames are passed a second time, forwards.
        context.video.keepFeatures(of: context.firstQueryFrame..<context.lastQueryFrame)
        for index in stride(from: context.lastQueryFrame, through: 0, by: -1) {
            try Task.checkCancellation()
            var beginning: [Int: ObjectStart] = [:]
            // What begins in the first frame has no past.
            for object in context.objects(queriedIn: index) where index > 0 { beginning[object] = try starts.start(of: object) }
            let outcomes = try pass.next(beginning: beginning)
            // Forward tracking delivers query frames.
            try spool.write(outcomes.filter { context.queries[$0.key].frame != index }, frame: index)
            if index < context.lastQueryFrame { progress() }
        }
        backward = spool
    }

    func next() throws -> [Int: ObjectOutcome] {
        defer { frame += 1 }
        var beginning: [Int: ObjectStart] = [:]
        for object in context.objects(queriedIn: frame) { beginning[object] = try starts.start(of: object, isLast: true) }
        if forward == nil, !beginning.isEmpty { forward = context.pass(at: frame, .forward) }
        let outcomes = try backward?.read(frame: frame) ?? [:]
        return try outcomes.merging(forward?.next(beginning: beginning) ?? [:]) { $1 }
    }
}

import PointTrackers

/// Objects that are computed together, in one go over the frames: what a propagation consists of.
struct PropagationUnit: Sendable {
    enum Work: Sendable, Equatable {
        /// Tracked and segmented frame by frame in one direction, each object from its anchor on.
        case directed(TimeDirection)
        /// All points are tracked first, both ways, then every frame is segmented once.
        case joint
        /// Points added and taken away, and what follows from that in each frame.
        case corrections([PaperCorrection])
    }

    var work: Work
    var policy: CorrectionPolicy
    /// In the order in which the objects were added.
    var members: [Member]
    /// The frames that trackers may look at.
    var seen: ClosedRange<Int>
    /// The first frame that is computed, and the last.
    var first: Int
    var last: Int
    /// Objects outside whose points are negative ones of the members.
    var rivals: [Rival]

    struct Member: Sendable {
        var object: SessionObject
        var anchor: Int
        /// nil: it only takes its place among the others.
        var span: PlannedSpan?
    }

    struct Rival: Sendable {
        var object: SessionObject
        /// Its result in the same propagation, where that is computed before; elsewhere what was there before it.
        var spans: [PlannedSpan]
    }

    var frameCount: Int { abs(last - first) + 1 }
    var spans: [PlannedSpan] { members.compactMap(\.span) }
}

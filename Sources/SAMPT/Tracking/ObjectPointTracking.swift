import Media
import PointTrackers
import Segmenters

/// Step 2 of SAM-PT in one direction of time (paper, section 3.2): the query points of several objects, followed from frame to frame.
final class ObjectPointTracking {
    /// What is known of a point besides where it is.
    private struct Origin {
        var isPositive: Bool
        var kind: PointOrigin
        /// What it looked like where it was placed.
        var patch: PatchFilter.Patch?
        /// Whether it has been dissimilar.
        var isRejected = false
    }

    private(set) var frame: Int
    private let direction: TimeDirection
    private let tracker: any PointTracker
    private let video: FrameStore
    private let options: VideoSegmenterOptions
    /// One per group of objects.
    private var sessions: [Int: any TrackingSession] = [:]
    /// The group of each object.
    private var groups: [ObjectID: Int] = [:]
    /// By object and id of the group's session.
    private var origins: [ObjectID: [Int: Origin]] = [:]
    private var current: [ObjectID: [PromptPoint]] = [:]

    init(_ tracker: any PointTracker, on video: FrameStore, at frame: Int, direction: TimeDirection, options: VideoSegmenterOptions) {
        (self.tracker, self.video, self.frame, self.direction, self.options) = (tracker, video, frame, direction, options)
    }

    /// The points of every object that has begun, in the current frame; positive ones first.
    var points: [ObjectID: [PromptPoint]] { current }

    /// Starts following an object in the current frame.
    /// - Parameter group: objects with equal groups are tracked together.
    func begin(_ object: ObjectID, _ points: QueryPoints, group: Int) throws {
        let session = try sessions[group] ?? tracker.start(on: video, at: frame, direction: direction)
        sessions[group] = session
        groups[object] = group
        try add(points, of: object, sampledAs: .queryMask, to: session)
    }

    /// Replaces the points of an object's last re-seeding; those it began with stay.
    func reseed(_ object: ObjectID, _ points: QueryPoints) throws {
        guard let group = groups[object], let session = sessions[group] else { return }
        let outdated = (origins[object] ?? [:]).filter { $0.value.kind == .reinitialization }.map(\.key)
        session.remove(Set(outdated))
        for id in outdated { origins[object]?[id] = nil }
        try add(points, of: object, sampledAs: .reinitialization, to: session)
    }

    /// Moves on by one frame.
    func advance() throws {
        for group in sessions.keys.sorted() { try sessions[group]?.advance() }
        frame += direction.rawValue
        try update(current.keys.sorted())
    }

    private func add(_ points: QueryPoints, of object: ObjectID, sampledAs kind: PointOrigin, to session: any TrackingSession) throws {
        // Points of one object move together, those of its surroundings likewise.
        for (positions, clicks, isPositive) in [
            (points.positives, points.clicks.positive, true), (points.negatives, points.clicks.negative, false),
        ] {
            let ids = try session.add(positions, group: 2 * object + (isPositive ? 1 : 0))
            for (place, (id, position)) in zip(ids, positions).enumerated() {
                origins[object, default: [:]][id] = Origin(
                    isPositive: isPositive, kind: place < clicks ? .click : kind, patch: try patch(around: position))
            }
        }
        try update([object])
    }

    private func update(_ objects: [ObjectID]) throws {
        for object in objects {
            guard let group = groups[object], let session = sessions[group] else { continue }
            var own: [PromptPoint] = []
            for point in session.points {
                guard let origin = origins[object]?[point.id] else { continue }
                let status = try status(of: point, object: object)
                own.append(
                    PromptPoint(
                        id: point.id, position: point.position, isPositive: origin.isPositive, status: status, confidence: point.confidence,
                        origin: origin.kind))
            }
            current[object] = own.filter(\.isPositive) + own.filter { !$0.isPositive }
        }
    }

    private func status(of point: TrackedPoint, object: ObjectID) throws -> PointStatus {
        let isSeen = options.tracking.promptConfidence.map { point.confidence >= $0 } ?? point.isVisible
        var status = isSeen ? PointStatus.visible : .occluded
        if let filter = options.tracking.patchFilter, let origin = origins[object]?[point.id], let reference = origin.patch {
            if origin.isRejected {
                status = .afterDissimilar
            } else if isSeen, let patch = try patch(around: point.position), !(filter.similarity(patch, reference) > filter.threshold) {
                origins[object]?[point.id]?.isRejected = true
                status = .dissimilar
            }
        }
        return isOutside(point.position) ? .outside : status
    }

    private func patch(around position: SIMD2<Float>) throws -> PatchFilter.Patch? {
        try options.tracking.patchFilter?.patch(around: position, in: video.frame(at: frame), swapsRedAndBlue: options.referenceQuirks)
    }

    private func isOutside(_ position: SIMD2<Float>) -> Bool {
        guard options.tracking.borderShare > 0 else { return !video.size.contains(position) }
        // As the reference counts: pixel centres at whole numbers.
        let share = (position - 0.5) / SIMD2(Float(video.size.width), Float(video.size.height))
        let (low, high) = (options.tracking.borderShare, 1 - options.tracking.borderShare)
        return !(share.x >= low && share.y >= low && share.x <= high && share.y <= high)
    }
}

/// Where the points of an object are placed, in pixels of the frame; pixel centres at +0.5.
struct QueryPoints: Sendable {
    var positives: [SIMD2<Float>] = []
    var negatives: [SIMD2<Float>] = []
    /// How many of each, the first ones, the user clicked.
    var clicks = (positive: 0, negative: 0)

    /// The user's clicks, and sampled points after them.
    init(clicks: [PointPrompt], sampled: QueryPoints = QueryPoints()) {
        let positions = (clicks.filter(\.isPositive).map(\.position), clicks.filter { !$0.isPositive }.map(\.position))
        positives = positions.0 + sampled.positives
        negatives = positions.1 + sampled.negatives
        self.clicks = (positions.0.count, positions.1.count)
    }

    init(positives: [SIMD2<Float>] = [], negatives: [SIMD2<Float>] = []) { (self.positives, self.negatives) = (positives, negatives) }
}

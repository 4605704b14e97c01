import Media

/// Points being found again by SuperGlue, each from the frame in which it was added.
///
/// A point that no matched key point tells about is hidden and keeps its last position. Key points of a query frame are kept by the session
/// as long as it follows points from there; without points, no frame is read.
final class SuperGlueSession: TrackingSession {
    /// Where a point comes from.
    private struct Origin {
        let frame: Int
        /// In the picture.
        let position: SIMD2<Float>
    }

    private let tracker: SuperGlueTracker
    private let video: FrameStore
    private let direction: TimeDirection
    private let scale: SuperGlueTracker.PictureScale

    private(set) var frame: Int
    private(set) var points: [TrackedPoint] = []
    private var nextID = 0
    /// One for each of `points`.
    private var origins: [Origin] = []
    /// Key points of the frames that points come from.
    private var keypoints: [Int: Keypoints] = [:]

    init(tracker: SuperGlueTracker, video: FrameStore, frame: Int, direction: TimeDirection) {
        (self.tracker, self.video, self.frame, self.direction) = (tracker, video, frame, direction)
        scale = tracker.scale(video.size)
    }

    func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int] {
        guard !positions.isEmpty else { return [] }
        try WindowTracking.check(positions)
        let ids = Array(nextID..<(nextID + positions.count))
        nextID += positions.count
        points += zip(ids, positions).map { TrackedPoint(id: $0, position: $1, confidence: 1, isVisible: video.size.contains($1)) }
        origins += positions.map { Origin(frame: frame, position: scale.picture($0)) }
        return ids
    }

    func remove(_ ids: Set<Int>) {
        let kept = points.indices.filter { !ids.contains(points[$0].id) }
        guard kept.count < points.count else { return }
        points = kept.map { points[$0] }
        origins = kept.map { origins[$0] }
        let frames = Set(origins.map(\.frame))
        keypoints = keypoints.filter { frames.contains($0.key) }
    }

    func advance() throws {
        let next = frame + direction.rawValue
        try video.check(frame: next)
        var moved = points
        let byFrame = Dictionary(grouping: points.indices) { origins[$0].frame }
        for (origin, indices) in byFrame.sorted(by: { $0.key < $1.key }) {
            let first = try keypoints[origin] ?? video.value(of: tracker.processor, at: origin)
            keypoints[origin] = first
            let second = try video.value(of: tracker.processor, at: next)
            let matches = try tracker.matcher(first, second)
            let estimates = tracker.motion(scale.image)(
                indices.map { origins[$0].position }, matches: MatchedMotion.matches(first, second, matches))
            for (index, estimate) in zip(indices, estimates) { move(&moved[index], to: estimate) }
        }
        points = moved
        frame = next
    }

    private func move(_ point: inout TrackedPoint, to estimate: MatchedMotion.Estimate?) {
        point.confidence = 0
        point.isVisible = false
        guard let estimate, estimate.confidence.isFinite, estimate.position.x.isFinite, estimate.position.y.isFinite else { return }
        point.position = scale.frame(estimate.position)
        point.confidence = min(max(estimate.confidence, 0), 1)
        point.isVisible = point.confidence > tracker.options.visibilityThreshold && video.size.contains(point.position)
    }
}

extension MatchedMotion {
    /// Pairs of key points with where they are.
    static func matches(_ first: Keypoints, _ second: Keypoints, _ matches: KeypointMatches) -> [Match] {
        matches.first.indices.compactMap { i in
            matches.first[i] < 0
                ? nil : Match(from: first.positions[i], to: second.positions[matches.first[i]], score: matches.firstScores[i])
        }
    }
}

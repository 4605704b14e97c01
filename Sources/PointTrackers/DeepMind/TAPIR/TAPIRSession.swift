import Media

/// Points being followed by TAPIR: their descriptions, and their tracks in the current clip.
final class TAPIRSession: TrackingSession {
    private struct Point {
        var state: TrackedPoint
        let query: TAPIRQuery
        /// In the current clip's frames; empty where not computed yet.
        var track: [TAPIREstimate] = []
    }

    private let tracker: TAPIR
    private let video: FrameStore
    private let direction: TimeDirection
    private let scale: SquareScale
    private(set) var frame: Int
    private var nextID = 0
    private var tracked: [Point] = []
    private var clip: TAPIRClip?

    init(tracker: TAPIR, video: FrameStore, frame: Int, direction: TimeDirection) {
        (self.tracker, self.video, self.frame, self.direction) = (tracker, video, frame, direction)
        scale = SquareScale(
            frame: video.size, side: TAPIRNetwork.side, usesReferencePixelCenters: tracker.options.usesReferencePixelCenters)
    }

    var points: [TrackedPoint] { tracked.map(\.state) }

    func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int] {
        guard !positions.isEmpty else { return [] }
        let maps = try video.value(of: tracker.encoder, at: frame)
        for position in positions {
            let isVisible = video.size.contains(position)
            let state = TrackedPoint(id: nextID, position: position, confidence: 1, isVisible: isVisible)
            tracked.append(Point(state: state, query: tracker.estimator.query(scale.input(position), frame: frame, maps: maps)))
            nextID += 1
        }
        return Array((nextID - positions.count)..<nextID)
    }

    func remove(_ removed: Set<Int>) { tracked.removeAll { removed.contains($0.state.id) } }

    func advance() throws {
        let next = frame + direction.rawValue
        try video.check(frame: next)
        guard !tracked.isEmpty else {
            frame = next
            return
        }
        let plan = tracker.plan(for: next, of: video.frames)
        var known: [Int: TAPIRMaps] = [:]
        if let clip, clip.plan != plan || !clip.frames.contains(next) {
            // Before the next one is made: two would need twice the memory. What they have in common goes on.
            known = clip.maps(in: plan)
            self.clip = nil
            for i in tracked.indices { tracked[i].track = [] }
        }
        let clip = try self.clip ?? tracker.clip(of: video, for: next, known: known)
        self.clip = clip
        let missing = tracked.indices.filter { tracked[$0].track.isEmpty }
        if !missing.isEmpty {
            let tracks = try clip.estimates(of: missing.map { tracked[$0].query }, by: tracker.estimator)
            for (index, track) in zip(missing, tracks) { tracked[index].track = track }
        }
        frame = next
        for i in tracked.indices { follow(&tracked[i], in: clip) }
    }

    private func follow(_ point: inout Point, in clip: TAPIRClip) {
        let estimate = point.track[frame - clip.frames.lowerBound]
        let position = scale.frame(estimate.position)
        let confidence = estimate.confidence
        // Numbers that are none come from damaged weights: the point stays where it was, hidden.
        let isFinite = position.x.isFinite && position.y.isFinite
        if isFinite { point.state.position = position }
        point.state.confidence = isFinite && confidence.isFinite ? confidence : 0
        point.state.isVisible = point.state.confidence > tracker.options.visibilityThreshold && video.size.contains(point.state.position)
    }
}

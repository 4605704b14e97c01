import Media

/// Points being followed by a tracker that works in windows, CoTracker 1 to 3.
///
/// Windows start at multiples of their step from the frame in which the session has got its first points (again so after all have been
/// removed). A frame is reported when the window that decides on it has been computed, which reads up to a window's length ahead. Points
/// added later enter the window that decides on the frame they are added in: it is computed once more with them, which may change what it
/// says of later frames, and nothing that has been reported. Without points, no frame is read.
final class WindowSession: TrackingSession {
    private let tracker: any WindowTracker
    private let video: FrameStore
    private let direction: TimeDirection
    private let scale: CellScale

    private(set) var frame: Int
    private(set) var points: [TrackedPoint] = []
    private var nextID = 0
    private var run: WindowRun?
    /// The frame of the run's time 0.
    private var anchor = 0

    init(tracker: any WindowTracker, video: FrameStore, frame: Int, direction: TimeDirection) {
        (self.tracker, self.video, self.frame, self.direction) = (tracker, video, frame, direction)
        scale = tracker.scale(video.size)
    }

    private var time: Int { abs(frame - anchor) }

    func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int] {
        guard !positions.isEmpty else { return [] }
        try WindowTracking.check(positions)
        let run = run ?? restart()
        let ids = Array(nextID..<(nextID + positions.count))
        nextID += positions.count
        run.add(zip(ids, positions).map { .init(id: $0, time: time, position: scale.cells($1)) })
        points += zip(ids, positions).map { TrackedPoint(id: $0, position: $1, confidence: 1, isVisible: video.size.contains($1)) }
        return ids
    }

    private func restart() -> WindowRun {
        anchor = frame
        let new = tracker.run(on: video, from: frame, direction: direction)
        run = new
        return new
    }

    func remove(_ ids: Set<Int>) {
        points.removeAll { ids.contains($0.id) }
        run?.remove(ids)
        if points.isEmpty { run = nil }
    }

    func advance() throws {
        let next = frame + direction.rawValue
        try video.check(frame: next)
        guard let run else {
            frame = next
            return
        }
        let nextTime = time + 1
        let deciding = run.windowStart(deciding: nextTime)
        if run.isOutdated, let current = run.current { try run.compute(current) }
        if run.current != deciding { try run.compute(deciding) }
        let outcomes = run.outcomes(at: nextTime)
        frame = next
        for i in points.indices {
            guard let outcome = outcomes[points[i].id] else { continue }
            if var point = tracker.report(outcome, id: points[i].id, scale: scale) {
                if !video.size.contains(point.position) { point.isVisible = false }
                points[i] = point
            } else {
                // What is no number is no position: the last one stays as a guess.
                (points[i].confidence, points[i].isVisible) = (0, false)
            }
        }
    }
}

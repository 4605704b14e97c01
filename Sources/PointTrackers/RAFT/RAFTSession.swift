import Media

/// Points being followed by RAFT's flow.
final class RAFTSession: TrackingSession {
    private struct Point {
        let id: Int
        /// In the working size.
        var position: SIMD2<Float>
        var confidence: Float
        var isVisible: Bool
    }

    private let video: FrameStore
    private let direction: TimeDirection
    private let maps: RAFTMapsProcessor
    private let findsOcclusions: Bool
    private let working: WorkingSize
    private var nextID = 0
    private var state: [Point] = []

    private(set) var frame: Int

    init(video: FrameStore, frame: Int, direction: TimeDirection, maps: RAFTMapsProcessor, findsOcclusions: Bool) {
        self.video = video
        self.frame = frame
        self.direction = direction
        self.maps = maps
        self.findsOcclusions = findsOcclusions
        working = WorkingSize(frame: video.size, longestSide: maps.longestSide)
    }

    var points: [TrackedPoint] {
        state.map { point in
            TrackedPoint(
                id: point.id, position: working.position(toFrame: point.position), confidence: point.confidence, isVisible: point.isVisible)
        }
    }

    func add(_ positions: [SIMD2<Float>], group: Int) -> [Int] {
        let ids = Array(nextID..<(nextID + positions.count))
        nextID += positions.count
        state += zip(ids, positions).map { id, position in
            let isInside = video.size.contains(position)
            return Point(
                id: id, position: working.position(fromFrame: position), confidence: isInside ? 1 : 0, isVisible: isInside)
        }
        return ids
    }

    func remove(_ ids: Set<Int>) {
        state.removeAll { ids.contains($0.id) }
    }

    func advance() throws {
        let next = frame + direction.rawValue
        try video.check(frame: next)
        if !state.isEmpty {
            let before = try video.value(of: maps, at: frame)
            let after = try video.value(of: maps, at: next)
            let there = try maps.estimator.flow(from: before, to: after)
            let back = findsOcclusions ? try maps.estimator.flow(from: after, to: before) : nil
            for i in state.indices { move(&state[i], there: there, back: back) }
        }
        frame = next
    }

    private func move(_ point: inout Point, there: FlowField, back: FlowField?) {
        let step = there.sample(at: point.position)
        let moved = point.position + step
        guard moved.x.isFinite, moved.y.isFinite else {
            (point.confidence, point.isVisible) = (0, false)
            return
        }
        point.position = moved
        // As in SAM-PT, for positions with pixel centres at whole numbers.
        let isInside = moved.x >= 0 && moved.y >= 0 && moved.x < Float(working.size.width) && moved.y < Float(working.size.height)
        var confidence: Float = isInside ? 1 : 0
        if isInside, let back { confidence = Self.agreement(step, back.sample(at: moved)) }
        point.confidence = confidence
        point.isVisible = confidence > 0.5
    }

    /// How well a step and the step back cancel out, 0 to 1; above 0.5 by the criterion of Sundaram, Brox and Keutzer, "Dense Point
    /// Trajectories by GPU-Accelerated Large Displacement Optical Flow", 2010, equation 5.
    static func agreement(_ step: SIMD2<Float>, _ back: SIMD2<Float>) -> Float {
        func squared(_ v: SIMD2<Float>) -> Float { (v * v).sum() }
        let allowed = 0.01 * (squared(step) + squared(back)) + 0.5
        let ratio = squared(step + back) / allowed
        return ratio.isFinite ? 1 / (1 + ratio) : 0
    }
}

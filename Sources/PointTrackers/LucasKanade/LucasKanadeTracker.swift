import Media

/// Follows points by pyramidal Lucas-Kanade optical flow from frame to frame. Needs no network.
///
/// A point is visible while tracking it back to the frame before returns near where it came from. A point once lost stays lost: it
/// keeps its last position and is never visible again.
public struct LucasKanadeTracker: PointTracker {
    public var name: String { TrackerFamily.lucasKanade.name }
    public var isCausal: Bool { TrackerFamily.lucasKanade.isCausal }
    /// A point is lost when tracking it back leads further than this from where it was, in pixels of the frame.
    public var returnTolerance: Float

    public init(returnTolerance: Float = 1) {
        self.returnTolerance = returnTolerance
    }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try video.check(frame: frame)
        return LucasKanadeSession(video: video, frame: frame, direction: direction, tolerance: returnTolerance)
    }
}

/// Points being followed by Lucas-Kanade flow.
final class LucasKanadeSession: TrackingSession {
    private let video: FrameStore
    private let direction: TimeDirection
    private let tolerance: Float
    private let processor = GrayPyramidProcessor()
    private var nextID = 0

    private(set) var frame: Int
    private(set) var points: [TrackedPoint] = []

    init(video: FrameStore, frame: Int, direction: TimeDirection, tolerance: Float) {
        self.video = video
        self.frame = frame
        self.direction = direction
        self.tolerance = tolerance
    }

    func add(_ positions: [SIMD2<Float>], group: Int) -> [Int] {
        let ids = Array(nextID..<(nextID + positions.count))
        nextID += positions.count
        points += zip(ids, positions).map { TrackedPoint(id: $0, position: $1, confidence: 1, isVisible: video.size.contains($1)) }
        return ids
    }

    /// Groups have no meaning here.
    func add(_ positions: [SIMD2<Float>], groups: [Int]) -> [Int] { add(positions, group: 0) }

    func remove(_ ids: Set<Int>) {
        points.removeAll { ids.contains($0.id) }
    }

    func advance() throws {
        let next = frame + direction.rawValue
        try video.check(frame: next)
        let alive = points.indices.filter { points[$0].isVisible }
        if !alive.isEmpty {
            let before = try video.value(of: processor, at: frame)
            let after = try video.value(of: processor, at: next)
            // The algorithm has pixel centres at whole numbers.
            let origins = alive.map { points[$0].position - 0.5 }
            let tracks = LucasKanade.trackThereAndBack(origins, from: before, to: after)
            for (k, index) in alive.enumerated() {
                let (found, returned) = tracks[k]
                let error = returned.position - origins[k]
                let distance = (error.x * error.x + error.y * error.y).squareRoot()
                let position = found.position + 0.5
                let isKept = found.isFound && returned.isFound && distance <= tolerance && video.size.contains(position)
                points[index].isVisible = isKept
                points[index].confidence = isKept ? 1 / (1 + distance) : 0
                if isKept { points[index].position = position }
            }
        }
        frame = next
    }
}

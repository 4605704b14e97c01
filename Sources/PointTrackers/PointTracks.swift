import Media

/// Where queried points are in every frame of a video.
public struct PointTracks: Sendable, Equatable {
    public let pointCount: Int
    public let frameCount: Int
    /// Point by point, `frameCount` entries each; `id` is the query's number.
    public private(set) var points: [TrackedPoint]

    /// A point in a frame. Frames that were not tracked have the query's position, confidence 0, not visible.
    public subscript(point: Int, frame: Int) -> TrackedPoint {
        get { points[point * frameCount + frame] }
        set { points[point * frameCount + frame] = newValue }
    }

    /// A point through all frames.
    public func track(_ point: Int) -> ArraySlice<TrackedPoint> { points[(point * frameCount)..<((point + 1) * frameCount)] }

    /// All points in a frame, in the order of the queries.
    public func points(in frame: Int) -> [TrackedPoint] { (0..<pointCount).map { self[$0, frame] } }

    /// Frame by frame, all points in the order of the queries.
    public var frames: [[TrackedPoint]] { (0..<frameCount).map(points(in:)) }

    /// Nothing tracked yet: in its query's frame a point is where it was given, visible unless that is outside the frame.
    init(_ queries: [PointQuery], size: ImageSize, frameCount: Int) {
        pointCount = queries.count
        self.frameCount = frameCount
        points = []
        points.reserveCapacity(queries.count * frameCount)
        for (index, query) in queries.enumerated() {
            points += repeatElement(.lost(query, id: index), count: frameCount)
            self[index, query.frame] = TrackedPoint(
                id: index, position: query.position, confidence: 1, isVisible: size.contains(query.position))
        }
    }
}

extension TrackedPoint {
    /// A queried point of which nothing is known.
    static func lost(_ query: PointQuery, id: Int) -> TrackedPoint {
        TrackedPoint(id: id, position: query.position, confidence: 0, isVisible: false)
    }
}

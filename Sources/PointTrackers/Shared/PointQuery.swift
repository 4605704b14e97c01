import Media

/// A point to be followed through a clip, forward and backward.
public struct PointQuery: Sendable, Hashable {
    public var frame: Int
    /// In pixels of the frame; pixel centres at +0.5.
    public var position: SIMD2<Float>

    public init(frame: Int, position: SIMD2<Float>) { (self.frame, self.position) = (frame, position) }
}

/// Where all points are in all frames, in the order of the queries.
public struct PointTracks: Sendable {
    /// `points[frame][query]`; ids are the queries' indices.
    public var points: [[TrackedPoint]]

    public init(points: [[TrackedPoint]]) { self.points = points }
}

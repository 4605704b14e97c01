/// Where all points are in all frames, in the order of the queries.
public struct ClipTracks: Sendable {
    /// `points[frame][query]`; ids are the queries' indices.
    public var points: [[TrackedPoint]]

    public init(points: [[TrackedPoint]]) { self.points = points }
}

import Media
import Support

/// A point to follow through a whole video.
public struct PointQuery: Sendable, Hashable {
    /// The frame that the point is given in.
    public var frame: Int
    /// In pixels of the frame; pixel centres at +0.5.
    public var position: SIMD2<Float>
    /// Points of one group move together (parts of one object). Nil: the point has nothing to do with the others.
    public var group: Int?

    public init(frame: Int, position: SIMD2<Float>, group: Int? = nil) {
        (self.frame, self.position, self.group) = (frame, position, group)
    }

    /// - Throws: `MediaError.frameOutOfRange` for a query in a frame that does not exist, `TrackerError.invalidQuery` for one without a
    ///   finite position.
    static func check(_ queries: [PointQuery], in video: FrameStore) throws {
        for query in queries {
            try video.check(frame: query.frame)
            guard query.position.x.isFinite, query.position.y.isFinite else {
                throw TrackerError.invalidQuery("A point in frame \(query.frame) has no finite position.")
            }
        }
    }
}

extension PointTracker {
    /// Follows points that are given in any frames through a whole video: one session forwards from the earliest query frame and one
    /// backwards from the latest, each point taking part from its own frame on. Frames after a point's query come from the first, frames
    /// before it from the second; in the query frame itself the point is where it was given, and visible unless that is outside the frame.
    ///
    /// A direction in which no query has frames left is not run.
    /// - Parameters:
    ///   - directions: those that are wanted; frames of others stay as `PointTracks` says.
    ///   - progress: called after every frame with the frames done and in all, of both directions together.
    /// - Throws: `MediaError.frameOutOfRange` for a query in a frame that does not exist, `TrackerError.invalidQuery` for one without a
    ///   finite position, `CancellationError` when the task is cancelled between frames, and what the tracker throws.
    public func follow(
        _ queries: [PointQuery], on video: FrameStore, directions: Set<TimeDirection> = Set(TimeDirection.allCases),
        progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws -> PointTracks {
        try PointQuery.check(queries, in: video)
        let count = video.frameCount
        var tracks = PointTracks(queries, size: video.size, frameCount: count)
        guard let first = queries.map(\.frame).min(), let last = queries.map(\.frame).max() else { return tracks }
        var passes: [(start: Int, end: Int, direction: TimeDirection)] = []
        if directions.contains(.forward), first < count - 1 { passes.append((first, count - 1, .forward)) }
        if directions.contains(.backward), last > 0 { passes.append((last, 0, .backward)) }
        let total = passes.reduce(0) { $0 + abs($1.end - $1.start) + 1 }
        var done = 0
        let firstOwnGroup = (queries.compactMap(\.group).max() ?? -1) &+ 1
        let byFrame = Dictionary(grouping: queries.indices) { queries[$0].frame }
        for pass in passes {
            let session = try start(on: video, at: pass.start, direction: pass.direction)
            var queryOfID: [Int: Int] = [:]
            while true {
                try Cancellation.check()
                for point in session.points {
                    guard let query = queryOfID[point.id] else { continue }
                    tracks[query, session.frame] = TrackedPoint(
                        id: query, position: point.position, confidence: point.confidence, isVisible: point.isVisible)
                }
                if session.frame != pass.end, let new = byFrame[session.frame] {
                    let groups = new.map { queries[$0].group ?? firstOwnGroup &+ $0 }
                    let ids = try session.add(new.map { queries[$0].position }, groups: groups)
                    for (id, query) in zip(ids, new) { queryOfID[id] = query }
                }
                done += 1
                progress?(done, total)
                guard session.frame != pass.end else { break }
                try session.advance()
            }
        }
        return tracks
    }
}

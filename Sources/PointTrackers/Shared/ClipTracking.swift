import Media
import Support

/// What a network says of all points in all frames of a clip; zeros where nothing has been computed.
struct RawTracks {
    let points: Int
    private(set) var states: [PointState]
    var frames: Int { points == 0 ? 0 : states.count / points }

    init(frames: Int, points: Int) {
        self.points = points
        states = [PointState](repeating: PointState(), count: frames * points)
    }

    subscript(frame: Int, point: Int) -> PointState {
        get { states[frame * points + point] }
        set { states[frame * points + point] = newValue }
    }
}

/// Whole clips with all queries known from the start.
extension WindowTracker {
    /// - Throws: `MediaError.frameOutOfRange` for a query in a frame that does not exist, `TrackerError.invalidQuery` for a position that
    ///   is none.
    func check(_ queries: [PointQuery], in video: FrameStore) throws {
        try PointQuery.check(queries, in: video)
        try WindowTracking.check(queries.map(\.position))
    }

    /// Follows points forward and backward, split at each one's own frame, where it stays as queried. Each direction has the points that
    /// have frames left in it, and starts where the first of them does.
    func splitTracks(_ queries: [PointQuery], in video: FrameStore) throws -> PointTracks {
        try check(queries, in: video)
        guard let first = queries.map(\.frame).min(), let last = queries.map(\.frame).max() else {
            return PointTracks([], size: video.size, frameCount: video.frameCount)
        }
        let scale = scale(video.size)
        var merged = RawTracks(frames: video.frameCount, points: queries.count)
        func follow(_ direction: TimeDirection, from start: Int) throws {
            let end = direction == .forward ? video.frameCount - 1 : 0
            guard start != end else { return }
            let run = run(on: video, from: start, direction: direction)
            run.add(
                queries.enumerated().filter { $1.frame != end }.map {
                    .init(id: $0, time: abs($1.frame - start), position: scale.cells($1.position))
                })
            try run.computeAll { time, query, state in
                let frame = start + direction.rawValue * time
                if (frame - queries[query].frame) * direction.rawValue > 0 { merged[frame, query] = state }
            }
        }
        try follow(.forward, from: first)
        try follow(.backward, from: last)
        return tracks(merged, queries: queries, size: video.size)
    }

    /// - Parameters:
    ///   - keepsQueries: whether points are where they were given, and visible, in their queries' frames, whatever the network says.
    ///   - hidesOutside: whether points outside of the frame are never visible.
    func tracks(
        _ raw: RawTracks, queries: [PointQuery], size: ImageSize, keepsQueries: Bool = true, hidesOutside: Bool = true
    ) -> PointTracks {
        let scale = scale(size)
        var result = PointTracks(queries, size: size, frameCount: raw.frames)
        for (index, query) in queries.enumerated() {
            for frame in 0..<raw.frames where !keepsQueries || frame != query.frame {
                var point = report(raw[frame, index], id: index, scale: scale) ?? .lost(query, id: index)
                if hidesOutside && !size.contains(point.position) { point.isVisible = false }
                result[index, frame] = point
            }
        }
        return result
    }
}

extension WindowRun {
    /// Computes all windows and reports what each says; later ones correct the frames they share with earlier ones.
    /// - Throws: also `CancellationError` between windows when the task is cancelled.
    func computeAll(observer: PointWindowObserver? = nil, _ body: (_ time: Int, _ id: Int, _ state: PointState) -> Void) throws {
        for start in windowStarts {
            try Cancellation.check()
            try compute(start, observer: observer)
            for time in start..<min(length, start + windowFrames) {
                for (id, state) in outcomes(at: time) { body(time, id, state) }
            }
        }
    }
}

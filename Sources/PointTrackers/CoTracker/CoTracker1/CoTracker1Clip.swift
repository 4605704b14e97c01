import Media

extension CoTracker1 {
    public typealias Query = PointQuery
    public typealias Tracks = PointTracks

    /// Follows points through a whole clip, with all queries known from the start. See `Options.referenceQuirks`.
    /// - Throws: `MediaError.frameOutOfRange` for a query in a frame that does not exist, `MediaError` when a frame cannot be decoded,
    ///   `CancellationError` between windows when the task is cancelled.
    public func track(_ queries: [Query], in video: FrameStore) throws -> Tracks {
        guard options.referenceQuirks, !queries.isEmpty else { return try splitTracks(queries, in: video) }
        try check(queries, in: video)
        return tracks(
            try rawTracks(queries, in: video).merged, queries: queries, size: video.size, keepsQueries: false, hidesOutside: false)
    }

    /// What the reference computes: its forward run alone, and that with the backward run's results where coordinates are exactly 0.
    /// Support points follow the queries, grid by grid.
    func rawTracks(
        _ queries: [Query], in video: FrameStore, observer: PointWindowObserver? = nil
    ) throws -> (forward: RawTracks, merged: RawTracks) {
        let count = video.frameCount
        let grid = SupportGrid.coTracker1(side: options.supportGridSide, size: options.inputSize)
        let scale = scale(video.size)
        let stride = Float(variant.stride)
        var entries = queries.map { (time: $0.frame, position: scale.cells($0.position)) }
        for frame in Swift.stride(from: 0, to: count, by: options.supportGridInterval) {
            entries += grid.map { (frame, $0 / stride) }
        }
        func pass(_ direction: TimeDirection, observer: PointWindowObserver?) throws -> RawTracks {
            var result = RawTracks(frames: count, points: entries.count)
            func mirrored(_ frame: Int) -> Int { direction == .forward ? frame : count - 1 - frame }
            // Support points are given as points: backward, they are set in the same frames as forward.
            let run = WindowRun(
                window: window, length: count, support: .init(grid: [], interval: nil, lifetime: nil), groupSize: Int.max
            ) { [processor] in try video.value(of: processor, at: mirrored($0)) }
            run.add(entries.enumerated().map { .init(id: $0, time: mirrored($1.time), position: $1.position) })
            try run.computeAll(observer: observer) { time, point, outcome in result[mirrored(time), point] = outcome }
            return result
        }
        let forward = try pass(.forward, observer: observer)
        let backward = try pass(.backward, observer: nil)
        var merged = forward
        for frame in 0..<count {
            for point in entries.indices {
                let (before, after) = (forward[frame, point].position, backward[frame, point])
                merged[frame, point].position.replace(with: after.position, where: before .== 0)
                if before.x == 0 { merged[frame, point].visibility = after.visibility }
            }
        }
        return (forward, merged)
    }
}

import Media

extension CoTracker1 {
    /// A point to be followed through a clip, forward and backward.
    public struct Query: Sendable, Hashable {
        public var frame: Int
        /// In pixels of the frame; pixel centres at +0.5.
        public var position: SIMD2<Float>

        public init(frame: Int, position: SIMD2<Float>) { (self.frame, self.position) = (frame, position) }
    }

    /// Where all points are in all frames, in the order of the queries.
    public struct Tracks: Sendable {
        /// `points[frame][query]`; ids are the queries' indices.
        public var points: [[TrackedPoint]]
    }

    /// Follows points through a whole clip, with all queries known from the start. See `Options.referenceQuirks`.
    /// - Throws: `MediaError.frameOutOfRange` for a query in a frame that does not exist, `MediaError` when a frame cannot be decoded,
    ///   `CancellationError` between windows when the task is cancelled.
    public func track(_ queries: [Query], in video: FrameStore) throws -> Tracks {
        for query in queries where !(0..<video.frameCount).contains(query.frame) {
            throw MediaError.frameOutOfRange(index: query.frame, count: video.frameCount)
        }
        try Self.check(queries.map(\.position))
        guard let first = queries.map(\.frame).min(), let last = queries.map(\.frame).max() else {
            return Tracks(points: [[TrackedPoint]](repeating: [], count: video.frameCount))
        }
        if options.referenceQuirks { return tracks(try rawTracks(queries, in: video).merged, queries: queries, size: video.size) }

        let scale = scale(video.size)
        var merged = RawTracks(frames: video.frameCount, points: queries.count)
        // Each direction has the points that have frames left in it, and starts where the first of them does.
        func follow(_ direction: TimeDirection, from start: Int) throws {
            let end = direction == .forward ? video.frameCount - 1 : 0
            guard start != end else { return }
            let run = run(on: video, from: start, direction: direction)
            run.add(
                queries.enumerated().filter { $1.frame != end }.map {
                    .init(id: $0, time: abs($1.frame - start), position: scale.cells($1.position))
                })
            try collect(run, observer: nil) { time, query, outcome in
                let frame = start + direction.rawValue * time
                if (frame - queries[query].frame) * direction.rawValue > 0 { merged[frame, query] = outcome }
            }
        }
        try follow(.forward, from: first)
        try follow(.backward, from: last)
        var result = tracks(merged, queries: queries, size: video.size)
        for (index, query) in queries.enumerated() {
            result.points[query.frame][index] = TrackedPoint(
                id: index, position: query.position, confidence: 1, isVisible: video.size.contains(query.position))
        }
        return result
    }

    /// Positions in cells and visibility logits of all points in all frames; zeros where none have been computed.
    struct RawTracks {
        let points: Int
        var positions: [SIMD2<Float>]
        var visibility: [Float]
        var frames: Int { points == 0 ? 0 : positions.count / points }

        init(frames: Int, points: Int) {
            self.points = points
            positions = [SIMD2<Float>](repeating: .zero, count: frames * points)
            visibility = [Float](repeating: 0, count: frames * points)
        }

        subscript(frame: Int, point: Int) -> (position: SIMD2<Float>, visibility: Float) {
            get { (positions[frame * points + point], visibility[frame * points + point]) }
            set { (positions[frame * points + point], visibility[frame * points + point]) = newValue }
        }
    }

    /// What the reference computes: its forward run alone, and that with the backward run's results where coordinates are exactly 0. Support
    /// points follow the queries, grid by grid.
    func rawTracks(
        _ queries: [Query], in video: FrameStore, observer: CoTracker1Window.Observer? = nil
    ) throws -> (forward: RawTracks, merged: RawTracks) {
        let count = video.frameCount
        let grid = SupportGrid.coTracker1(side: options.supportGridSide, size: options.inputSize)
        let scale = scale(video.size)
        let stride = Float(variant.stride)
        var entries = queries.map { (time: $0.frame, position: scale.cells($0.position)) }
        for frame in Swift.stride(from: 0, to: count, by: options.supportGridInterval) {
            entries += grid.map { (frame, $0 / stride) }
        }
        func pass(_ direction: TimeDirection, observer: CoTracker1Window.Observer?) throws -> RawTracks {
            var result = RawTracks(frames: count, points: entries.count)
            func mirrored(_ frame: Int) -> Int { direction == .forward ? frame : count - 1 - frame }
            // Support points are given as points: backward, they are set in the same frames as forward.
            let run = CoTracker1Run(
                window: window, length: count, support: .init(grid: [], interval: 1, lifetime: nil), groupSize: Int.max
            ) { [processor] in try video.value(of: processor, at: mirrored($0)) }
            run.add(entries.enumerated().map { .init(id: $0, time: mirrored($1.time), position: $1.position) })
            try collect(run, observer: observer) { time, point, outcome in result[mirrored(time), point] = outcome }
            return result
        }
        let forward = try pass(.forward, observer: observer)
        let backward = try pass(.backward, observer: nil)
        var merged = forward
        for i in forward.positions.indices {
            let position = forward.positions[i]
            merged.positions[i].replace(with: backward.positions[i], where: position .== 0)
            if position.x == 0 { merged.visibility[i] = backward.visibility[i] }
        }
        return (forward, merged)
    }

    /// Computes all windows and reports what each says; later ones correct the frames they share with earlier ones.
    private func collect(
        _ run: CoTracker1Run, observer: CoTracker1Window.Observer?,
        _ body: (_ time: Int, _ query: Int, _ outcome: (position: SIMD2<Float>, visibility: Float)) -> Void
    ) throws {
        for start in run.windowStarts {
            try Task.checkCancellation()
            try run.compute(start, observer: observer)
            for time in start..<min(run.length, start + variant.window) {
                for (id, outcome) in run.outcomes(at: time) { body(time, id, outcome) }
            }
        }
    }

    private func tracks(_ raw: RawTracks, queries: [Query], size: ImageSize) -> Tracks {
        let scale = scale(size)
        return Tracks(
            points: (0..<raw.frames).map { frame in
                queries.indices.map { index in
                    let outcome = raw[frame, index]
                    let confidence = Self.probability(outcome.visibility)
                    let position = scale.position(outcome.position)
                    let isValid = position.x.isFinite && position.y.isFinite && confidence.isFinite
                    return TrackedPoint(
                        id: index, position: isValid ? position : queries[index].position, confidence: isValid ? confidence : 0,
                        isVisible: isValid && confidence > options.visibilityThreshold
                            && (options.referenceQuirks || size.contains(position)))
                }
            })
    }
}

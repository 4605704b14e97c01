import Inference
import Media
import NeuralGraph
import TensorFiles

/// What CoTracker 2 and 3 have in common as trackers: how frames become maps, support points, and whole clips as their authors' predictors
/// track them.
protocol VirtualTrackTracker: WindowTracker {
    var options: CoTrackerOptions { get }
    var processor: FeaturePyramidProcessor { get }
    /// - Parameter length: frames of the clip.
    func window(length: Int) -> any PointWindow
}

extension VirtualTrackTracker {
    /// How frames are brought to the network's input.
    static func frameInput(_ options: CoTrackerOptions) -> TrackerFrameInput {
        TrackerFrameInput(size: options.inputSize, resampling: options.isAntialiased ? .antialiased : .corners)
    }

    func scale(_ frame: ImageSize) -> CellScale {
        let stride = Float(processor.stride)
        let input = SIMD2(Float(options.inputSize.width), Float(options.inputSize.height))
        let size = SIMD2(Float(frame.width), Float(frame.height))
        if options.isAntialiased {
            let ratio = input / size
            return CellScale(cellsPerPixel: ratio / stride, origin: (ratio - 1) / 2 / stride)
        }
        // One pixel has no second corner.
        return CellScale(cellsPerPixel: (input - 1) / pointwiseMax(size - 1, SIMD2(1, 1)) / stride)
    }

    /// Support points in cells of the finest map.
    private var supportGrid: [SIMD2<Float>] {
        SupportGrid.coTracker3(side: options.supportGridSide, size: options.inputSize).map { $0 / Float(processor.stride) }
    }

    func run(on video: FrameStore, from frame: Int, direction: TimeDirection) -> WindowRun {
        let length = video.framesAfter(frame, direction) + 1
        return WindowRun(
            window: window(length: length), length: length, support: .init(grid: supportGrid, interval: nil, lifetime: nil),
            groupSize: options.groupSize
        ) { [processor] time in try video.value(of: processor, at: frame + direction.rawValue * time) }
    }

    func clipTracks(_ queries: [PointQuery], in video: FrameStore) throws -> PointTracks {
        guard options.referenceQuirks, !queries.isEmpty else { return try splitTracks(queries, in: video) }
        try check(queries, in: video)
        let scale = scale(video.size)
        let entries = queries.map { (time: $0.frame, position: scale.cells($0.position)) } + supportGrid.map { (0, $0) }
        var merged = try rawTracks(entries, in: video, direction: .forward)
        if queries.contains(where: { $0.frame > 0 }) {
            let backward = try rawTracks(entries, in: video, direction: .backward)
            for (index, query) in queries.enumerated() {
                for frame in 0..<query.frame { merged[frame, index] = backward[frame, index] }
            }
        }
        return tracks(merged, queries: queries, size: video.size, hidesOutside: false)
    }

    /// What the reference's network makes of a whole clip: all points take part in all windows.
    /// - Parameter entries: frames of the clip and positions in cells of the finest map.
    func rawTracks(
        _ entries: [(time: Int, position: SIMD2<Float>)], in video: FrameStore, direction: TimeDirection,
        observer: PointWindowObserver? = nil
    ) throws -> RawTracks {
        let count = video.frameCount
        func mirrored(_ frame: Int) -> Int { direction == .forward ? frame : count - 1 - frame }
        let run = WindowRun(
            window: window(length: count), length: count, support: .init(grid: [], interval: nil, lifetime: nil), groupSize: Int.max,
            awaitsAll: true
        ) { [processor] in try video.value(of: processor, at: mirrored($0)) }
        run.add(entries.enumerated().map { .init(id: $0, time: mirrored($1.time), position: $1.position) })
        var result = RawTracks(frames: count, points: entries.count)
        try run.computeAll(observer: observer) { time, point, state in result[mirrored(time), point] = state }
        return result
    }
}

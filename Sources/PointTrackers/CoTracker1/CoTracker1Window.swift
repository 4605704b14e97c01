import Dispatch
import Inference
import NeuralGraph
import TensorFiles

/// CoTracker 1 on one window of frames: estimates of all points in all of its frames, refined together.
///
/// Positions are in cells of the finest map, cell centres at whole numbers. Correlations and embeddings are computed here in float32, as they
/// need few operations on much memory; the transformer is a compiled network.
struct CoTracker1Window: Sendable {
    /// What a window starts from, for one point; arrays have one element for each frame.
    struct Start: Sendable {
        /// The point's features where it was queried.
        var template: [Float]
        var positions: [SIMD2<Float>]
        /// Logits.
        var visibility: [Float]
        /// 1 in frames that are new to the point and not before its query.
        var mask: [Float]
    }

    /// What comes out for one point.
    struct Outcome: Sendable {
        var positions: [SIMD2<Float>]
        /// Logits.
        var visibility: [Float]
    }

    /// Sees what each iteration starts from and results in; for tests. `tensors` are those of `CoTracker1Updater.model`.
    typealias Observer = (_ iteration: Int, _ starts: [Start], _ outcomes: [Outcome], _ tokens: Tensor, _ outputs: [String: Tensor]) -> Void

    let frames: Int
    let iterations: Int
    private let updater: CoTracker1Updater
    private let fingerprint: String
    private let library: NetworkLibrary
    private let tap: GraphTap?
    private let windows = CorrelationWindows(radius: 3, outside: .zeros, channels: FeatureEncoder.channels)
    /// Embeddings of the window's frames.
    private let times: [Float]

    private static let levels = 4
    private static let motionWidth = 130
    private static let channels = FeatureEncoder.channels
    private static let tokenWidth = CoTracker1Updater.tokenWidth

    /// - Parameter tap: nil but in tests.
    init(weights: Weights, frames: Int, iterations: Int, library: NetworkLibrary, tap: GraphTap? = nil) throws {
        updater = try CoTracker1Updater(weights)
        fingerprint = weights.source.fingerprint
        (self.frames, self.iterations, self.library, self.tap) = (frames, iterations, library, tap)
        times = (0..<frames).flatMap { SinusoidalEmbedding.position($0, dimension: Self.tokenWidth) }
    }

    private func network(slots: Int) throws -> any CompiledNetwork {
        try library.network("cotracker1-updater-1-\(fingerprint)-\(slots)-\(frames)\(tap == nil ? "" : "-tapped")") {
            try updater.model(points: slots, frames: frames, tap: tap ?? noGraphTap)
        }
    }

    /// - Parameter pyramids: one for each frame of the window.
    /// - Returns: one for each start.
    func callAsFunction(_ starts: [Start], pyramids: [FeaturePyramid], observer: Observer? = nil) throws -> [Outcome] {
        precondition(pyramids.count == frames && starts.allSatisfy { $0.positions.count == frames && $0.visibility.count == frames })
        guard !starts.isEmpty else { return [] }
        let slots = PointSlots.slots(for: starts.count)
        let network = try network(slots: slots)
        let count = starts.count
        var positions = starts.flatMap(\.positions)
        var tokens = Tensor(shape: [slots * frames, Self.tokenWidth])
        var features = Tensor(shape: [slots * frames, Self.channels]) { rows in
            rows.initialize(repeating: 0)
            for (i, start) in starts.enumerated() {
                for frame in 0..<frames { _ = rows[((i * frames + frame) * Self.channels)...].update(fromContentsOf: start.template) }
            }
        }
        let unused = Tensor(shape: [1, 1, 1, slots], (0..<slots).map { $0 < count ? 0 : CoTracker1Updater.unusedPoint })
        let places = placeEmbeddings(starts, map: pyramids[0].levels[0])
        var visibility: [Float] = []
        for iteration in 0..<iterations {
            write(&tokens, starts: starts, positions: positions, features: features, places: places, pyramids: pyramids)
            let outputs = try network(["tokens": tokens, "features": features, "unused": unused])
            guard let delta = outputs["delta"], let updated = outputs["updated"], let logits = outputs["visibility"] else {
                throw TrackerError.missingOutput("delta")
            }
            features = updated
            delta.withUnsafeBuffer { delta in
                for i in positions.indices { positions[i] += SIMD2(delta[2 * i], delta[2 * i + 1]) }
            }
            visibility = logits.withUnsafeBuffer { Array($0.prefix(count * frames)) }
            observer?(iteration, starts, outcomes(positions, visibility), tokens, outputs)
        }
        return outcomes(positions, visibility)
    }

    private func outcomes(_ positions: [SIMD2<Float>], _ visibility: [Float]) -> [Outcome] {
        stride(from: 0, to: positions.count, by: frames).map {
            Outcome(positions: Array(positions[$0..<($0 + frames)]), visibility: Array(visibility[$0..<($0 + frames)]))
        }
    }

    /// The embedding of each point's place at the window's start: rows of `tokenWidth`.
    ///
    /// The reference samples a table of cells. Half of a cell's numbers depend on its column alone, half on its row: a sample in one axis
    /// is the same.
    private func placeEmbeddings(_ starts: [Start], map: FeatureMap) -> [Float] {
        let half = Self.tokenWidth / 2
        func axis(_ length: Int) -> FeatureMap {
            FeatureMap(
                width: length, height: 1,
                rows: Tensor(shape: [length, half], (0..<length).flatMap { SinusoidalEmbedding.position($0, dimension: half) }))
        }
        let (columns, rows) = (axis(map.width), axis(map.height))
        return [Float](unsafeUninitializedCapacity: starts.count * Self.tokenWidth) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            for (i, start) in starts.enumerated() {
                let target = base + i * Self.tokenWidth
                columns.sampleClampingCells(SIMD2(start.positions[0].x, 0), into: target)
                rows.sampleClampingCells(SIMD2(start.positions[0].y, 0), into: target + half)
            }
            count = starts.count * Self.tokenWidth
        }
    }

    /// Writes the tokens of all points: motion since the window's start, correlations, features, mask and visibility, with the embeddings of
    /// place and time added.
    private func write(
        _ tokens: inout Tensor, starts: [Start], positions: [SIMD2<Float>], features: Tensor, places: [Float], pyramids: [FeaturePyramid]
    ) {
        let (frames, windows) = (frames, windows)
        let (correlations, flags) = (Self.motionWidth, Self.tokenWidth - 2)
        // The network was trained on masks and visibilities that are joined along the points and then read as pairs: the first half of the
        // points sees the masks of two points in turn, the second half their visibilities. What a point sees depends on the points' order.
        let states = starts.flatMap(\.mask) + starts.flatMap(\.visibility)
        tokens.withUnsafeMutableBuffer { tokens in
            features.withUnsafeBuffer { features in
                positions.withUnsafeBufferPointer { positions in
                    guard let tokens = tokens.baseAddress, let features = features.baseAddress, let start = positions.baseAddress else { return }
                    // Frame by frame: (point, frame) is row `point * frames + frame`.
                    let target = MutableStridedRows(base: tokens, stride: Self.tokenWidth)
                    let templates = StridedRows(base: features, stride: Self.channels)
                    let coordinates = StridedRows(base: UnsafeRawPointer(start).assumingMemoryBound(to: Float.self), stride: 2)
                    DispatchQueue.concurrentPerform(iterations: frames) { frame in
                        windows.correlate(
                            pyramids[frame], points: starts.count,
                            positions: StridedRows(base: coordinates[frame], stride: 2 * frames),
                            templates: StridedRows(base: templates[frame], stride: Self.channels * frames),
                            into: MutableStridedRows(base: target[frame] + correlations, stride: Self.tokenWidth * frames))
                        SinusoidalEmbedding.interleavedFrequencies.withUnsafeBufferPointer { frequencies in
                            guard let frequencies = frequencies.baseAddress else { return }
                            for i in starts.indices {
                                let token = target[i * frames + frame]
                                let (now, first) = (coordinates[i * frames + frame], coordinates[i * frames])
                                for axis in 0..<2 {
                                    let motion = now[axis] - first[axis]
                                    token[axis] = motion
                                    SinusoidalEmbedding.writeInterleaved(motion, frequencies: frequencies, into: token + 2 + 64 * axis)
                                }
                                (token + correlations + Self.levels * windows.count).update(from: templates[i * frames + frame], count: Self.channels)
                                token[flags] = states[2 * (i * frames + frame)]
                                token[flags + 1] = states[2 * (i * frames + frame) + 1]
                            }
                        }
                        places.withUnsafeBufferPointer { places in
                            times.withUnsafeBufferPointer { times in
                                for i in starts.indices {
                                    let token = target[i * frames + frame]
                                    for k in 0..<Self.tokenWidth {
                                        token[k] = (token[k] + places[i * Self.tokenWidth + k]) + times[frame * Self.tokenWidth + k]
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

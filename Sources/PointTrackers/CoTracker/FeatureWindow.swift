import Dispatch
import Inference
import NeuralGraph
import TensorFiles

/// CoTracker 1 or 2 on one window of frames: estimates of all points in all of its frames, refined together with the points' features.
///
/// Positions are in cells of the finest map, cell centres at whole numbers. Correlations and embeddings are computed here in float32, as
/// they need few operations on much memory; the transformer is a compiled network.
struct FeatureWindow: PointWindow {
    /// In what the networks differ, but for the transformer.
    struct Kind: Sendable {
        /// Part of the keys of compiled networks; names the transformer and its weights.
        var key: String
        var frames: Int
        var masksFramesPastEnd: Bool
        /// What templates, correlations and places read outside of the map.
        var outside: CorrelationWindows.Outside
        /// The network was trained on masks and visibilities that are joined along the points and then read as pairs: the first half of the
        /// points sees the masks of two points in turn, the second half their visibilities. What a point sees depends on the points' order.
        var pairsStates: Bool
        /// Embeddings of the window's frames.
        var times: [Float]
        /// Embeddings of the map's cells; nil: the sines and cosines of column and row.
        var places: FeatureMap?
        /// One iteration for a number of point slots. Inputs: `tokens` ((points frames) x 456), `features` ((points frames) x 128), both
        /// point by point, and `unused` (1 x 1 x 1 x points: 0, or `unusedPoint`). Outputs: `delta` ((points frames) x 2, cells), `updated`
        /// (the new features) and `visibility` ((points frames) x 1, logits).
        var model: @Sendable (_ points: Int) throws -> ONNXModel
    }

    static let tokenWidth = 456
    /// Added to the attention scores of slots without a point: their weight becomes exactly 0.
    static let unusedPoint: Float = -1e9

    var frames: Int { kind.frames }
    var step: Int { kind.frames / 2 }
    let initialVisibility: Float = 10
    var masksFramesPastEnd: Bool { kind.masksFramesPastEnd }
    private let kind: Kind
    private let iterations: Int
    private let library: NetworkLibrary
    private let windows: CorrelationWindows

    private static let levels = 4
    private static let motionWidth = 130
    private static let channels = FeatureEncoder.channels

    init(_ kind: Kind, iterations: Int, library: NetworkLibrary) {
        (self.kind, self.iterations, self.library) = (kind, iterations, library)
        windows = CorrelationWindows(radius: 3, outside: kind.outside, channels: Self.channels)
    }

    private func network(slots: Int) throws -> any CompiledNetwork {
        try library.network("\(kind.key)-\(slots)-\(frames)") { try kind.model(slots) }
    }

    func template(at position: SIMD2<Float>, in pyramid: FeaturePyramid) -> [Float] {
        let map = pyramid.levels[0]
        return [Float](unsafeUninitializedCapacity: map.channels) { buffer, count in
            if let base = buffer.baseAddress {
                kind.outside == .zeros ? map.sampleClampingCells(position, into: base) : map.sampleAtEdge(position, into: base)
            }
            count = map.channels
        }
    }

    func callAsFunction(_ starts: [PointWindowStart], pyramids: [FeaturePyramid], observer: PointWindowObserver?) throws -> [PointEstimate]
    {
        precondition(
            pyramids.count == frames
                && starts.allSatisfy { $0.estimate.positions.count == frames && $0.estimate.visibility.count == frames })
        guard !starts.isEmpty else { return [] }
        let slots = PointSlots.closeSlots(for: starts.count)
        let network = try network(slots: slots)
        let count = starts.count
        var positions = starts.flatMap(\.estimate.positions)
        var tokens = Tensor(shape: [slots * frames, Self.tokenWidth])
        var features = Tensor(shape: [slots * frames, Self.channels]) { rows in
            rows.initialize(repeating: 0)
            for (i, start) in starts.enumerated() {
                for frame in 0..<frames { _ = rows[((i * frames + frame) * Self.channels)...].update(fromContentsOf: start.template) }
            }
        }
        let unused = Tensor(shape: [1, 1, 1, slots], (0..<slots).map { $0 < count && starts[$0].isActive ? 0 : Self.unusedPoint })
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

    private func outcomes(_ positions: [SIMD2<Float>], _ visibility: [Float]) -> [PointEstimate] {
        stride(from: 0, to: positions.count, by: frames).map {
            PointEstimate(positions: Array(positions[$0..<($0 + frames)]), visibility: Array(visibility[$0..<($0 + frames)]))
        }
    }

    /// The embedding of each point's place at the window's start: rows of `tokenWidth`.
    ///
    /// The reference samples a table of cells. Half of a cell's numbers depend on its column alone, half on its row: a sample in one axis
    /// is the same.
    private func placeEmbeddings(_ starts: [PointWindowStart], map: FeatureMap) -> [Float] {
        let half = Self.tokenWidth / 2
        func axis(_ length: Int) -> FeatureMap {
            FeatureMap(
                width: length, height: 1,
                rows: Tensor(shape: [length, half], (0..<length).flatMap { SinusoidalEmbedding.position($0, dimension: half) }))
        }
        let axes = kind.places == nil ? (columns: axis(map.width), rows: axis(map.height)) : nil
        return [Float](unsafeUninitializedCapacity: starts.count * Self.tokenWidth) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            for (i, start) in starts.enumerated() {
                let target = base + i * Self.tokenWidth
                let position = start.estimate.positions[0]
                axes?.columns.sampleClampingCells(SIMD2(position.x, 0), into: target)
                axes?.rows.sampleClampingCells(SIMD2(position.y, 0), into: target + half)
                kind.places?.sampleAtEdge(position, into: target)
            }
            count = starts.count * Self.tokenWidth
        }
    }

    /// Writes the tokens of all points: motion since the window's start, correlations, features, mask and visibility, with the embeddings
    /// of place and time added.
    private func write(
        _ tokens: inout Tensor, starts: [PointWindowStart], positions: [SIMD2<Float>], features: Tensor, places: [Float],
        pyramids: [FeaturePyramid]
    ) {
        let (frames, windows, times) = (frames, windows, kind.times)
        let (correlations, flags) = (Self.motionWidth, Self.tokenWidth - 2)
        // Two numbers for each point in each frame.
        let (masks, visibilities) = (starts.flatMap(\.mask), starts.flatMap(\.estimate.visibility))
        let states = kind.pairsStates ? masks + visibilities : zip(masks, visibilities).flatMap { [$0, $1] }
        tokens.withUnsafeMutableBuffer { tokens in
            features.withUnsafeBuffer { features in
                positions.withUnsafeBufferPointer { positions in
                    guard let tokens = tokens.baseAddress, let features = features.baseAddress, let start = positions.baseAddress else {
                        return
                    }
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
                                (token + correlations + Self.levels * windows.count).update(
                                    from: templates[i * frames + frame], count: Self.channels)
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

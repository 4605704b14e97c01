import Dispatch
import Foundation
import Inference
import NeuralGraph
import TensorFiles

/// CoTracker 3 on one window of frames: estimates of all points in all of its frames, refined together.
///
/// Positions are in cells of the finest map, cell centres at whole numbers.
struct CoTracker3Window: PointWindow {
    let frames: Int
    let step: Int
    let initialVisibility: Float = 0
    let masksFramesPastEnd = false
    private let network: Network
    /// Embeddings of the window's frames.
    private let times: [Float]

    /// What does not depend on the number of frames.
    struct Network: Sendable {
        fileprivate let correlation: CoTracker3Correlation
        fileprivate let updater: CoTracker3Updater
        /// The trained window's frames x 1110.
        let timeTable: Tensor
        fileprivate let fingerprint: String
        fileprivate let iterations: Int
        fileprivate let library: NetworkLibrary
        fileprivate let tap: GraphTap?

        /// - Parameters:
        ///   - weights: those at the root.
        ///   - tap: nil but in tests.
        init(_ weights: Weights, iterations: Int, library: NetworkLibrary, tap: GraphTap?) throws {
            timeTable = try TimeTable.read(weights, width: CoTracker3Updater.tokenWidth, example: 16)
            correlation = try CoTracker3Correlation(weights["corr_mlp"], library: library)
            updater = try CoTracker3Updater(weights["updateformer"])
            (fingerprint, self.iterations, self.library, self.tap) = (weights.source.fingerprint, iterations, library, tap)
        }
    }

    private static let tokenWidth = CoTracker3Updater.tokenWidth
    /// Where a token's correlations begin, behind visibility and confidence.
    private static let correlations = 2
    private static let motions = correlations + CoTracker3Correlation.levels * CoTracker3Correlation.width
    private static let octaves = 10
    /// Motions are told in widths and heights of the maps in training, whatever the input's size: 512 x 384 pixels at stride 4.
    private static let motionUnit = SIMD2<Float>(128, 96)

    init(_ network: Network, frames: Int, step: Int) {
        (self.network, self.frames, self.step) = (network, frames, step)
        times = TimeTable.stretched(network.timeTable, to: frames)
    }

    func template(at position: SIMD2<Float>, in pyramid: FeaturePyramid) -> [Float] {
        CoTracker3Correlation.template(at: position, in: pyramid)
    }

    func callAsFunction(_ starts: [PointWindowStart], pyramids: [FeaturePyramid], observer: PointWindowObserver?) throws -> [PointEstimate]
    {
        precondition(pyramids.count == frames && starts.allSatisfy { $0.estimate.positions.count == frames })
        guard !starts.isEmpty else { return [] }
        let slots = PointSlots.closeSlots(for: starts.count)
        let updater = try network.library.network(
            "cotracker3-updater-3-\(network.fingerprint)-\(slots)-\(frames)\(network.tap == nil ? "" : "-tapped")"
        ) { try network.updater.model(points: slots, frames: frames, tap: network.tap ?? noGraphTap) }
        // Points that are queried after the window take part where they are given at all: the reference has them attended to.
        let unused = Tensor(shape: [1, 1, 1, slots], (0..<slots).map { $0 < starts.count ? 0 : FeatureWindow.unusedPoint })
        let templates = starts.map(\.template)
        var positions = starts.flatMap(\.estimate.positions)
        var visibility = starts.flatMap(\.estimate.visibility)
        var confidence = starts.flatMap(\.estimate.confidence)
        var tokens = Tensor(shape: [slots * frames, Self.tokenWidth])
        for iteration in 0..<network.iterations {
            try tokens.withUnsafeMutableBuffer { tokens in
                guard let base = tokens.baseAddress else { return }
                let rows = MutableStridedRows(base: base, stride: Self.tokenWidth)
                let correlations = MutableStridedRows(base: base + Self.correlations, stride: Self.tokenWidth)
                try network.correlation.write(templates: templates, positions: positions, pyramids: pyramids, into: correlations)
                finish(rows, positions: positions, visibility: visibility, confidence: confidence)
            }
            let outputs = try updater(["tokens": tokens, "unused": unused])
            guard let delta = outputs["delta"] else { throw TrackerError.missingOutput("delta") }
            delta.withUnsafeBuffer { delta in
                for i in positions.indices {
                    positions[i] += SIMD2(delta[4 * i], delta[4 * i + 1])
                    visibility[i] += delta[4 * i + 2]
                    confidence[i] += delta[4 * i + 3]
                }
            }
            observer?(iteration, starts, estimates(positions, visibility, confidence), tokens, outputs)
        }
        return estimates(positions, visibility, confidence)
    }

    private func estimates(_ positions: [SIMD2<Float>], _ visibility: [Float], _ confidence: [Float]) -> [PointEstimate] {
        stride(from: 0, to: positions.count, by: frames).map {
            let range = $0..<($0 + frames)
            return PointEstimate(
                positions: Array(positions[range]), visibility: Array(visibility[range]), confidence: Array(confidence[range]))
        }
    }

    /// Writes all of the tokens but the correlations, and adds the embeddings of time.
    private func finish(_ rows: MutableStridedRows, positions: [SIMD2<Float>], visibility: [Float], confidence: [Float]) {
        let frames = frames
        DispatchQueue.concurrentPerform(iterations: positions.count / frames) { point in
            for frame in 0..<frames {
                let i = point * frames + frame
                let token = rows[i]
                (token[0], token[1]) = (visibility[i], confidence[i])
                let forward = frame + 1 < frames ? (positions[i] - positions[i + 1]) / Self.motionUnit : .zero
                let backward = frame > 0 ? (positions[i] - positions[i - 1]) / Self.motionUnit : .zero
                withUnsafeTemporaryAllocation(of: Float.self, capacity: 4) { motion in
                    (motion[0], motion[1], motion[2], motion[3]) = (forward.x, forward.y, backward.x, backward.y)
                    SinusoidalEmbedding.writeOctaves(UnsafeBufferPointer(motion), scales: Self.octaves, into: token + Self.motions)
                }
                times.withUnsafeBufferPointer { times in
                    for k in 0..<Self.tokenWidth { token[k] += times[frame * Self.tokenWidth + k] }
                }
            }
        }
    }
}

import Foundation
import Inference
import NeuralGraph
import TensorFiles

/// Follows points through windows of 8 frames by iterations of the mixer.
final class PIPsWindow: Sendable {
    /// Points of one run of the network. More take several runs.
    private static let largestGroup = 512

    let mixer: PIPsMixer
    let iterations: Int
    private let key: String
    private let library: NetworkLibrary

    /// Positions need float32: a rounded displacement has another embedding altogether.
    init(mixer: PIPsMixer, fingerprint: String, engine: any InferenceEngine, iterations: Int) {
        self.mixer = mixer
        self.iterations = iterations
        key = "pips-mixer-1-\(fingerprint)"
        library = NetworkLibrary(engine: engine, precision: .float32)
    }

    /// A point and what becomes of it.
    struct Point: Sendable {
        /// In the window's first frame, in cells of the finest map.
        var position: SIMD2<Float>
        /// 128 numbers.
        var template: [Float]
    }

    struct Path: Sendable {
        /// In the 8 frames; the first is the given one.
        var positions: [SIMD2<Float>]
        /// Logits.
        var visibility: [Float]
    }

    /// Called after every iteration with the tokens it read, its outputs, and the positions after it (points x 8 x 2, in cells).
    typealias Observer = (_ iteration: Int, _ tokens: Tensor, _ outputs: [String: Tensor], _ positions: [Float]) -> Void

    /// - Parameter frames: the features of the window's 8 frames; beyond the video's end its last frame again.
    func follow(_ points: [Point], through frames: [FeaturePyramid], observer: Observer? = nil) throws -> [Path] {
        precondition(frames.count == PIPsMixer.frames)
        var paths: [Path] = []
        paths.reserveCapacity(points.count)
        for start in stride(from: 0, to: points.count, by: Self.largestGroup) {
            let group = points[start..<min(points.count, start + Self.largestGroup)]
            paths += try follow(group: Array(group), through: frames, observer: observer)
        }
        return paths
    }

    private func follow(group: [Point], through frames: [FeaturePyramid], observer: Observer?) throws -> [Path] {
        let length = PIPsMixer.frames
        let slots = PointSlots.fineSlots(for: group.count)
        let network = try library.network("\(key)-\(slots)") { try mixer.model(count: slots) }
        var positions = group.flatMap { point in (0..<length).flatMap { _ in [point.position.x, point.position.y] } }
        var features = Tensor(shape: [slots, length, PIPsMixer.channels]) { target in
            target.initialize(repeating: 0)
            for (i, point) in group.enumerated() {
                for frame in 0..<length {
                    for (channel, value) in point.template.prefix(PIPsMixer.channels).enumerated() {
                        target[(i * length + frame) * PIPsMixer.channels + channel] = value
                    }
                }
            }
        }
        var visibility: [Float] = []
        for iteration in 0..<iterations {
            let tokens = Self.tokens(slots: slots, count: group.count, positions: positions, features: features, frames: frames)
            let outputs = try network(["tokens": tokens])
            features = try outputs.named("features")
            visibility = try outputs.named("visibility").values
            try outputs.named("change").withUnsafeBuffer { change in
                // The first frame's position is given.
                for i in positions.indices where i / 2 % length != 0 { positions[i] += change[i] }
            }
            observer?(iteration, tokens, outputs, positions)
        }
        return group.indices.map { i in
            let rows = (i * length)..<((i + 1) * length)
            return Path(positions: rows.map { SIMD2(positions[2 * $0], positions[2 * $0 + 1]) }, visibility: rows.map { visibility[$0] })
        }
    }

    private static let windows = CorrelationWindows(radius: 3, outside: .zeros, channels: PIPsMixer.channels)
    /// The time's part of a token, one for each frame: from 0 to 8 in 8 steps, ends included.
    private static let times = (0..<PIPsMixer.frames).map { Float($0) * Float(PIPsMixer.frames) / Float(PIPsMixer.frames - 1) }
    private static let embeddedTimes = SinusoidalEmbedding.interleaved(times)

    /// Features, correlations, and the embeddings of displacement and time.
    /// - Parameters:
    ///   - positions: points x 8 x 2.
    ///   - features: slots x 8 x 128.
    static func tokens(slots: Int, count: Int, positions: [Float], features: Tensor, frames: [FeaturePyramid]) -> Tensor {
        let (length, channels, width) = (PIPsMixer.frames, PIPsMixer.channels, PIPsMixer.tokenWidth)
        let embedding = channels + PIPsMixer.correlations
        let times = times, embeddedTimes = embeddedTimes
        return Tensor(shape: [slots, length, width]) { target in
            guard let target = target.baseAddress else { return }
            (target + count * length * width).initialize(repeating: 0, count: (slots - count) * length * width)
            positions.withUnsafeBufferPointer { positions in
                features.withUnsafeBuffer { features in
                    SinusoidalEmbedding.interleavedFrequencies.withUnsafeBufferPointer { frequencies in
                        guard let positions = positions.baseAddress, let features = features.baseAddress,
                            let frequencies = frequencies.baseAddress
                        else { return }
                        inParallelChunks(count, smallest: 8) { points in
                            for (frame, pyramid) in frames.enumerated() {
                                let first = points.lowerBound * length + frame
                                windows.correlate(
                                    pyramid, points: points.count, positions: StridedRows(base: positions + 2 * first, stride: 2 * length),
                                    templates: StridedRows(base: features + channels * first, stride: channels * length),
                                    into: MutableStridedRows(base: target + width * first + channels, stride: width * length))
                            }
                            for row in (points.lowerBound * length)..<(points.upperBound * length) {
                                let token = target + row * width
                                token.update(from: features + row * channels, count: channels)
                                let (frame, origin) = (row % length, row - row % length)
                                let x = positions[2 * row] - positions[2 * origin]
                                let y = positions[2 * row + 1] - positions[2 * origin + 1]
                                SinusoidalEmbedding.writeInterleaved(x, frequencies: frequencies, into: token + embedding)
                                SinusoidalEmbedding.writeInterleaved(y, frequencies: frequencies, into: token + embedding + 64)
                                for i in 0..<64 { token[embedding + 128 + i] = embeddedTimes[64 * frame + i] }
                                (token[width - 3], token[width - 2], token[width - 1]) = (x, y, times[frame])
                            }
                        }
                    }
                }
            }
        }
    }
}

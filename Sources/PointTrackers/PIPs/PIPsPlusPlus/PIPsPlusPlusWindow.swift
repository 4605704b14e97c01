import Foundation
import Inference
import NeuralGraph
import TensorFiles

/// Follows points through one window of up to 128 frames by iterations of PIPs++.
final class PIPsPlusPlusWindow: Sendable {
    /// Rows (points times frames) of one run of the network, about. More take several runs.
    private static let rowsOfRun = 8192

    let iterations: Int
    private let network: PIPsPlusPlusNetwork
    private let key: String
    private let library: NetworkLibrary

    /// Positions need float32.
    init(network: PIPsPlusPlusNetwork, fingerprint: String, engine: any InferenceEngine, iterations: Int) {
        self.network = network
        self.iterations = iterations
        key = "pips-plus-plus-1-\(fingerprint)"
        library = NetworkLibrary(engine: engine, precision: .float32)
    }

    /// What a point is compared with: its first appearance (128 numbers), and for every frame that of two and four frames before (frames x
    /// 128).
    struct Templates: Sendable {
        let first: [Float]
        var second, fourth: [Float]

        /// - Parameter template: 128 numbers, for all frames.
        init(_ template: [Float], frames: Int) {
            first = template
            second = (0..<frames).flatMap { _ in template }
            fourth = second
        }

        /// Those of the first `frames` frames; the last one again where there are fewer.
        func cut(_ frames: Int) -> Templates {
            let channels = PIPsPlusPlusNetwork.channels
            func cut(_ rows: [Float]) -> [Float] {
                let kept = Array(rows.prefix(frames * channels))
                return kept + (0..<(frames - kept.count / channels)).flatMap { _ in kept.suffix(channels) }
            }
            var result = self
            (result.second, result.fourth) = (cut(second), cut(fourth))
            return result
        }
    }

    struct Point: Sendable {
        /// x and y in every frame of the window, in cells; those of the first one stay.
        var positions: [Float]
        var templates: Templates
    }

    /// Called after every iteration with the tokens it read, the change it made, and the positions before the first frame's is put back
    /// (points x frames x 2, in cells).
    typealias Observer = (_ iteration: Int, _ tokens: Tensor, _ change: Tensor, _ positions: [Float]) -> Void

    /// - Parameter frames: the features of the window's frames, 2 or more.
    func follow(_ points: inout [Point], through frames: [FeaturePyramid], observer: Observer? = nil) throws {
        precondition(frames.count > 1 && points.allSatisfy { $0.positions.count == 2 * frames.count })
        // Windows of few lengths, so that few networks are compiled.
        let length = frames.count <= 4 ? 4 : frames.count <= 8 ? 8 : (frames.count + 15) / 16 * 16
        let group = max(16, Self.rowsOfRun / length)
        for start in stride(from: 0, to: points.count, by: group) {
            try follow(&points[start..<min(points.count, start + group)], through: frames, length: length, observer: observer)
        }
    }

    private func follow(
        _ points: inout ArraySlice<Point>, through frames: [FeaturePyramid], length: Int, observer: Observer?
    ) throws {
        let slots = PointSlots.fineSlots(for: points.count)
        let compiled = try library.network("\(key)-\(slots)x\(length)") { try network.model(count: slots, length: length) }
        let real = (0..<length).map { $0 < frames.count ? Float(1) : 0 }
        var inputs = [
            "real": Tensor(shape: [1, 1, 1, length], real),
            "shares": Tensor(shape: [1, 1, 1, length], real.map { $0 / Float(frames.count) }),
        ]
        for iteration in 0..<iterations {
            if iteration > 0 {
                for i in points.indices {
                    let positions = points[i].positions
                    points[i].templates.second = Self.appearance(before: 2, positions, frames)
                    points[i].templates.fourth = Self.appearance(before: 4, positions, frames)
                }
            }
            let tokens = Self.tokens(Array(points), slots: slots, length: length, frames: frames)
            inputs["tokens"] = tokens
            let change = try compiled(inputs).named("change")
            var moved: [Float] = []
            change.withUnsafeBuffer { change in
                for (row, i) in points.indices.enumerated() {
                    let (x, y) = (points[i].positions[0], points[i].positions[1])
                    for k in points[i].positions.indices { points[i].positions[k] += change[2 * row * length + k] }
                    if observer != nil { moved += points[i].positions }
                    (points[i].positions[0], points[i].positions[1]) = (x, y)
                }
            }
            observer?(iteration, tokens, change, moved)
        }
    }

    /// A point's appearance a number of frames before each frame (in the first one where there is none): frames x 128.
    private static func appearance(before back: Int, _ positions: [Float], _ frames: [FeaturePyramid]) -> [Float] {
        let channels = PIPsPlusPlusNetwork.channels
        return [Float](unsafeUninitializedCapacity: frames.count * channels) { rows, count in
            count = frames.count * channels
            guard let rows = rows.baseAddress else { return }
            for frame in frames.indices {
                let earlier = max(0, frame - back)
                let position = SIMD2(positions[2 * earlier], positions[2 * earlier + 1])
                frames[earlier].levels[0].sampleClampingCells(position, into: rows + frame * channels)
            }
        }
    }

    private static let windows = CorrelationWindows(radius: 3, outside: .zeros, channels: PIPsPlusPlusNetwork.channels)

    /// Correlations with the three templates, and the embedding of the step to the next frame.
    static func tokens(_ points: [Point], slots: Int, length: Int, frames: [FeaturePyramid]) -> Tensor {
        let width = PIPsPlusPlusNetwork.tokenWidth
        return Tensor(shape: [slots, length, width]) { target in
            target.initialize(repeating: 0)
            guard let target = target.baseAddress else { return }
            inParallelChunks(points.count, smallest: 1) { range in
                for i in range { write(points[i], frames, to: target + i * length * width) }
            }
        }
    }

    /// The tokens of one point, frame by frame.
    private static func write(_ point: Point, _ frames: [FeaturePyramid], to target: UnsafeMutablePointer<Float>) {
        let (channels, width) = (PIPsPlusPlusNetwork.channels, PIPsPlusPlusNetwork.tokenWidth)
        let correlations = PIPsPlusPlusNetwork.correlations
        point.positions.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            for (kind, templates) in [point.templates.first, point.templates.second, point.templates.fourth].enumerated() {
                templates.withUnsafeBufferPointer { templates in
                    guard let templates = templates.baseAddress else { return }
                    let rowWidth = kind == 0 ? 0 : channels
                    for (frame, pyramid) in frames.enumerated() {
                        windows.correlate(
                            pyramid, points: 1, positions: StridedRows(base: positions + 2 * frame, stride: 2),
                            templates: StridedRows(base: templates + frame * rowWidth, stride: rowWidth),
                            into: MutableStridedRows(base: target + frame * width + kind * correlations / 3, stride: width))
                    }
                }
            }
            for frame in frames.indices {
                let from = positions + 2 * min(frame, frames.count - 2)
                let embedding = target + frame * width + correlations
                for axis in 0..<2 {
                    let step = from[2 + axis] - from[axis]
                    writeGeometric(step, to: embedding + 64 * axis)
                    embedding[128 + axis] = step
                }
            }
        }
    }

    private static let frequencies = (0..<32).map { Float(pow(10000, -Double($0) / 31)) }

    /// `SinusoidalEmbedding.geometric` without an array.
    private static func writeGeometric(_ value: Float, to target: UnsafeMutablePointer<Float>) {
        frequencies.withUnsafeBufferPointer { frequencies in
            for k in 0..<32 {
                let angle = value * frequencies[k]
                (target[k], target[32 + k]) = (sin(angle), cos(angle))
            }
        }
    }
}

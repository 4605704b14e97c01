import Dispatch
import Inference
import NeuralGraph
import TensorFiles

/// How the surroundings of points in each frame match those of their queries: for every level of the pyramid, all products of the samples
/// of both patches, as 256 learned numbers.
struct CoTracker3Correlation: Sendable {
    static let levels = 4
    /// Learned numbers of a level.
    static let width = 256
    static let patches = FeaturePatches(radius: 3)
    /// Numbers of a point's patches on all levels.
    static let templateCount = levels * patches.count * FeatureEncoder.channels

    private static let channels = FeatureEncoder.channels
    /// Pairs of point and frame that are computed together: as many as fit the processor's caches.
    private static let batch = 256

    private let fc1, fc2: Linear
    private let fingerprint: String
    private let library: NetworkLibrary

    /// - Parameter weights: those at `corr_mlp`.
    init(_ weights: Weights, library: NetworkLibrary) throws {
        let products = Self.patches.count * Self.patches.count
        fc1 = try Linear(weights["fc1"], from: products, to: VirtualTrackTransformer.width)
        fc2 = try Linear(weights["fc2"], from: VirtualTrackTransformer.width, to: Self.width)
        (fingerprint, self.library) = (weights.source.fingerprint, library)
    }

    /// The patches of all levels around a query.
    static func template(at position: SIMD2<Float>, in pyramid: FeaturePyramid) -> [Float] {
        [Float](unsafeUninitializedCapacity: templateCount) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            for (level, map) in pyramid.levels.enumerated() {
                patches.write(map, at: position / Float(1 << level), into: base + level * patches.count * channels)
            }
            count = templateCount
        }
    }

    /// Inputs: `patches` (points x (frames 49) x 128), `templates` (points x 49 x 128). Output: `embedding` ((points frames) x 256).
    private func model(points: Int, frames: Int) throws -> ONNXModel {
        let graph = Graph("cotracker3-correlation")
        let count = Self.patches.count
        let patches = graph.input("patches", shape: [points, frames * count, Self.channels])
        let templates = graph.input("templates", shape: [points, count, Self.channels])
        let products = patches.matmul(templates.transposed()).reshaped([points * frames, count * count])
        graph.output("embedding", fc2(fc1(products).gelu()))
        return try graph.model()
    }

    /// - Parameters:
    ///   - templates: of each point, see `template(at:in:)`.
    ///   - positions: in cells of the finest map, point by point, each in all frames.
    ///   - pyramids: one for each frame.
    ///   - target: takes 4 x 256 numbers for each point in each frame.
    func write(templates: [[Float]], positions: [SIMD2<Float>], pyramids: [FeaturePyramid], into target: MutableStridedRows) throws {
        let frames = pyramids.count
        let size = Self.patches.count * Self.channels
        let batch = min(max(1, Self.batch / frames), PointSlots.slots(for: templates.count))
        let network = try library.network("cotracker3-correlation-1-\(fingerprint)-\(batch)-\(frames)") {
            try model(points: batch, frames: frames)
        }
        // Slots beyond the last point keep what was there: points do not see each other here.
        var patches = Tensor(shape: [batch, frames * Self.patches.count, Self.channels])
        var references = Tensor(shape: [batch, Self.patches.count, Self.channels])
        for first in stride(from: 0, to: templates.count, by: batch) {
            let points = first..<min(templates.count, first + batch)
            for level in 0..<Self.levels {
                references.withUnsafeMutableBuffer { references in
                    guard let base = references.baseAddress else { return }
                    for point in points {
                        templates[point].withUnsafeBufferPointer { template in
                            guard let template = template.baseAddress else { return }
                            (base + (point - first) * size).update(from: template + level * size, count: size)
                        }
                    }
                }
                patches.withUnsafeMutableBuffer { patches in
                    guard let base = patches.baseAddress else { return }
                    let rows = MutableStridedRows(base: base, stride: size)
                    positions.withUnsafeBufferPointer { positions in
                        // Read alone, by all threads.
                        nonisolated(unsafe) let positions = positions
                        DispatchQueue.concurrentPerform(iterations: points.count) { i in
                            for frame in 0..<frames {
                                Self.patches.write(
                                    pyramids[frame].levels[level], at: positions[(first + i) * frames + frame] / Float(1 << level),
                                    into: rows[i * frames + frame])
                            }
                        }
                    }
                }
                let outputs = try network(["patches": patches, "templates": references])
                guard let embedding = outputs["embedding"] else { throw TrackerError.missingOutput("embedding") }
                embedding.withUnsafeBuffer { embedding in
                    guard let base = embedding.baseAddress else { return }
                    for row in 0..<(points.count * frames) {
                        (target[first * frames + row] + level * Self.width).update(from: base + row * Self.width, count: Self.width)
                    }
                }
            }
        }
    }
}

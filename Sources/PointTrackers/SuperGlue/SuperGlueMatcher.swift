import Inference
import Media
import NeuralGraph
import TensorFiles

/// Matches key points of two pictures with SuperGlue.
struct SuperGlueMatcher: Sendable {
    private let network: SuperGlue
    private let transport: OptimalTransport
    private let threshold: Float
    private let fingerprint: String
    private let library: NetworkLibrary
    /// For what needs float32, whatever the precision of the rest.
    private let exact: NetworkLibrary
    private let tap: GraphTap?

    /// - Parameter tap: nil but in tests.
    init(
        weights: Weights, iterations: Int, threshold: Float, engine: any InferenceEngine, precision: Precision, tap: GraphTap? = nil
    ) throws {
        network = try SuperGlue(weights)
        transport = OptimalTransport(iterations: iterations)
        (self.threshold, self.tap, fingerprint) = (threshold, tap, weights.fingerprint)
        library = NetworkLibrary(engine: engine, precision: precision)
        exact = precision == .float32 ? library : NetworkLibrary(engine: engine, precision: .float32)
    }

    /// Counts of key points that networks are compiled for: 64, 96, 128, 192, 256, ... Far fewer than those of points, as key points of
    /// every frame differ in number, and every network has 48 MB of weights.
    static func slots(for count: Int) -> Int {
        var slots = 64
        while slots < count { slots = slots.nonzeroBitCount == 1 ? slots / 2 * 3 : slots / 3 * 4 }
        return slots
    }

    func callAsFunction(_ first: Keypoints, _ second: Keypoints) throws -> KeypointMatches {
        guard first.count > 0, second.count > 0 else { return KeypointMatches(first: first.count, second: second.count) }
        return try match(first, second).matches
    }

    /// - Precondition: both have key points.
    /// - Returns: also the networks' outputs.
    func match(_ first: Keypoints, _ second: Keypoints) throws -> (matches: KeypointMatches, outputs: [String: Tensor]) {
        let slots = Self.slots(for: max(first.count, second.count))
        let suffix = "\(fingerprint)-\(slots)\(tap == nil ? "" : "-tapped")"
        let describer = try library.network("superglue-1-\(suffix)") { try network.model(slots: slots, tap: tap ?? noGraphTap) }
        let described = try describer(Self.inputs(first, second, slots: slots))
        let scorer = try exact.network("superglue-scores-1-\(suffix)") { try network.scoreModel(slots: slots, tap: tap ?? noGraphTap) }
        let scored = try scorer(["described": try described.named("described")])
        let plan = transport(try scored.named("scores"), bin: network.binScore, rows: first.count, columns: second.count)
        return (KeypointMatches(plan: plan, threshold: threshold), described.merging(scored) { $1 })
    }

    private static func inputs(_ first: Keypoints, _ second: Keypoints, slots: Int) -> [String: Tensor] {
        let both = [first, second]
        let width = SuperGlue.width
        return [
            "keypoints": Tensor(shape: [2, slots, 3]) { target in
                target.update(repeating: 0)
                for (picture, keypoints) in both.enumerated() {
                    let size = SIMD2(Float(keypoints.image.width), Float(keypoints.image.height))
                    let scale = size.max() * 0.7
                    for (i, position) in keypoints.positions.enumerated() {
                        let normalized = (position - size / 2) / scale
                        let row = 3 * (picture * slots + i)
                        (target[row], target[row + 1], target[row + 2]) = (normalized.x, normalized.y, keypoints.scores[i])
                    }
                }
            },
            "descriptors": Tensor(shape: [2, slots, width]) { target in
                target.update(repeating: 0)
                for (picture, keypoints) in both.enumerated() {
                    keypoints.descriptors.withUnsafeBuffer { _ = target[(picture * slots * width)...].update(fromContentsOf: $0) }
                }
            },
            "unused": Tensor(
                shape: [2, 1, 1, slots], both.flatMap { keypoints in (0..<slots).map { $0 < keypoints.count ? 0 : SuperGlue.unusedSlot } }),
        ]
    }
}

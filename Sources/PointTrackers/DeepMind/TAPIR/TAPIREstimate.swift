import Foundation

/// TAPIR's estimate of one point in one frame.
struct TAPIREstimate: Sendable, Equatable {
    /// In pixels of the network's input.
    var position: SIMD2<Float>
    /// Logits: that the point is hidden, and that the position is off.
    var occlusion: Float
    var expectedDistance: Float

    /// (1 - probability of being hidden) (1 - probability of being off).
    var confidence: Float {
        1 / ((1 + Self.exponential(occlusion)) * (1 + Self.exponential(expectedDistance)))
    }

    private static func exponential(_ x: Float) -> Float { exp(x) }
}

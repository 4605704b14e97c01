/// A point to follow: TAPIR's description of it, from its query frame alone.
struct TAPIRQuery: Sendable {
    var frame: Int
    /// In pixels of the network's input.
    var position: SIMD2<Float>
    /// Of the map of stride 4, then of the map of stride 8.
    var features: [Float]
}

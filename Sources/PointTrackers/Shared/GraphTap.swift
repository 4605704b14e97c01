import NeuralGraph

/// Receives intermediate results while a network is traced, by the name that the reference data has for them. The value is made only for
/// those who ask for it.
typealias GraphTap = @Sendable (_ name: String, _ value: @escaping () -> Value) -> Void

/// For a network nobody looks into.
@Sendable func noGraphTap(_ name: String, _ value: @escaping () -> Value) {}

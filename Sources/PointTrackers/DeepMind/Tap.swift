import NeuralGraph

/// Receives intermediate results while a network is traced, by the name that the reference data has for them. The value is made
/// only for those who ask for it.
typealias Tap = (_ name: String, _ value: @escaping () -> Value) -> Void

/// For a network nobody looks into.
func noTap(_ name: String, _ value: @escaping () -> Value) {}

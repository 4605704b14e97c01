/// Receives intermediate results while a network is traced, by the name that its reference data has for them. The value is made only for
/// those who ask for it.
public typealias GraphTap = @Sendable (_ name: String, _ value: @escaping () -> Value) -> Void

/// For a network nobody looks into.
@Sendable public func noGraphTap(_ name: String, _ value: @escaping () -> Value) {}

import TensorFiles

// Further functions of one value.
extension Value {
    private func function(_ operation: String, _ attributes: [Attribute] = []) -> Value {
        precondition(type == .float32, "\(operation) of \(type)")
        return graph.node(operation, [self], shape: shape, type: type, attributes: attributes)
    }

    public func sin() -> Value { function("Sin") }
    public func cos() -> Value { function("Cos") }
    /// The Gauss error function.
    public func erf() -> Value { function("Erf") }
    /// `ln(1 + exp x)`.
    public func softplus() -> Value { function("Softplus") }
    /// To the nearest integer, halves to even.
    public func rounded() -> Value { function("Round") }
    public func sign() -> Value { function("Sign") }
    public func leakyRelu(_ slope: Float) -> Value { function("LeakyRelu", [.float("alpha", slope)]) }
    public func hardSwish() -> Value { function("HardSwish") }
    /// `x sigmoid(x)`, also called swish.
    public func silu() -> Value { self * sigmoid() }
    /// GELU with the hyperbolic tangent, as networks trained in JAX use it. `gelu()` is the exact one.
    public func geluApproximated() -> Value { function("Gelu", [.string("approximate", "tanh")]) }
    /// `geluApproximated()` up to rounding, as `x sigmoid(2 u)` for its `x (1 + tanh(u)) / 2`. For float32 on processors without AVX-512,
    /// where a hyperbolic tangent is slow: with 4 x 384 channels it adds three quarters to the product before it, this a sixth.
    public func geluBySigmoid() -> Value {
        let slope = 2 * (2 / Float.pi).squareRoot()
        return self * (self * (squared() * (0.044715 * slope) + slope)).sigmoid()
    }
    public func logSoftmax(axis: Int) -> Value { function("LogSoftmax", [.int("axis", self.axis(axis))]) }

    /// The smallest element along `axes`.
    public func min(_ axes: [Int], keepingDimensions: Bool = true) -> Value {
        let axes = axes.map(axis)
        let reduced = shape.indices.compactMap { axes.contains($0) ? (keepingDimensions ? 1 : nil) : shape[$0] }
        return graph.node(
            "ReduceMin", [self, graph.integers(axes)], shape: reduced, type: type,
            attributes: [.int("keepdims", keepingDimensions ? 1 : 0)])
    }
}

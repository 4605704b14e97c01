import TensorFiles

/// A tensor inside a graph: known by name and shape, without contents until the network runs.
public struct Value {
    public let graph: Graph
    let name: String
    public let shape: [Int]
    public let type: ElementType

    public var rank: Int { shape.count }

    /// A non-negative axis from one that may count from the end.
    func axis(_ axis: Int) -> Int {
        let index = axis < 0 ? axis + rank : axis
        precondition((0..<rank).contains(index), "axis \(axis) of a tensor of shape \(shape)")
        return index
    }
}

/// The shape of the elementwise combination of two shapes (NumPy's broadcasting).
func broadcast(_ a: [Int], _ b: [Int]) -> [Int] {
    let rank = max(a.count, b.count)
    return (0..<rank).map { i in
        let x = i < rank - a.count ? 1 : a[i - rank + a.count]
        let y = i < rank - b.count ? 1 : b[i - rank + b.count]
        precondition(x == y || x == 1 || y == 1, "shapes \(a) and \(b) do not broadcast")
        return max(x, y)
    }
}

// MARK: Arithmetic

extension Value {
    private static func binary(_ operation: String, _ a: Value, _ b: Value, type: ElementType? = nil) -> Value {
        a.graph.node(operation, [a, b], shape: broadcast(a.shape, b.shape), type: type ?? a.type)
    }

    public static func + (a: Value, b: Value) -> Value { binary("Add", a, b) }
    public static func - (a: Value, b: Value) -> Value { binary("Sub", a, b) }
    public static func * (a: Value, b: Value) -> Value { binary("Mul", a, b) }
    public static func / (a: Value, b: Value) -> Value { binary("Div", a, b) }
    public static func + (a: Value, b: Float) -> Value { a + a.graph.constant(b) }
    public static func - (a: Value, b: Float) -> Value { a - a.graph.constant(b) }
    public static func * (a: Value, b: Float) -> Value { a * a.graph.constant(b) }
    public static func / (a: Value, b: Float) -> Value { a / a.graph.constant(b) }
    public static func - (a: Float, b: Value) -> Value { b.graph.constant(a) - b }
    public static prefix func - (a: Value) -> Value { a.unary("Neg") }

    public static func > (a: Value, b: Float) -> Value { binary("Greater", a, a.graph.constant(b), type: .bool) }
    public static func < (a: Value, b: Float) -> Value { binary("Less", a, a.graph.constant(b), type: .bool) }

    /// 1 where true, 0 where false; also from integers.
    public func asFloat() -> Value {
        graph.node("Cast", [self], shape: shape, attributes: [.int("to", Int(TensorProto.DataType.float.rawValue))])
    }

    /// Truncated to integers, for use as indices.
    public func asIndices() -> Value {
        graph.node("Cast", [self], shape: shape, type: .int64, attributes: [.int("to", Int(TensorProto.DataType.int64.rawValue))])
    }

    private func unary(_ operation: String, _ attributes: [Attribute] = []) -> Value {
        graph.node(operation, [self], shape: shape, type: type, attributes: attributes)
    }

    public func exp() -> Value { unary("Exp") }
    public func log() -> Value { unary("Log") }
    public func sqrt() -> Value { unary("Sqrt") }
    public func floor() -> Value { unary("Floor") }
    public func abs() -> Value { unary("Abs") }
    public func relu() -> Value { unary("Relu") }
    public func sigmoid() -> Value { unary("Sigmoid") }
    public func tanh() -> Value { unary("Tanh") }
    /// The exact form, with the error function.
    public func gelu() -> Value { unary("Gelu") }
    public func softmax(axis: Int) -> Value { unary("Softmax", [.int("axis", self.axis(axis))]) }
    public func squared() -> Value { self * self }

    /// Limited to a range; nil leaves a side open.
    public func clamped(min: Float? = nil, max: Float? = nil) -> Value {
        graph.node("Clip", [self, min.map(graph.constant), max.map(graph.constant)], shape: shape)
    }

    public func relu6() -> Value { clamped(min: 0, max: 6) }

    /// Matrix product over the last two axes, broadcasting the others.
    public func matmul(_ other: Value) -> Value {
        precondition(
            rank >= 2 && other.rank >= 2 && shape[rank - 1] == other.shape[other.rank - 2], "matmul of \(shape) and \(other.shape)")
        let batch = broadcast(Array(shape.dropLast(2)), Array(other.shape.dropLast(2)))
        return graph.node("MatMul", [self, other], shape: batch + [shape[rank - 2], other.shape[other.rank - 1]])
    }

    /// Divided by its length along `axis`: `x / sqrt(sum(x^2) + epsilon)`.
    public func normalized(axis: Int, epsilon: Float = 1e-6) -> Value {
        self / (squared().sum([axis]) + epsilon).sqrt()
    }
}

// MARK: Reductions

extension Value {
    private func reduce(_ operation: String, _ axes: [Int], keepingDimensions: Bool) -> Value {
        let axes = axes.map(axis)
        let reduced = shape.indices.compactMap { axes.contains($0) ? (keepingDimensions ? 1 : nil) : shape[$0] }
        return graph.node(
            operation, [self, graph.integers(axes)], shape: reduced, attributes: [.int("keepdims", keepingDimensions ? 1 : 0)])
    }

    public func sum(_ axes: [Int], keepingDimensions: Bool = true) -> Value {
        reduce("ReduceSum", axes, keepingDimensions: keepingDimensions)
    }
    public func mean(_ axes: [Int], keepingDimensions: Bool = true) -> Value {
        reduce("ReduceMean", axes, keepingDimensions: keepingDimensions)
    }
    public func max(_ axes: [Int], keepingDimensions: Bool = true) -> Value {
        reduce("ReduceMax", axes, keepingDimensions: keepingDimensions)
    }

    /// The index of the first largest element along `axis`, which stays with size 1.
    public func argMax(axis: Int) -> Value {
        var reduced = shape
        reduced[self.axis(axis)] = 1
        return graph.node("ArgMax", [self], shape: reduced, type: .int64, attributes: [.int("axis", self.axis(axis)), .int("keepdims", 1)])
    }
}

// MARK: Shape

extension Value {
    /// - Parameter shape: one size may be -1 and follows from the others.
    public func reshaped(_ shape: [Int]) -> Value {
        let count = self.shape.reduce(1, *)
        let known = shape.filter { $0 >= 0 }.reduce(1, *)
        let result = shape.map { $0 < 0 ? count / Swift.max(1, known) : $0 }
        precondition(result.reduce(1, *) == count, "cannot reshape \(self.shape) to \(shape)")
        return graph.node("Reshape", [self, graph.integers(result)], shape: result, type: type)
    }

    public func transposed(_ order: [Int]) -> Value {
        precondition(order.sorted() == Array(0..<rank), "transpose \(shape) by \(order)")
        return graph.node("Transpose", [self], shape: order.map { shape[$0] }, type: type, attributes: [.ints("perm", order)])
    }

    /// The last two axes exchanged.
    public func transposed() -> Value {
        transposed(Array(0..<(rank - 2)) + [rank - 1, rank - 2])
    }

    /// N x C x H x W as N x H x W x C.
    public func channelsLast() -> Value { transposed([0, 2, 3, 1]) }

    /// N x H x W x C as N x C x H x W.
    public func channelsFirst() -> Value { transposed([0, 3, 1, 2]) }

    public func expanded(_ shape: [Int]) -> Value {
        graph.node("Expand", [self, graph.integers(shape)], shape: broadcast(self.shape, shape), type: type)
    }

    /// The elements `range` along `axis`.
    public func sliced(axis: Int, _ range: Range<Int>) -> Value {
        let axis = self.axis(axis)
        precondition(range.lowerBound >= 0 && range.upperBound <= shape[axis], "slice \(range) of axis \(axis) of \(shape)")
        var result = shape
        result[axis] = range.count
        return graph.node(
            "Slice", [self, graph.integers([range.lowerBound]), graph.integers([range.upperBound]), graph.integers([axis])],
            shape: result, type: type)
    }

    public static func concatenate(_ values: [Value], axis: Int) -> Value {
        let first = values[0]
        let axis = first.axis(axis)
        var shape = first.shape
        for value in values.dropFirst() {
            precondition(
                value.rank == first.rank && shape.indices.allSatisfy { $0 == axis || value.shape[$0] == first.shape[$0] },
                "concatenate \(values.map(\.shape)) on axis \(axis)")
            shape[axis] += value.shape[axis]
        }
        return first.graph.node("Concat", values, shape: shape, type: first.type, attributes: [.int("axis", axis)])
    }

    /// Rows of `self` along `axis` picked by an integer tensor of any shape, which takes the axis's place.
    public func gathered(_ indices: Value, axis: Int = 0) -> Value {
        let axis = self.axis(axis)
        let result = Array(shape[..<axis]) + indices.shape + Array(shape[(axis + 1)...])
        return graph.node("Gather", [self, indices], shape: result, type: type, attributes: [.int("axis", axis)])
    }

    /// `result[i][j] = self[i][indices[i][j]]` for `axis` 1, and so on for other axes; shapes equal but along `axis`.
    public func gatheredElements(_ indices: Value, axis: Int) -> Value {
        graph.node("GatherElements", [self, indices], shape: indices.shape, type: type, attributes: [.int("axis", self.axis(axis))])
    }
}

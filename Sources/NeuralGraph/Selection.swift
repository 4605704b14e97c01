import TensorFiles

// Comparison, choice and indexing.
extension Value {
    private static func comparison(_ operation: String, _ a: Value, _ b: Value) -> Value {
        precondition(a.type == b.type, "\(operation) of \(a.type) and \(b.type)")
        return a.graph.node(operation, [a, b], shape: broadcast(a.shape, b.shape), type: .bool)
    }

    public static func > (a: Value, b: Value) -> Value { comparison("Greater", a, b) }
    public static func < (a: Value, b: Value) -> Value { comparison("Less", a, b) }
    public static func >= (a: Value, b: Value) -> Value { comparison("GreaterOrEqual", a, b) }
    public static func <= (a: Value, b: Value) -> Value { comparison("LessOrEqual", a, b) }
    /// Whether elements are equal. Not `==`, which would look like a comparison of the values themselves.
    public func isEqual(to other: Value) -> Value { Self.comparison("Equal", self, other) }

    private static func logical(_ operation: String, _ a: Value, _ b: Value) -> Value {
        precondition(a.type == .bool && b.type == .bool, "\(operation) of \(a.type) and \(b.type)")
        return comparison(operation, a, b)
    }

    public func and(_ other: Value) -> Value { Self.logical("And", self, other) }
    public func or(_ other: Value) -> Value { Self.logical("Or", self, other) }
    public func not() -> Value {
        precondition(type == .bool, "not of \(type)")
        return graph.node("Not", [self], shape: shape, type: .bool)
    }

    /// `yes` where `self` is true, `no` elsewhere; all three broadcast.
    public func choose(_ yes: Value, else no: Value) -> Value {
        precondition(type == .bool && yes.type == no.type, "choose by \(type) between \(yes.type) and \(no.type)")
        return graph.node("Where", [self, yes, no], shape: broadcast(shape, broadcast(yes.shape, no.shape)), type: yes.type)
    }

    /// Elementwise smaller of the two.
    public func minimum(_ other: Value) -> Value {
        graph.node("Min", [self, other], shape: broadcast(shape, other.shape), type: type)
    }

    /// Elementwise larger of the two.
    public func maximum(_ other: Value) -> Value {
        graph.node("Max", [self, other], shape: broadcast(shape, other.shape), type: type)
    }

    /// The parts of `axis` with the given sizes, in order.
    public func split(axis: Int, sizes: [Int]) -> [Value] {
        let axis = self.axis(axis)
        precondition(
            !sizes.isEmpty && sizes.allSatisfy { $0 > 0 } && sizes.reduce(0, +) == shape[axis],
            "split axis \(axis) of \(shape) into \(sizes)")
        let shapes = sizes.map { size in
            var part = shape
            part[axis] = size
            return part
        }
        return graph.nodes("Split", [self, graph.integers(sizes)], shapes: shapes, type: type, attributes: [.int("axis", axis)])
    }

    /// Elements `self[i0][i1]...` for the index tuples in the last axis of `indices`, after `batchAxes` leading axes in common.
    public func gatheredTuples(_ indices: Value, batchAxes: Int = 0) -> Value {
        precondition(
            indices.type == .int64 && indices.rank > batchAxes && rank > batchAxes
                && Array(shape[..<batchAxes]) == Array(indices.shape[..<batchAxes])
                && (1...(rank - batchAxes)).contains(indices.shape[indices.rank - 1]),
            "gather tuples \(indices.shape) (\(indices.type)) from \(shape), \(batchAxes) axes in common")
        let taken = batchAxes + indices.shape[indices.rank - 1]
        return graph.node(
            "GatherND", [self, indices], shape: Array(indices.shape.dropLast()) + Array(shape[taken...]), type: type,
            attributes: [.int("batch_dims", batchAxes)])
    }

    /// The `count` largest (or smallest) elements along `axis`, in order, and where they were.
    public func top(_ count: Int, axis: Int, largest: Bool = true) -> (values: Value, indices: Value) {
        let axis = self.axis(axis)
        precondition((1...shape[axis]).contains(count), "the top \(count) along axis \(axis) of \(shape)")
        var result = shape
        result[axis] = count
        let both = graph.nodes(
            "TopK", [self, graph.integers([count])], shapes: [result, result], types: [type, .int64],
            attributes: [.int("axis", axis), .int("largest", largest ? 1 : 0), .int("sorted", 1)])
        return (both[0], both[1])
    }

    public static func stack(_ values: [Value], axis: Int) -> Value {
        concatenate(values.map { $0.insertingAxis(axis) }, axis: axis)
    }

    /// The same elements with a new axis of size 1 at `axis` (-1: the last).
    public func insertingAxis(_ axis: Int) -> Value {
        var result = shape
        let index = axis < 0 ? axis + rank + 1 : axis
        precondition((0...rank).contains(index), "a new axis \(axis) in \(shape)")
        result.insert(1, at: index)
        return reshaped(result)
    }
}

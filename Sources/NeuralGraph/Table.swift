import TensorFiles

/// A learned tensor used as it is: position embeddings, tokens, relative positions.
public struct Table: Sendable {
    private let tensor: Tensor
    private let key: String

    /// - Parameter key: the tensor's name below `weights`, for example `pos_embed`.
    public init(_ weights: Weights, _ key: String, shape: [Int]) throws {
        tensor = try weights.tensor(key, shape: shape)
        self.key = weights.prefix + key
    }

    public func callAsFunction(in graph: Graph) -> Value { graph.constant(tensor, name: key) }

    /// The rows named by integer indices of any shape, known while tracing.
    public func callAsFunction(rows: [Int], shape: [Int]? = nil, in graph: Graph) -> Value {
        precondition(!tensor.shape.isEmpty && rows.allSatisfy { (0..<tensor.shape[0]).contains($0) }, "rows of \(key) \(tensor.shape)")
        return self(in: graph).gathered(graph.integers(rows, shape: shape))
    }

    /// The columns of a matrix named by integer indices known while tracing.
    public func callAsFunction(columns: [Int], in graph: Graph) -> Value {
        precondition(
            tensor.shape.count == 2 && columns.allSatisfy { (0..<tensor.shape[1]).contains($0) }, "columns of \(key) \(tensor.shape)")
        return self(in: graph).gathered(graph.integers(columns), axis: 1)
    }
}

extension Value {
    /// Softmax attention, `softmax(q k^T scale + bias) v`, in the form that engines merge into one operation.
    ///
    /// `self` are the queries, batch x tokens x heads x width; keys and values have the same form with their own number of tokens.
    /// - Parameters:
    ///   - scale: of the products of queries and keys; nil: one over the square root of the width.
    ///   - bias: added to the scaled products; broadcasts to batch x heads x queries x keys.
    /// - Returns: batch x queries x heads x width.
    public func attending(to keys: Value, _ values: Value, scale: Float? = nil, bias: Value? = nil) -> Value {
        precondition(
            rank == 4 && keys.rank == 4 && values.rank == 4 && keys.shape[1] == values.shape[1] && shape[3] == keys.shape[3],
            "attention of \(shape) to \(keys.shape) and \(values.shape)")
        var scores = transposed([0, 2, 1, 3]).matmul(keys.transposed([0, 2, 3, 1])) * (scale ?? 1 / Float(shape[3]).squareRoot())
        if let bias { scores = scores + bias }
        return scores.softmax(axis: 3).matmul(values.transposed([0, 2, 1, 3])).transposed([0, 2, 1, 3])
    }
}

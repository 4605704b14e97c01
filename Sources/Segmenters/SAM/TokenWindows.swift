import NeuralGraph

// Square windows of a grid of tokens, for attention within them.
extension Value {
    /// Batch x rows x columns x channels cut into windows, row by row: windows x positions x channels. The last windows are filled up
    /// with zeros.
    func cutIntoWindows(_ side: Int) -> Value {
        let (rows, columns) = (shape[1], shape[2])
        let (down, across) = ((rows + side - 1) / side, (columns + side - 1) / side)
        return paddedAtEnd([0, down * side - rows, across * side - columns, 0])
            .reshaped([shape[0], down, side, across, side, shape[3]]).transposed([0, 1, 3, 2, 4, 5])
            .reshaped([shape[0] * down * across, side * side, shape[3]])
    }

    /// The opposite: 1 x rows x columns x channels.
    func joinedWindows(_ side: Int, rows: Int, columns: Int) -> Value {
        let (down, across) = ((rows + side - 1) / side, (columns + side - 1) / side)
        let joined = reshaped([down, across, side, side, shape[2]]).transposed([0, 2, 1, 3, 4])
            .reshaped([1, down * side, across * side, shape[2]])
        return joined.sliced(axis: 1, 0..<rows).sliced(axis: 2, 0..<columns)
    }
}

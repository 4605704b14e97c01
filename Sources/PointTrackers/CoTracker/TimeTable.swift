import TensorFiles

/// The embeddings of a window's frames that CoTracker 2 and 3 have in their files, `time_emb`.
enum TimeTable {
    /// - Parameters:
    ///   - width: numbers of a token.
    ///   - example: a usual number of frames, for the message.
    /// - Returns: frames x width.
    /// - Throws: `TensorFileError` when it is absent, has another form, or has an odd number of frames or more than 512.
    static func read(_ weights: Weights, width: Int, example: Int) throws -> Tensor {
        let table = try weights.tensor("time_emb")
        guard table.shape.count == 3, table.shape[0] == 1, table.shape[2] == width, (2...512).contains(table.shape[1]),
            table.shape[1] % 2 == 0
        else {
            throw TensorFileError.shapeMismatch(
                file: weights.source.name, tensor: weights.prefix + "time_emb", expected: [1, example, width], found: table.shape)
        }
        return table.reshaped([table.shape[1], width])
    }

    /// The table stretched to another number of frames, linearly, frame centres at +0.5 (`mode="linear"`).
    static func stretched(_ table: Tensor, to frames: Int) -> [Float] {
        let (count, width) = (table.shape[0], table.shape[1])
        if frames == count { return table.values }
        let taps = LinearResampler.Taps(from: count, to: frames, method: .halfPixel)
        return table.withUnsafeBuffer { table in
            (0..<frames).flatMap { frame -> [Float] in
                (0..<width).map { column in
                    (0..<taps.count).reduce(Float(0)) {
                        $0 + taps.weights[frame * taps.count + $1] * table[(taps.starts[frame] + $1) * width + column]
                    }
                }
            }
        }
    }
}

/// Sums over cells of weighted products of their features, some cells at a time: a row of the result is loaded once for all of them.
struct WeightedSums {
    /// Features of a cell and the constant 1, and what is wanted of it; filled up to whole vectors.
    private static let width = 80
    private static let vectors = width / 16
    private static let wanted = 65
    private static let block = 8

    private var rows = [SIMD16<Float>](repeating: .zero, count: (wanted + 1) * vectors)
    private var cells = [Float](repeating: 0, count: block * width)
    private var weights = [Float](repeating: 0, count: block)
    private var pending = 0

    /// - Parameter features: 64 of them.
    mutating func add(_ features: UnsafeBufferPointer<Float>, weight: Float, wanted: Float) {
        let start = pending * Self.width
        for channel in 0..<features.count { cells[start + channel] = features[channel] }
        cells[start + features.count] = 1
        cells[start + Self.wanted] = wanted
        weights[pending] = weight
        pending += 1
        if pending == Self.block { flush() }
    }

    /// The products of features with features, 65 x 65, lower half, and of features with what is wanted.
    mutating func result() -> (gram: [Float], wanted: [Float]) {
        if pending > 0 { flush() }
        let size = Self.wanted
        var gram = [Float](repeating: 0, count: size * size)
        func sum(_ row: Int, _ column: Int) -> Float { rows[row * Self.vectors + column / 16][column % 16] }
        for row in 0..<size { for column in 0...row { gram[row * size + column] = sum(row, column) } }
        return (gram, (0..<size).map { sum(size, $0) })
    }

    private mutating func flush() {
        for unused in pending..<Self.block { weights[unused] = 0 }
        pending = 0
        rows.withUnsafeMutableBufferPointer { rows in
            cells.withUnsafeBytes { cells in
                for row in 0...Self.wanted {
                    let factors = (0..<Self.block).reduce(into: SIMD8<Float>.zero) { factors, cell in
                        factors[cell] = weights[cell] * cells.load(fromByteOffset: 4 * (cell * Self.width + row), as: Float.self)
                    }
                    for vector in 0...min(row, Self.wanted - 1) / 16 {
                        var sum = rows[row * Self.vectors + vector]
                        for cell in 0..<Self.block {
                            let offset = 4 * (cell * Self.width + 16 * vector)
                            sum += factors[cell] * cells.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                        }
                        rows[row * Self.vectors + vector] = sum
                    }
                }
            }
        }
    }
}

/// Rows of numbers at equal distances in memory that somebody else keeps alive, and that nobody writes meanwhile.
struct StridedRows: @unchecked Sendable {
    let base: UnsafePointer<Float>
    /// From one row to the next, in numbers.
    let stride: Int

    subscript(row: Int) -> UnsafePointer<Float> { base + row * stride }
}

/// Rows of numbers at equal distances in memory, to be written. Every row is written by one thread.
struct MutableStridedRows: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    /// From one row to the next, in numbers.
    let stride: Int

    subscript(row: Int) -> UnsafeMutablePointer<Float> { base + row * stride }
}

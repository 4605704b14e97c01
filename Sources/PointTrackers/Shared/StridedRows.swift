/// Rows of numbers at equal distances in memory that somebody else keeps alive.
struct StridedRows {
    let base: UnsafePointer<Float>
    /// From one row to the next, in numbers.
    let stride: Int

    subscript(row: Int) -> UnsafePointer<Float> { base + row * stride }
}

/// Rows of numbers at equal distances in memory, to be written.
struct MutableStridedRows {
    let base: UnsafeMutablePointer<Float>
    /// From one row to the next, in numbers.
    let stride: Int

    subscript(row: Int) -> UnsafeMutablePointer<Float> { base + row * stride }
}

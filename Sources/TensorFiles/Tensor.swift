/// A dense float32 array of any rank: row-major, contiguous, 64-byte aligned, copied on write.
///
/// Aligned storage lets an inference engine read inputs from and write outputs to it without copying.
public struct Tensor: Sendable {
    public let shape: [Int]
    private var storage: TensorStorage

    /// The number of elements.
    public var count: Int { storage.count }

    /// A tensor whose elements `fill` writes; it receives uninitialised memory and must write every element.
    public init(shape: [Int], uninitialized fill: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
        self.shape = shape
        storage = TensorStorage(count: shape.reduce(1, *))
        try fill(storage.buffer)
    }

    public init(shape: [Int], repeating value: Float = 0) {
        self.init(shape: shape) { $0.initialize(repeating: value) }
    }

    /// - Precondition: `values.count` is the product of `shape`.
    public init(shape: [Int], _ values: [Float]) {
        precondition(values.count == shape.reduce(1, *), "shape \(shape) needs \(shape.reduce(1, *)) values, got \(values.count)")
        self.init(shape: shape) { _ = $0.initialize(from: values) }
    }

    /// The same elements under another shape of equal size.
    public func reshaped(_ shape: [Int]) -> Tensor {
        precondition(shape.reduce(1, *) == count, "cannot view \(self.shape) as \(shape)")
        return Tensor(shape: shape, storage: storage)
    }

    private init(shape: [Int], storage: TensorStorage) {
        self.shape = shape
        self.storage = storage
    }

    public func withUnsafeBuffer<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        try withExtendedLifetime(storage) { try body(UnsafeBufferPointer(storage.buffer)) }
    }

    public mutating func withUnsafeMutableBuffer<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        if !isKnownUniquelyReferenced(&storage) { storage = TensorStorage(copying: storage) }
        return try withExtendedLifetime(storage) { try body(storage.buffer) }
    }

    /// A copy of the elements as an array.
    public var values: [Float] { withUnsafeBuffer { Array($0) } }
}

/// The memory of a tensor. Written only while its tensor is uniquely referenced.
private final class TensorStorage: @unchecked Sendable {
    let buffer: UnsafeMutableBufferPointer<Float>
    var count: Int { buffer.count }

    init(count: Int) {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(64, count * 4), alignment: 64)
        buffer = UnsafeMutableBufferPointer(start: raw.bindMemory(to: Float.self, capacity: count), count: count)
    }

    convenience init(copying other: TensorStorage) {
        self.init(count: other.count)
        _ = buffer.initialize(from: other.buffer)
    }

    deinit { UnsafeMutableRawPointer(buffer.baseAddress)?.deallocate() }
}

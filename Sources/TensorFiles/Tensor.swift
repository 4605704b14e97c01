/// A dense float32 array of any rank: row-major, contiguous, copied on write.
///
/// Storage is 64-byte aligned, which lets an inference engine read inputs from and write outputs to it without copying. Large tensors of a
/// memory-mapped file lie where the file has them.
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

    /// A tensor whose elements stay where they are, in memory that nobody writes and that lasts as long as `owner`.
    init(shape: [Int], borrowing elements: UnsafeBufferPointer<Float>, owner: any Sendable) {
        self.shape = shape
        storage = TensorStorage(borrowing: elements, owner: owner)
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

    /// Tells the system that elements in a mapped file are not needed for now: their pages count no longer as this process's memory, and
    /// are read again when somebody looks. Other tensors ignore it.
    public func dropMappedPages() {
        if storage.isBorrowed { UnsafeRawBufferPointer(storage.buffer).dropMappedPages() }
    }

    public func withUnsafeBuffer<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        try withExtendedLifetime(storage) { try body(UnsafeBufferPointer(storage.buffer)) }
    }

    public mutating func withUnsafeMutableBuffer<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        if !isKnownUniquelyReferenced(&storage) || storage.isBorrowed { storage = TensorStorage(copying: storage) }
        return try withExtendedLifetime(storage) { try body(storage.buffer) }
    }

    /// A copy of the elements as an array.
    public var values: [Float] { withUnsafeBuffer { Array($0) } }
}

/// The memory of a tensor. Written only while its tensor is uniquely referenced, and never when it is borrowed.
private final class TensorStorage: @unchecked Sendable {
    let buffer: UnsafeMutableBufferPointer<Float>
    /// Keeps borrowed memory alive; nil for memory of this object's own.
    private let owner: (any Sendable)?
    var isBorrowed: Bool { owner != nil }
    var count: Int { buffer.count }

    init(count: Int) {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(64, count * 4), alignment: 64)
        buffer = UnsafeMutableBufferPointer(start: raw.bindMemory(to: Float.self, capacity: count), count: count)
        owner = nil
    }

    init(borrowing elements: UnsafeBufferPointer<Float>, owner: any Sendable) {
        buffer = UnsafeMutableBufferPointer(mutating: elements)
        self.owner = owner
    }

    convenience init(copying other: TensorStorage) {
        self.init(count: other.count)
        _ = buffer.initialize(from: other.buffer)
    }

    deinit {
        if !isBorrowed { UnsafeMutableRawPointer(buffer.baseAddress)?.deallocate() }
    }
}

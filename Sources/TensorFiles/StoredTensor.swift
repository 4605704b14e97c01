import Foundation

/// Where a tensor's elements are in a file, checked to lie there.
struct StoredTensor: Sendable {
    enum Storage: Sendable, Equatable {
        /// These bytes of the file.
        case file(Range<Int>)
        /// The bytes that this UTF-8 text has in Latin-1: how pickles of protocol 2 and lower hold bytes.
        case latin1(Range<Int>)
    }

    /// A view may repeat elements of its storage (stride 0). Beyond this count it may not have more elements than the storage.
    static let largestExpansion = 1 << 24

    let type: TensorElementType
    let shape: [Int]
    /// In elements, per axis.
    let strides: [Int]
    /// The first element, in elements from the storage's beginning.
    let offset: Int
    let storage: Storage
    /// The index of the checksummed record around the storage.
    let record: Int?
    /// The number of elements.
    let count: Int
    /// Whether the elements lie one behind the other in row-major order.
    let isContiguous: Bool

    /// - Parameters:
    ///   - strides: nil for row-major order without gaps.
    ///   - storageCount: the elements that the storage holds.
    /// - Returns: nil, with the reason in `problem`, where the view does not fit its storage.
    init?(
        type: TensorElementType, shape: [Int], strides given: [Int]?, offset: Int, storage: Storage, storageCount: Int, record: Int? = nil,
        problem: inout String
    ) {
        guard shape.count <= 64, shape.allSatisfy({ $0 >= 0 }) else {
            problem = "the shape \(shape.prefix(64)) is impossible"
            return nil
        }
        // The product of all axes but those of length 0 must not overflow either: strides and loops are computed from it.
        var rowMajor = [Int](repeating: 1, count: shape.count)
        var product = 1
        for axis in shape.indices.reversed() {
            rowMajor[axis] = product
            let (next, overflow) = product.multipliedReportingOverflow(by: max(1, shape[axis]))
            guard !overflow else {
                problem = "the shape \(shape) is impossible"
                return nil
            }
            product = next
        }
        let count = shape.contains(0) ? 0 : product
        let strides = given ?? rowMajor
        guard strides.count == shape.count, strides.allSatisfy({ $0 >= 0 }), offset >= 0 else {
            problem = "the strides \(strides.prefix(64)) and the offset \(offset) do not fit the shape \(shape)"
            return nil
        }
        guard count <= max(storageCount, Self.largestExpansion) else {
            problem = "the shape \(shape) is larger than its storage"
            return nil
        }
        if count > 0 {
            var last = offset
            for (length, stride) in zip(shape, strides) {
                let (span, tooFar) = (length - 1).multipliedReportingOverflow(by: stride)
                let (sum, overflow) = last.addingReportingOverflow(span)
                guard !tooFar, !overflow else {
                    problem = "it reaches past its storage"
                    return nil
                }
                last = sum
            }
            guard last < storageCount else {
                problem = "it reaches past its storage"
                return nil
            }
        }
        self.type = type
        self.shape = shape
        self.strides = strides
        self.offset = count == 0 ? 0 : offset
        self.storage = storage
        self.record = record
        self.count = count
        isContiguous = count == 0 || zip(shape, zip(strides, rowMajor)).allSatisfy { $0 == 1 || $1.0 == $1.1 }
    }

    /// The bytes of the file that hold exactly this tensor; nil where there are none such.
    var fileRange: Range<Int>? {
        guard isContiguous, case .file(let range) = storage else { return nil }
        let start = range.lowerBound + offset * type.byteCount
        return start..<(start + count * type.byteCount)
    }

    /// The elements where the mapped file has them, when they can be used as they are: for large tensors, whose pages the system can
    /// drop and read again, where a copy would stay in memory.
    func mapped(in contents: FileContents) -> Tensor? {
        guard type == .float32, count >= Self.smallestMapped, 1.littleEndian == 1, contents.url != nil, let range = fileRange else {
            return nil
        }
        return contents.data.withUnsafeBytes { bytes in
            let place = UnsafeRawBufferPointer(rebasing: bytes[range])
            guard Int(bitPattern: place.baseAddress) % MemoryLayout<Float>.alignment == 0 else { return nil }
            return Tensor(shape: shape, borrowing: place.bindMemory(to: Float.self), owner: contents.data)
        }
    }

    private static let smallestMapped = 1 << 16

    /// The elements as float32.
    func floats(in file: Data) throws -> Tensor {
        try withElements(in: file) { base in
            Tensor(shape: shape) { target in
                guard let base, let start = target.baseAddress else { return }
                if isContiguous {
                    type.convert(base, count: count, to: start)
                } else if type == .float32 {
                    gather(base, as: UInt32.self, to: start)
                } else {
                    withUnsafeTemporaryAllocation(byteCount: count * type.byteCount, alignment: 8) { copy in
                        guard let copied = copy.baseAddress else { return }
                        gather(base, to: copied)
                        type.convert(copied, count: count, to: start)
                    }
                }
            }
        }
    }

    /// The elements in their own type, row-major, little-endian. Contiguous elements are not copied.
    func bytes(in file: Data) throws -> Data {
        if let range = fileRange { return file[range] }
        return try withElements(in: file) { base in
            guard let base else { return Data() }
            if isContiguous { return Data(bytes: base, count: count * type.byteCount) }
            var copy = Data(count: count * type.byteCount)
            copy.withUnsafeMutableBytes { target in
                if let start = target.baseAddress { gather(base, to: start) }
            }
            return copy
        }
    }

    /// Calls `body` with the place of the first element; nil where there are no elements.
    private func withElements<R>(in file: Data, _ body: (UnsafeRawPointer?) throws -> R) throws -> R {
        guard count > 0 else { return try body(nil) }
        switch storage {
        case .file(let range):
            return try file.withUnsafeBytes { try body($0.baseAddress?.advanced(by: range.lowerBound + offset * type.byteCount)) }
        case .latin1(let range):
            return try (Latin1.bytes(of: file, range) ?? Data()).withUnsafeBytes {
                try body($0.baseAddress?.advanced(by: offset * type.byteCount))
            }
        }
    }

    private func gather(_ base: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
        switch type.byteCount {
        case 8: gather(base, as: UInt64.self, to: target)
        case 4: gather(base, as: UInt32.self, to: target)
        case 2: gather(base, as: UInt16.self, to: target)
        default: gather(base, as: UInt8.self, to: target)
        }
    }

    /// Copies a view element by element. Call it for views of rank 1 and more that have elements.
    private func gather<T: BitwiseCopyable>(_ base: UnsafeRawPointer, as type: T.Type, to target: UnsafeMutableRawPointer) {
        let size = MemoryLayout<T>.size
        guard let inner = shape.last, let innerStride = strides.last else { return }
        var index = [Int](repeating: 0, count: shape.count)
        var row = 0
        var written = 0
        while written < count {
            for i in 0..<inner {
                target.storeBytes(
                    of: base.loadUnaligned(fromByteOffset: (row &+ i &* innerStride) &* size, as: T.self),
                    toByteOffset: (written &+ i) &* size, as: T.self)
            }
            written += inner
            var axis = shape.count - 2
            while axis >= 0 {
                index[axis] += 1
                row += strides[axis]
                if index[axis] < shape[axis] { break }
                row -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
        }
    }
}

/// Checks where the tensors of a pickle lie in the file.
struct PickledTensors {
    /// Where a storage's bytes are.
    struct Place {
        var bytes: Range<Int>
        /// The index of the checksummed record around them.
        var record: Int?
    }

    let reader: PickleReader
    /// The record around the pickle.
    let pickleRecord: Int?
    /// The place of the storage with a key, which holds `count` elements of a type.
    let place: (_ key: String, _ count: Int, _ type: TensorElementType) throws -> Place

    func stored(_ leaf: StateDict.Leaf, name: String) throws -> StoredTensor {
        switch leaf {
        case .tensor(let tensor): try torch(reader.heap.tensors[tensor], name)
        case .array(let array):
            try storedArray(
                reader.heap.arrays[array], heap: reader.heap, bytes: reader.bytes, record: pickleRecord, name: name, file: reader.file)
        }
    }

    private func damaged(_ tensor: String, _ reason: String) -> TensorFileError {
        .damagedTensor(file: reader.file, tensor: tensor, reason: reason)
    }

    private func torch(_ tensor: PickleHeap.Tensor, _ name: String) throws -> StoredTensor {
        let storage = reader.heap.storages[tensor.storage]
        guard let shape = reader.heap.integers(tensor.shape), let strides = reader.heap.integers(tensor.strides) else {
            throw damaged(name, "its shape or strides are no 64-bit integers, or too many")
        }
        guard let key = reader.string(storage.key) else { throw damaged(name, "its storage has no name") }
        let (byteCount, overflow) = storage.count.multipliedReportingOverflow(by: storage.type.byteCount)
        guard !overflow else { throw damaged(name, "its storage is larger than the file") }
        let place: Place
        do {
            place = try self.place(key, storage.count, storage.type)
        } catch let problem as StorageProblem {
            throw damaged(name, problem.reason)
        }
        guard byteCount <= place.bytes.count else { throw damaged(name, "its storage \(key.prefix(50)) is shorter than it says") }
        var (first, count) = (0, storage.count)
        if let part = storage.part {
            guard part.offset >= 0, part.count >= 0, part.offset <= count, part.count <= count - part.offset else {
                throw damaged(name, "it reaches past its storage")
            }
            (first, count) = part
        }
        let bytes = (place.bytes.lowerBound + first * storage.type.byteCount)..<place.bytes.upperBound
        var problem = ""
        let stored = StoredTensor(
            type: storage.type, shape: shape, strides: strides, offset: tensor.offset, storage: .file(bytes), storageCount: count,
            record: place.record, problem: &problem)
        guard let stored else { throw damaged(name, problem) }
        return stored
    }
}

/// Why a storage cannot be placed.
struct StorageProblem: Error {
    let reason: String
}

extension StoredTensor {
    /// A tensor that fills its storage.
    static func whole(
        type: TensorElementType, shape: [Int], isColumnMajor: Bool, storage: Storage, byteCount: Int, record: Int?, name: String,
        file: String
    ) throws -> StoredTensor {
        var strides: [Int]?
        if isColumnMajor {
            var stride = 1
            strides = shape.map { length in
                defer { stride = stride.multipliedReportingOverflow(by: max(1, length)).partialValue }
                return stride
            }
        }
        var problem = ""
        let tensor = StoredTensor(
            type: type, shape: shape, strides: strides, offset: 0, storage: storage, storageCount: byteCount / type.byteCount,
            record: record,
            problem: &problem)
        guard let tensor else { throw TensorFileError.damagedTensor(file: file, tensor: name, reason: problem) }
        guard tensor.count * type.byteCount == byteCount else {
            throw TensorFileError.damagedTensor(file: file, tensor: name, reason: "its bytes do not fit the shape \(shape)")
        }
        return tensor
    }
}

/// Where the elements of a numpy array lie.
/// - Parameters:
///   - bytes: the whole file.
///   - record: the record around the pickle.
func storedArray(
    _ array: PickleHeap.Array, heap: PickleHeap, bytes: UnsafeRawBufferPointer, record: Int? = nil, name: String, file: String
) throws -> StoredTensor {
    func damaged(_ reason: String) -> TensorFileError { .damagedTensor(file: file, tensor: name, reason: reason) }
    guard let shapeItems = array.shape, let index = array.type, let shape = heap.integers(shapeItems) else {
        throw damaged("it lacks shape or element type")
    }
    let numpyType = heap.numpyTypes[index]
    guard let type = numpyType.type else { throw TensorFileError.unsupportedType(file: file, tensor: name, type: numpyType.name) }
    guard !numpyType.isBigEndian || type.byteCount == 1 else {
        throw TensorFileError.unsupportedType(file: file, tensor: name, type: "big-endian \(numpyType.name)")
    }
    let storage: StoredTensor.Storage
    let byteCount: Int
    switch array.data {
    case .bytes(let range), .string(let range): (storage, byteCount) = (.file(range), range.count)
    case .latin1(let range):
        guard let count = Latin1.count(UnsafeRawBufferPointer(rebasing: bytes[range])) else { throw damaged("its bytes are none") }
        (storage, byteCount) = (.latin1(range), count)
    default: throw damaged("its elements are no bytes")
    }
    return try StoredTensor.whole(
        type: type, shape: shape, isColumnMajor: array.isColumnMajor, storage: storage, byteCount: byteCount, record: record, name: name,
        file: file)
}

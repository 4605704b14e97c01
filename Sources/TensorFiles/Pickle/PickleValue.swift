/// A value on the unpickler's stack.
///
/// Everything with parts lies in the arrays of a `PickleHeap` and is named by its index. Nothing points to anything: lists nested a
/// million deep, or holding themselves, are freed without recursion and without leaks. Ranges of text and bytes are those of the file.
enum PickleValue {
    case none
    case bool(Bool)
    case int(Int)
    /// An integer beyond 64 bits, two's complement, little-endian.
    case bigInt(Range<Int>)
    case float(Double)
    /// UTF-8.
    case string(Range<Int>)
    case bytes(Range<Int>)
    /// Bytes written as text (see `Latin1`).
    case latin1(Range<Int>)
    /// A range of `PickleHeap.items`.
    case tuple(Range<Int>)
    case list(Int)
    case dict(Int)
    case global(PickleGlobal)
    case storage(Int)
    case tensor(Int)
    case array(Int)
    case numpyType(Int)
    /// A value that nobody asks for: a device, a set, a namespace.
    case opaque
}

/// What the values of a pickle are made of.
struct PickleHeap {
    /// A PyTorch storage named by a persistent id.
    struct Storage {
        var type: TensorElementType
        var key: Range<Int>
        /// In elements.
        var count: Int
        /// The part of the storage that counts (formats before 2018); nil for all of it.
        var part: (offset: Int, count: Int)?
    }

    /// A PyTorch tensor: a view of a storage. Shape and strides are tuples.
    struct Tensor {
        var storage: Int
        var offset: Int
        var shape: Range<Int>
        var strides: Range<Int>
    }

    /// A numpy array; without a shape until its state arrives.
    struct Array {
        var shape: Range<Int>?
        var type: Int?
        var isColumnMajor = false
        var data = PickleValue.none
    }

    /// A numpy element type.
    struct NumpyType {
        /// nil for types that are not read.
        var type: TensorElementType?
        /// For messages.
        var name: String
        var isObject = false
        /// Of byte strings with a fixed length, filled up with zeros.
        var stringLength: Int?
        var isBigEndian = false
    }

    var items: [PickleValue] = []
    var lists: [[PickleValue]] = []
    var dicts: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [Storage] = []
    var tensors: [Tensor] = []
    var arrays: [Array] = []
    var numpyTypes: [NumpyType] = []

    /// The tuple's numbers; nil where one is no 64-bit integer.
    func integers(_ tuple: Range<Int>) -> [Int]? {
        guard tuple.count <= 64 else { return nil }
        var numbers: [Int] = []
        for item in items[tuple] {
            guard case .int(let number) = item else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}

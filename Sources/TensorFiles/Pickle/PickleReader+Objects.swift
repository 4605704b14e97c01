/// What the allowed functions would make of their arguments, and what state the objects take.
extension PickleReader {
    /// The value of a call.
    mutating func made(by function: PickleGlobal, _ arguments: Range<Int>) throws -> PickleValue {
        let given = heap.items[arguments]
        func argument(_ i: Int) -> PickleValue { i < given.count ? given[given.startIndex + i] : .none }
        switch function {
        case .mapping: return newDict(try pairs(argument(0)))
        case .list: return newList([])
        case .set, .device, .namespace, .numpyScalar: return .opaque
        case .bytes:
            guard given.isEmpty else { throw forbidden("a call of bytes") }
            return .bytes(position..<position)
        case .encode:
            guard case .string(let text) = argument(0), case .string(let encoding) = argument(1), string(encoding) == "latin1" else {
                throw forbidden("a call of _codecs.encode other than to Latin-1")
            }
            return .latin1(text)
        case .size:
            switch argument(0) {
            case .tuple(let size): return .tuple(size)
            case .list(let list):
                try spend(heap.lists[list].count)
                return tuple(heap.lists[list])
            default: throw damaged("a size is no tuple")
            }
        case .rebuildTensor, .rebuildTensorV2:
            guard case .storage(let storage) = argument(0), case .int(let offset) = argument(1), case .tuple(let shape) = argument(2),
                case .tuple(let strides) = argument(3)
            else { throw damaged("a tensor lacks storage, offset, shape or strides of 64 bits") }
            heap.tensors.append(.init(storage: storage, offset: offset, shape: shape, strides: strides))
            return .tensor(heap.tensors.count - 1)
        case .rebuildParameter:
            guard case .tensor = argument(0) else { throw damaged("a parameter is no tensor") }
            return argument(0)
        case .numpyReconstruct:
            guard case .global(.numpyArray) = argument(0) else { throw damaged("an array is of another class") }
            heap.arrays.append(.init())
            return .array(heap.arrays.count - 1)
        case .numpyFromBuffer:
            guard case .numpyType(let type) = argument(1), case .tuple(let shape) = argument(2) else {
                throw damaged("an array lacks type or shape")
            }
            var isColumnMajor = false
            if case .string(let order) = argument(3) { isColumnMajor = string(order) == "F" }
            heap.arrays.append(.init(shape: shape, type: type, isColumnMajor: isColumnMajor, data: argument(0)))
            return .array(heap.arrays.count - 1)
        case .jaxArray:
            guard case .global(.numpyReconstruct) = argument(0), case .tuple(let inner) = argument(1) else {
                throw damaged("a jax array is not made of a numpy array")
            }
            let array = try made(by: .numpyReconstruct, inner)
            try build(array, argument(2))
            return array
        case .numpyType:
            heap.numpyTypes.append(numpyType(argument(0)))
            return .numpyType(heap.numpyTypes.count - 1)
        case .storage, .torchType, .numpyArray, .bfloat16: throw forbidden("a call of a class that only names a type")
        }
    }

    /// The pairs that a dictionary's constructor is given: none, a dictionary, or a list of pairs (Python 2).
    private mutating func pairs(_ argument: PickleValue) throws -> [(key: PickleValue, value: PickleValue)] {
        switch argument {
        case .dict(let dict):
            try spend(heap.dicts[dict].count)
            return heap.dicts[dict]
        case .list(let list):
            try spend(heap.lists[list].count)
            return try heap.lists[list].map { item in
                switch item {
                case .tuple(let pair) where pair.count == 2: return (heap.items[pair.lowerBound], heap.items[pair.lowerBound + 1])
                case .list(let pair) where heap.lists[pair].count == 2: return (heap.lists[pair][0], heap.lists[pair][1])
                default: throw damaged("a dictionary is given what is no pair")
                }
            }
        // The factory of a defaultdict.
        case .none, .global: return []
        default: throw damaged("a dictionary is given what are no pairs")
        }
    }

    private func numpyType(_ argument: PickleValue) -> PickleHeap.NumpyType {
        switch argument {
        case .string(let range):
            let name = string(range) ?? ""
            return .init(
                type: TensorElementType(numpyCode: name), name: String(name.prefix(20)), isObject: name.hasPrefix("O"),
                stringLength: name.hasPrefix("S") ? Int(name.dropFirst()) : nil)
        case .global(.bfloat16): return .init(type: .bfloat16, name: "bfloat16")
        default: return .init(type: nil, name: "of numpy that is none of numbers")
        }
    }

    /// Gives an object its state.
    mutating func build(_ object: PickleValue, _ state: PickleValue) throws {
        switch object {
        // A dictionary's attributes (`_metadata` of state dicts).
        case .dict, .opaque: return
        case .numpyType(let type):
            guard case .tuple(let items) = state, items.count > 1, case .string(let order) = heap.items[items.lowerBound + 1] else {
                throw damaged("an element type has an unknown state")
            }
            heap.numpyTypes[type].isBigEndian = string(order) == ">"
        case .array(let array):
            guard case .tuple(let items) = state, items.count == 5, case .tuple(let shape) = heap.items[items.lowerBound + 1],
                case .numpyType(let type) = heap.items[items.lowerBound + 2], case .bool(let columns) = heap.items[items.lowerBound + 3]
            else { throw damaged("an array has an unknown state") }
            heap.arrays[array] = .init(shape: shape, type: type, isColumnMajor: columns, data: heap.items[items.lowerBound + 4])
        default: throw forbidden("the state of an object that has none")
        }
    }

    /// The storage that a persistent id names: ("storage", class, key, device, count of elements[, view]).
    mutating func persistent(_ id: PickleValue) throws -> PickleValue {
        guard case .tuple(let range) = id, (5...6).contains(range.count) else { throw damaged("a persistent id names no storage") }
        let items = Array(heap.items[range])
        guard case .string(let kind) = items[0], string(kind) == "storage", case .global(.storage(let type)) = items[1],
            case .string(let key) = items[2], case .int(let count) = items[4], count >= 0
        else { throw damaged("a persistent id names no storage") }
        var storage = PickleHeap.Storage(type: type, key: key, count: count)
        if items.count == 6, case .tuple(let view) = items[5] {
            let parts = Array(heap.items[view])
            guard parts.count == 3, case .int(let offset) = parts[1], case .int(let size) = parts[2] else {
                throw damaged("a view of a storage lacks key, offset or size")
            }
            storage.part = (offset, size)
        }
        heap.storages.append(storage)
        return .storage(heap.storages.count - 1)
    }
}

extension TensorElementType {
    /// The type of a numpy code without byte order: f4, i8, b1.
    init?(numpyCode code: some StringProtocol) {
        switch code {
        case "f8": self = .float64
        case "f4": self = .float32
        case "f2": self = .float16
        case "i8": self = .int64
        case "i4": self = .int32
        case "i2": self = .int16
        case "i1": self = .int8
        case "u1": self = .uint8
        case "b1": self = .bool
        default: return nil
        }
    }
}

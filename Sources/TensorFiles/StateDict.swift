/// Finds the tensors in an unpickled value: the state dict, wherever training scripts have put it.
struct StateDict {
    enum Leaf {
        case tensor(Int)
        case array(Int)
    }

    /// The keys under which training scripts keep a state dict, the likeliest first.
    private static let keys = ["model_state_dict", "state_dict", "model", "params", "net"]
    /// Dictionaries can be shared and hold themselves; these bounds keep any walk short.
    private static let (depthLimit, visitLimit, nameLimit, tensorLimit) = (8, 1_000_000, 1000, 100_000)

    /// The keys that lead to the state dict.
    private(set) var root: [String] = []
    private(set) var leaves: [String: Leaf] = [:]
    /// Plain values beside the state dict, or in it.
    private(set) var scalars: [String: PlainValue] = [:]
    private let reader: PickleReader
    private let separator: String
    private var visits = 0

    /// - Parameter separator: joins the keys of nested dictionaries.
    init(_ value: PickleValue, in reader: PickleReader, separator: String) throws {
        self.reader = reader
        self.separator = separator
        guard case .dict(let top) = value else {
            throw TensorFileError.malformed(file: reader.file, reason: "it holds no dictionary of tensors")
        }
        for (key, value) in reader.heap.dicts[top] {
            if let name = name(key), let scalar = plain(value) { scalars[name] = scalar }
        }
        var dict = top
        while root.count < Self.depthLimit, let (key, next) = try wrapped(dict) {
            root.append(key)
            dict = next
        }
        // Haiku keeps what is not trained beside the parameters, under the same modules' names.
        if root == ["params"], let state = child("state", of: top) { try flatten(state, prefix: "", depth: 1) }
        try flatten(dict, prefix: "", depth: 0)
        guard !leaves.isEmpty else { throw TensorFileError.malformed(file: reader.file, reason: "it holds no tensors") }
    }

    /// The dictionary one level down where that is the state dict.
    private mutating func wrapped(_ dict: Int) throws -> (String, Int)? {
        for key in Self.keys {
            if let next = child(key, of: dict), try holdsTensors(next, depth: 0) { return (key, next) }
        }
        return nil
    }

    private func child(_ key: String, of dict: Int) -> Int? {
        for (name, value) in reader.heap.dicts[dict].reversed() where self.name(name) == key {
            if case .dict(let next) = value { return next }
            return nil
        }
        return nil
    }

    private mutating func visit() throws {
        visits += 1
        guard visits <= Self.visitLimit else { throw TensorFileError.malformed(file: reader.file, reason: "it has too many nested values") }
    }

    private mutating func holdsTensors(_ dict: Int, depth: Int) throws -> Bool {
        for (_, value) in reader.heap.dicts[dict] {
            try visit()
            if leaf(value) != nil { return true }
            if case .dict(let next) = value, depth < Self.depthLimit, try holdsTensors(next, depth: depth + 1) { return true }
        }
        return false
    }

    private mutating func flatten(_ dict: Int, prefix: String, depth: Int) throws {
        for (key, value) in reader.heap.dicts[dict] {
            try visit()
            if let leaf = leaf(value) {
                guard case .string(let range) = key else { continue }
                guard prefix.utf8.count + range.count <= Self.nameLimit, let name = name(key), leaves.count < Self.tensorLimit else {
                    throw TensorFileError.malformed(file: reader.file, reason: "it has too many tensors or too long names")
                }
                leaves[prefix + name] = leaf
            } else if case .dict(let next) = value, depth < Self.depthLimit, let name = name(key) {
                try flatten(next, prefix: prefix + name + separator, depth: depth + 1)
            }
        }
    }

    private func leaf(_ value: PickleValue) -> Leaf? {
        switch value {
        case .tensor(let tensor): return .tensor(tensor)
        case .array(let array):
            // An array of objects is none of numbers.
            guard let type = reader.heap.arrays[array].type, !reader.heap.numpyTypes[type].isObject else { return nil }
            return .array(array)
        default: return nil
        }
    }

    /// A key as text; nil for other keys and for absurdly long ones.
    private func name(_ key: PickleValue) -> String? {
        guard case .string(let range) = key, range.count <= Self.nameLimit else { return nil }
        return reader.string(range)
    }

    private func plain(_ value: PickleValue) -> PlainValue? {
        switch value {
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .float(let value): .double(value)
        case .string(let range): range.count <= 1 << 20 ? reader.string(range).map { .string($0) } : nil
        default: nil
        }
    }
}

/// A value of a checkpoint that is no tensor.
public enum PlainValue: Sendable, Equatable {
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
}

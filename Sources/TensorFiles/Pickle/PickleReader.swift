import Foundation

/// Reads a pickle as data: an interpreter of the opcodes that PyTorch and numpy write, without imports and calls.
///
/// Time and memory are bounded by the pickle's size: every operation makes at most one value, copies are counted as operations, and
/// there are at most `operationLimit` of them. Nothing recurses.
struct PickleReader {
    /// Far beyond real checkpoints, which take about a hundred operations per tensor.
    static let operationLimit = 4_000_000

    /// For messages.
    let file: String
    let bytes: UnsafeRawBufferPointer
    let end: Int
    private(set) var position: Int
    var heap = PickleHeap()
    private(set) var operations = 0
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    /// - Parameter range: where in `bytes`, the whole file, the pickle lies; it may end earlier.
    init(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>, file: String) {
        self.bytes = bytes
        self.file = file
        position = range.lowerBound
        end = range.upperBound
    }

    func damaged(_ reason: String) -> TensorFileError { .malformed(file: file, reason: "the pickle at byte \(position): \(reason)") }

    func forbidden(_ object: String) -> TensorFileError { .notPlainData(file: file, object: object) }

    /// Counts the copying of `count` values.
    mutating func spend(_ count: Int) throws {
        operations += count
        guard operations <= Self.operationLimit else { throw damaged("it has more than \(Self.operationLimit) operations") }
    }

    /// Reads up to and including STOP.
    mutating func run() throws -> PickleValue {
        while true {
            try spend(1)
            let opcode = try number(UInt8.self)
            if opcode == UInt8(ascii: ".") {
                guard let value = stack.last else { throw damaged("it is empty") }
                return value
            }
            try perform(opcode)
        }
    }

    private mutating func perform(_ opcode: UInt8) throws {
        switch opcode {
        // The frame around the pickle.
        case 0x80:
            guard try number(UInt8.self) <= 5 else { throw damaged("its protocol is newer than 5") }
        case 0x95: guard try number(UInt64.self) <= UInt64(end - position) else { throw damaged("a frame reaches past its end") }
        // The stack and the memo.
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"): _ = try pop()
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"): push(try top())
        case UInt8(ascii: "q"): memo[Int(try number(UInt8.self))] = try top()
        case UInt8(ascii: "r"): memo[Int(try number(UInt32.self))] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "h"): push(try recall(Int(try number(UInt8.self))))
        case UInt8(ascii: "j"): push(try recall(Int(try number(UInt32.self))))
        // Numbers.
        case UInt8(ascii: "N"): push(.none)
        case 0x88: push(.bool(true))
        case 0x89: push(.bool(false))
        case UInt8(ascii: "J"): push(.int(Int(try number(Int32.self))))
        case UInt8(ascii: "K"): push(.int(Int(try number(UInt8.self))))
        case UInt8(ascii: "M"): push(.int(Int(try number(UInt16.self))))
        case UInt8(ascii: "G"): push(.float(Double(bitPattern: try number(UInt64.self).byteSwapped)))
        case 0x8a: push(integer(try take(Int(try number(UInt8.self)))))
        case 0x8b: push(integer(try take(Int(try number(Int32.self)))))
        // Text and bytes.
        case UInt8(ascii: "X"): push(.string(try text(Int(try number(UInt32.self)))))
        case 0x8c: push(.string(try text(Int(try number(UInt8.self)))))
        case 0x8d: push(.string(try text(try length())))
        case UInt8(ascii: "B"): push(.bytes(try take(Int(try number(UInt32.self)))))
        case UInt8(ascii: "C"): push(.bytes(try take(Int(try number(UInt8.self)))))
        case 0x8e, 0x96: push(.bytes(try take(try length())))
        case UInt8(ascii: "T"): push(oldString(try take(Int(try number(Int32.self)))))
        case UInt8(ascii: "U"): push(oldString(try take(Int(try number(UInt8.self)))))
        default: try performOnObjects(opcode)
        }
    }

    private mutating func performOnObjects(_ opcode: UInt8) throws {
        switch opcode {
        // Tuples.
        case UInt8(ascii: ")"): push(.tuple(0..<0))
        case 0x85: push(tuple([try pop()]))
        case 0x86:
            let second = try pop()
            push(tuple([try pop(), second]))
        case 0x87:
            let (third, second) = (try pop(), try pop())
            push(tuple([try pop(), second, third]))
        case UInt8(ascii: "t"): push(tuple(try popToMark()))
        // Lists and sets.
        case UInt8(ascii: "]"), 0x8f: push(newList([]))
        case UInt8(ascii: "l"): push(newList(Array(try popToMark())))
        case UInt8(ascii: "a"): try append([try pop()])
        case UInt8(ascii: "e"), 0x90: try append(try popToMark())
        case 0x91:
            _ = try popToMark()
            push(.opaque)
        // Dictionaries.
        case UInt8(ascii: "}"): push(newDict([]))
        case UInt8(ascii: "d"):
            let pairs = try pairs(try popToMark())
            push(newDict(pairs))
        case UInt8(ascii: "s"):
            let value = try pop()
            try setItems([(try pop(), value)])
        case UInt8(ascii: "u"): try setItems(try pairs(try popToMark()))
        // Names, and what is made with them.
        case UInt8(ascii: "c"): push(.global(try global(module: try line(), name: try line())))
        case 0x93:
            guard case .string(let name) = try pop(), case .string(let module) = try pop() else { throw damaged("a name is no text") }
            push(.global(try global(module: module, name: name)))
        case UInt8(ascii: "Q"): push(try persistent(try pop()))
        case UInt8(ascii: "R"), 0x81:
            let arguments = try pop()
            guard case .global(let function) = try pop(), case .tuple(let items) = arguments else {
                throw damaged("it calls what is no function")
            }
            push(try made(by: function, items))
        case UInt8(ascii: "b"):
            let state = try pop()
            try build(try top(), state)
        default: throw damaged("the opcode \(opcode) is unknown or not allowed")
        }
    }

    // MARK: Reading

    private mutating func number<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws -> T {
        guard position <= end - MemoryLayout<T>.size, let value = bytes.littleEndian(at: position, as: T.self) else {
            throw damaged("it is cut off")
        }
        position += MemoryLayout<T>.size
        return value
    }

    private mutating func length() throws -> Int {
        guard let length = Int(exactly: try number(UInt64.self)) else { throw damaged("a length reaches past its end") }
        return length
    }

    private mutating func take(_ count: Int) throws -> Range<Int> {
        guard count >= 0, count <= end - position else { throw damaged("a length reaches past its end") }
        defer { position += count }
        return position..<(position + count)
    }

    private mutating func text(_ count: Int) throws -> Range<Int> {
        let range = try take(count)
        guard string(range) != nil else { throw damaged("a text is not UTF-8") }
        return range
    }

    /// The line from here on, without its end.
    private mutating func line() throws -> Range<Int> {
        let start = position
        while try number(UInt8.self) != UInt8(ascii: "\n") {
            guard position - start <= 1000 else { throw damaged("a name is too long") }
        }
        return start..<(position - 1)
    }

    /// Text that was checked when it was read, or nil.
    func string(_ range: Range<Int>) -> String? {
        let text = UnsafeRawBufferPointer(rebasing: bytes[range])
        if text.allSatisfy({ $0 < 0x80 }) { return String(decoding: text, as: UTF8.self) }
        return String(bytes: text, encoding: .utf8)
    }

    /// Python 2 writes text and bytes alike. ASCII is taken as text; what reads bytes takes text of this kind as well.
    private func oldString(_ range: Range<Int>) -> PickleValue {
        bytes[range].allSatisfy { $0 < 0x80 } ? .string(range) : .bytes(range)
    }

    /// A two's complement number of any length.
    private func integer(_ range: Range<Int>) -> PickleValue {
        guard range.count <= 8 else { return .bigInt(range) }
        var value = bytes[range].last.map { $0 & 0x80 != 0 ? -1 : 0 } ?? 0
        for byte in bytes[range].reversed() { value = value << 8 | Int(byte) }
        return .int(value)
    }

    private func global(module: Range<Int>, name: Range<Int>) throws -> PickleGlobal {
        let (module, name) = (
            String(decoding: bytes[module].prefix(100), as: UTF8.self), String(decoding: bytes[name].prefix(100), as: UTF8.self)
        )
        guard let global = PickleGlobal(module: module, name: name) else { throw forbidden("\(module).\(name)") }
        return global
    }

    // MARK: The stack

    private mutating func push(_ value: PickleValue) { stack.append(value) }

    private func top() throws -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.last else { throw damaged("its stack is empty") }
        return value
    }

    private mutating func pop() throws -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func popToMark() throws -> [PickleValue] {
        guard let mark = marks.popLast(), mark <= stack.count else { throw damaged("a mark is missing") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private func recall(_ index: Int) throws -> PickleValue {
        guard let value = memo[index] else { throw damaged("it refers to an object \(index) that it did not keep") }
        return value
    }

    // MARK: Containers

    mutating func tuple(_ values: [PickleValue]) -> PickleValue {
        let start = heap.items.count
        heap.items += values
        return .tuple(start..<heap.items.count)
    }

    mutating func newList(_ values: [PickleValue]) -> PickleValue {
        heap.lists.append(values)
        return .list(heap.lists.count - 1)
    }

    mutating func newDict(_ pairs: [(key: PickleValue, value: PickleValue)]) -> PickleValue {
        heap.dicts.append(pairs)
        return .dict(heap.dicts.count - 1)
    }

    private func pairs(_ values: [PickleValue]) throws -> [(key: PickleValue, value: PickleValue)] {
        guard values.count % 2 == 0 else { throw damaged("a dictionary has a key without a value") }
        return stride(from: 0, to: values.count, by: 2).map { (values[$0], values[$0 + 1]) }
    }

    private mutating func append(_ values: [PickleValue]) throws {
        guard case .list(let list) = try top() else { throw damaged("it appends to what is no list") }
        heap.lists[list] += values
    }

    private mutating func setItems(_ pairs: [(key: PickleValue, value: PickleValue)]) throws {
        guard case .dict(let dict) = try top() else { throw damaged("it sets items of what is no dictionary") }
        heap.dicts[dict] += pairs
    }
}

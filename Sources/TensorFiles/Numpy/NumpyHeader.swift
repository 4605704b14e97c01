/// The header of a `.npy` file: a Python dictionary with `descr`, `fortran_order` and `shape`.
struct NumpyHeader: Equatable {
    /// The element type with its byte order: `<f4`, `|O`.
    private(set) var type = ""
    private(set) var isColumnMajor = false
    private(set) var shape: [Int] = []
    /// Where the elements begin.
    private(set) var end = 0

    /// The six bytes that every such file starts with.
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// - Throws: `TensorFileError.malformed`.
    init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
        func malformed(_ reason: String) -> TensorFileError { .malformed(file: file, reason: "its header \(reason)") }
        guard bytes.count >= 12, bytes.starts(with: Self.magic), (1...3).contains(bytes[6]) else {
            throw malformed("is of an unknown version")
        }
        let isShort = bytes[6] == 1
        let length =
            isShort ? bytes.littleEndian(at: 8, as: UInt16.self).map(Int.init) : bytes.littleEndian(at: 8, as: UInt32.self).map(Int.init)
        let start = isShort ? 10 : 12
        guard let length, length <= 65536, length <= bytes.count - start else { throw malformed("is longer than the file") }
        end = start + length
        var parser = Parser(text: Array(bytes[start..<end]))
        guard parser.take("{") else { throw malformed("is no dictionary") }
        var seen: Set<String> = []
        while !parser.take("}") {
            guard let key = parser.string(), parser.take(":"), seen.insert(key).inserted else { throw malformed("cannot be read") }
            switch key {
            case "descr":
                guard let type = parser.string() else { throw malformed("describes records, which are not supported") }
                self.type = type
            case "fortran_order":
                guard let word = parser.word(), word == "True" || word == "False" else { throw malformed("has no order") }
                isColumnMajor = word == "True"
            case "shape":
                guard let shape = parser.tuple() else { throw malformed("has no shape") }
                self.shape = shape
            default: throw malformed("has an unknown entry")
            }
            _ = parser.take(",")
        }
        guard seen.count == 3 else { throw malformed("lacks descr, fortran_order or shape") }
    }
}

/// Reads the few kinds of Python literals that the header has.
private struct Parser {
    let text: [UInt8]
    var position = 0

    init(text: [UInt8]) { self.text = text }

    private mutating func skipSpaces() {
        while position < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[position]) { position += 1 }
    }

    mutating func take(_ character: Character) -> Bool {
        skipSpaces()
        guard position < text.count, text[position] == character.asciiValue else { return false }
        position += 1
        return true
    }

    /// A quoted string without escapes.
    mutating func string() -> String? {
        skipSpaces()
        guard position < text.count, text[position] == UInt8(ascii: "'") || text[position] == UInt8(ascii: "\""),
            let end = text[(position + 1)...].firstIndex(of: text[position])
        else { return nil }
        defer { position = end + 1 }
        return String(decoding: text[(position + 1)..<end], as: UTF8.self)
    }

    /// Letters and digits.
    mutating func word() -> String? {
        skipSpaces()
        let start = position
        while position < text.count, Character(UnicodeScalar(text[position])).isLetter || Character(UnicodeScalar(text[position])).isNumber
        {
            position += 1
        }
        return position == start ? nil : String(decoding: text[start..<position], as: UTF8.self)
    }

    mutating func tuple() -> [Int]? {
        guard take("(") else { return nil }
        var numbers: [Int] = []
        while !take(")") {
            // Python 2 wrote long integers with an L.
            guard numbers.count < 64, let word = word(), let number = Int(word.hasSuffix("L") ? String(word.dropLast()) : word) else {
                return nil
            }
            numbers.append(number)
            guard take(",") else { return take(")") ? numbers : nil }
        }
        return numbers
    }
}

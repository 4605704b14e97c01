import Foundation
import Media

/// Walks through a JSON file without keeping it: objects and lists are visited in the file's order, and values are decoded, skipped, or
/// remembered by where they lie (`FilePart`), to be decoded later.
///
/// Errors name the place: the keys and indices that lead to it.
final class JSONScanner {
    private let file: RandomAccessFile
    private var bytes: SequentialBytes
    private var place: [String] = []

    /// The most that is decoded at once.
    static let largestValue = 1 << 26
    /// Deeper nesting occurs in no annotation file.
    private static let deepest = 60

    init(_ file: RandomAccessFile) {
        self.file = file
        bytes = SequentialBytes(file)
    }

    /// Visits the fields of an object; `body` has to take each field's value by one call.
    func object(_ body: (String) throws -> Void) throws {
        try expect("{", "an object")
        if try take("}") { return }
        repeat {
            try skipBlanks()
            let key = try string()
            try expect(":", "a colon after the key \"\(key)\"")
            place.append(place.isEmpty ? key : "." + key)
            try body(key)
            place.removeLast()
        } while try take(",")
        try expect("}", "a comma or a closing brace")
    }

    /// Visits the elements of a list; `body` has to take each element by one call.
    func array(_ body: (Int) throws -> Void) throws {
        try expect("[", "a list")
        if try take("]") { return }
        var index = 0
        repeat {
            place.append("[\(index)]")
            try body(index)
            place.removeLast()
            index += 1
        } while try take(",")
        try expect("]", "a comma or a closing bracket")
    }

    /// Whether the next value is an object; false for all others.
    func isObject() throws -> Bool { try peek() == UInt8(ascii: "{") }
    func isArray() throws -> Bool { try peek() == UInt8(ascii: "[") }

    /// Whether the next value is null, which is then taken.
    func isNull() throws -> Bool {
        guard try peek() == UInt8(ascii: "n") else { return false }
        _ = try skip()
        return true
    }

    /// Nothing but blanks may follow.
    func end() throws {
        if let byte = try peek() { throw invalid("something follows the end of the document (byte \(byte))") }
    }

    /// Decodes the next value.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let place = place.joined()
        return try JSONPart(file: file, part: skip(), place: place).decode(type)
    }

    /// Where the next value lies; only its brackets and quotes are looked at.
    func part() throws -> JSONPart {
        let place = place.joined()
        return JSONPart(file: file, part: try skip(), place: place)
    }

    /// Goes past the next value.
    @discardableResult
    func skip() throws -> FilePart {
        try skipBlanks()
        let start = bytes.offset
        // Which brackets are open, the innermost in the lowest bit: 1 for a brace.
        var (open, depth): (UInt64, Int) = (0, 0)
        repeat {
            guard let byte = try bytes.next() else { throw invalid("the file ends in the middle of a value") }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < Self.deepest else { throw invalid("it is nested more than \(Self.deepest) deep") }
                open = open << 1 | (byte == UInt8(ascii: "{") ? 1 : 0)
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0, open & 1 == (byte == UInt8(ascii: "}") ? 1 : 0) else { throw invalid("a bracket closes nothing") }
                open >>= 1
                depth -= 1
            case UInt8(ascii: "\""): try skipString()
            default:
                if depth == 0 {
                    guard Self.isScalar(byte) else { throw invalid("a value is missing") }
                    while let next = try bytes.peek(), Self.isScalar(next) { bytes.advance() }
                }
            }
        } while depth > 0
        return FilePart(start: start, count: bytes.offset - start)
    }

    /// Characters of numbers, true, false, null.
    private static func isScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// After the opening quote.
    private func skipString() throws {
        while let byte = try bytes.next() {
            if byte == UInt8(ascii: "\"") { return }
            if byte == UInt8(ascii: "\\") { _ = try bytes.next() }
        }
        throw invalid("the file ends in the middle of a text")
    }

    private func string() throws -> String {
        guard try bytes.peek() == UInt8(ascii: "\"") else { throw invalid("a key in quotes is missing") }
        let start = bytes.offset
        bytes.advance()
        try skipString()
        let part = FilePart(start: start, count: bytes.offset - start)
        guard part.count <= 4096 else { throw invalid("a key has \(part.count) bytes") }
        return try JSONPart(file: file, part: part, place: place.joined()).decode(String.self)
    }

    private func peek() throws -> UInt8? {
        try skipBlanks()
        return try bytes.peek()
    }

    private func skipBlanks() throws {
        while let byte = try bytes.peek(), byte == 32 || (9...10).contains(byte) || byte == 13 { bytes.advance() }
    }

    private func take(_ character: Unicode.Scalar) throws -> Bool {
        guard try peek() == UInt8(ascii: character) else { return false }
        bytes.advance()
        return true
    }

    private func expect(_ character: Unicode.Scalar, _ what: String) throws {
        guard try take(character) else { throw invalid("\(what) is expected at byte \(bytes.offset)") }
    }

    /// An error at the place where the scanner is.
    func invalid(_ reason: String) -> MaskFormatError {
        .invalid(path: file.path, place: place.isEmpty ? nil : place.joined(), reason: reason)
    }
}

/// A value in a JSON file, to be decoded when it is needed.
struct JSONPart: Sendable {
    let file: RandomAccessFile
    let part: FilePart
    /// Keys and indices that lead to it.
    let place: String

    /// - Throws: `MaskFormatError` that names the place.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        guard part.count <= JSONScanner.largestValue else { throw invalid("it has \(part.count) bytes, more than one value may have") }
        let data = Data(try file.read(part))
        do { return try JSONDecoder().decode(type, from: data) } catch let error as DecodingError {
            throw MaskFormatError(error, path: file.path, place: place)
        } catch let error as RunLengthError {
            throw invalid(error)
        }
    }

    /// The error with this place.
    func invalid(_ error: RunLengthError) -> MaskFormatError {
        invalid(error.description.hasSuffix(".") ? String(error.description.dropLast()) : error.description)
    }

    func invalid(_ reason: String) -> MaskFormatError { .invalid(path: file.path, place: place.isEmpty ? nil : place, reason: reason) }
}

extension MaskFormatError {
    /// A decoding error with the place in the file.
    init(_ error: DecodingError, path: String, place: String) {
        func at(_ context: DecodingError.Context) -> String {
            context.codingPath.reduce(place) { text, key in
                text + (key.intValue.map { "[\($0)]" } ?? (text.isEmpty ? "" : ".") + key.stringValue)
            }
        }
        let (whole, reason): (String, String) =
            switch error {
            case .typeMismatch(_, let context): (at(context), "it is of another kind than expected")
            case .valueNotFound(_, let context): (at(context), "a value is missing")
            case .keyNotFound(let key, let context): (at(context), "the field \"\(key.stringValue)\" is missing")
            case .dataCorrupted(let context): (at(context), "it is damaged, or no JSON")
            @unknown default: (place, "it cannot be decoded")
            }
        self = .invalid(path: path, place: whole.isEmpty ? nil : whole, reason: reason)
    }
}

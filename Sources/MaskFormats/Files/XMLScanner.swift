import Foundation

/// Walks through the elements of an XML file without keeping it. Text between elements is passed over; documents that declare types or
/// entities are refused, since annotation files have none.
///
/// Errors name the line.
struct XMLScanner {
    enum Event {
        /// - isEmpty: whether the element closes itself; no `close` follows.
        case open(name: String, attributes: [String: String], isEmpty: Bool)
        case close(name: String)
    }

    private let file: RandomAccessFile
    private var bytes: SequentialBytes
    private(set) var line: Int
    private var open: [String] = []
    /// Where the element of the last event begins.
    private(set) var start = 0
    private(set) var startLine = 1

    /// More is no name.
    private static let longestName = 256
    private static let longestValue = 1 << 26
    private static let deepest = 60

    /// - Parameters:
    ///   - part: to be read; nil: all.
    ///   - line: the number of its first line.
    init(_ file: RandomAccessFile, part: FilePart? = nil, line: Int = 1) {
        (self.file, self.line) = (file, line)
        bytes = SequentialBytes(file, part: part)
    }

    /// Where the next event's bytes begin.
    var offset: Int { bytes.offset }

    /// The next element's beginning or end; nil at the end of the file.
    mutating func next() throws -> Event? {
        while true {
            guard try skip(until: UInt8(ascii: "<")) else {
                guard open.isEmpty else { throw invalid("the file ends inside <\(open[open.count - 1])>") }
                return nil
            }
            (start, startLine) = (bytes.offset - 1, line)
            switch try bytes.peek() {
            case UInt8(ascii: "?"): try skip(past: "?>")
            case UInt8(ascii: "!"): try skipDeclaration()
            case UInt8(ascii: "/"):
                _ = try take()
                let name = try self.name()
                try skipBlanks()
                guard try take() == UInt8(ascii: ">"), open.popLast() == name else { throw invalid("</\(name)> closes nothing") }
                return .close(name: name)
            default: return try element()
            }
        }
    }

    private mutating func element() throws -> Event {
        let name = try self.name()
        var attributes: [String: String] = [:]
        while true {
            try skipBlanks()
            guard let byte = try bytes.peek() else { throw invalid("the file ends inside <\(name)>") }
            if byte == UInt8(ascii: ">") {
                _ = try take()
                guard open.count < Self.deepest else { throw invalid("it is nested more than \(Self.deepest) deep") }
                open.append(name)
                return .open(name: name, attributes: attributes, isEmpty: false)
            }
            if byte == UInt8(ascii: "/") {
                _ = try take()
                guard try take() == UInt8(ascii: ">") else { throw invalid("<\(name)> is not closed") }
                return .open(name: name, attributes: attributes, isEmpty: true)
            }
            let key = try self.name()
            try skipBlanks()
            guard try take() == UInt8(ascii: "=") else { throw invalid("the attribute \(key) of <\(name)> has no value") }
            try skipBlanks()
            let value = try self.value(of: key)
            guard attributes.count < 256, attributes.updateValue(value, forKey: key) == nil else {
                throw invalid("<\(name)> has the attribute \(key) twice, or too many of them")
            }
        }
    }

    private mutating func name() throws -> String {
        var name: [UInt8] = []
        while let byte = try bytes.peek(), Self.isNamePart(byte) {
            _ = try take()
            guard name.count < Self.longestName else { throw invalid("a name is too long") }
            name.append(byte)
        }
        guard !name.isEmpty, let text = String(validating: name, as: UTF8.self) else { throw invalid("a name is missing") }
        return text
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...32, UInt8(ascii: "="), UInt8(ascii: ">"), UInt8(ascii: "/"), UInt8(ascii: "<"), UInt8(ascii: "\""), UInt8(ascii: "'"):
            false
        default: true
        }
    }

    private mutating func value(of key: String) throws -> String {
        guard let quote = try take(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw invalid("the value of \(key) has no quotes")
        }
        var value: [UInt8] = []
        while let byte = try take() {
            if byte == quote {
                guard let text = String(validating: value, as: UTF8.self) else { throw invalid("the value of \(key) is not UTF-8") }
                return text
            }
            guard value.count < Self.longestValue, byte != UInt8(ascii: "<") else { throw invalid("the value of \(key) does not end") }
            if byte == UInt8(ascii: "&") { try value.append(contentsOf: reference()) } else { value.append(byte) }
        }
        throw invalid("the file ends in the value of \(key)")
    }

    /// What stands between an ampersand and a semicolon.
    private mutating func reference() throws -> [UInt8] {
        var name: [UInt8] = []
        while let byte = try take(), byte != UInt8(ascii: ";") {
            guard name.count < 12 else { throw invalid("an ampersand begins no reference") }
            name.append(byte)
        }
        let text = String(decoding: name, as: UTF8.self)
        if let plain = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"][text] { return Array(plain.utf8) }
        let code = text.hasPrefix("#x") ? UInt32(text.dropFirst(2), radix: 16) : text.hasPrefix("#") ? UInt32(text.dropFirst()) : nil
        guard let code, code > 0, let scalar = Unicode.Scalar(code) else { throw invalid("&\(text); stands for nothing that is known") }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func skipDeclaration() throws {
        _ = try take()
        switch try take() {
        case UInt8(ascii: "-"): try skip(past: "-->")
        case UInt8(ascii: "["): try skip(past: "]]>")
        default: throw invalid("a document type is declared, which annotation files do not do")
        }
    }

    /// Goes past the next occurrence of a text of ASCII.
    private mutating func skip(past end: String) throws {
        let wanted = Array(end.utf8)
        var last: [UInt8] = []
        while let byte = try take() {
            last.append(byte)
            if last.count > wanted.count { last.removeFirst() }
            if last == wanted { return }
        }
        throw invalid("the file ends before \(end)")
    }

    private mutating func skip(until wanted: UInt8) throws -> Bool {
        while let byte = try take() {
            if byte == wanted { return true }
        }
        return false
    }

    private mutating func skipBlanks() throws {
        while let byte = try bytes.peek(), byte == 32 || (9...13).contains(byte) { _ = try take() }
    }

    private mutating func take() throws -> UInt8? {
        let byte = try bytes.next()
        if byte == 10 { line += 1 }
        return byte
    }

    /// An error at the line where the scanner is.
    func invalid(_ reason: String) -> MaskFormatError { .invalid(path: file.path, place: "line \(line)", reason: reason) }
}

extension String {
    /// As the value of an XML attribute.
    var xml: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "\n", "\t", "\r": text += "&#\(scalar.value);"
            // XML has no form for other control characters.
            case let other where other.value < 32 || other.value == 0xfffe || other.value == 0xffff: text += "\u{fffd}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

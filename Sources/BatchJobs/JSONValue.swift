import Foundation

/// Any JSON, kept as it is: what a line of a manifest passes on to others.
public enum JSONValue: Sendable, Equatable, Codable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([JSONValue])
    case object([String: JSONValue])

    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let object = try? value.decode([String: JSONValue].self) {
            self = .object(object)
        } else if let list = try? value.decode([JSONValue].self) {
            self = .list(list)
        } else if let flag = try? value.decode(Bool.self) {
            self = .bool(flag)
        } else if let integer = try? value.decode(Int.self) {
            self = .integer(integer)
        } else {
            self = .number(try value.decode(Double.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let flag): try value.encode(flag)
        case .integer(let integer): try value.encode(integer)
        case .number(let number): try value.encode(number)
        case .string(let text): try value.encode(text)
        case .list(let list): try value.encode(list)
        case .object(let object): try value.encode(object)
        }
    }

    /// How deeply values lie in each other at most in what `init(parsing:)` reads.
    static let greatestDepth = 32

    /// Equal values have equal text: keys in order, no spaces.
    public func canonicalText() throws -> String { String(decoding: try JSONLine.encode(self), as: UTF8.self) }
}

/// JSON documents of one line, as manifests, journals and messages between processes have them.
enum JSONLine {
    /// Without the line's end. Keys are in order.
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// For files that people look into.
    static func encodePretty(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value) + Data("\n".utf8)
    }

    /// Whether brackets lie in each other deeper than is reasonable; parsers recurse.
    static func isTooDeep(_ data: Data) -> Bool { data.withUnsafeBytes(isTooDeep) }

    private static func isTooDeep(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var depth = 0
        var isString = false
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                isEscaped = false
            } else if isString {
                if byte == UInt8(ascii: "\\") { isEscaped = true } else if byte == UInt8(ascii: "\"") { isString = false }
            } else if byte == UInt8(ascii: "\"") {
                isString = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
                if depth > JSONValue.greatestDepth { return true }
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
            }
        }
        return false
    }
}

extension DecodingError {
    /// The field and what is wrong with it, in words.
    var sentence: String {
        switch self {
        case .typeMismatch(_, let context): "\(Self.field(context.codingPath))has another type than is expected"
        case .valueNotFound(_, let context): "\(Self.field(context.codingPath))is null"
        case .keyNotFound(let key, let context): "\(Self.field(context.codingPath + [key]))is missing"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty && context.underlyingError != nil
                ? "is not valid JSON" : "\(Self.field(context.codingPath))\(context.debugDescription)"
        @unknown default: "\(self)"
        }
    }

    private static func field(_ path: [any CodingKey]) -> String {
        guard !path.isEmpty else { return "" }
        var text = ""
        for key in path {
            if let index = key.intValue { text += "[\(index)]" } else { text += (text.isEmpty ? "" : ".") + key.stringValue }
        }
        return "\"\(text)\" "
    }
}

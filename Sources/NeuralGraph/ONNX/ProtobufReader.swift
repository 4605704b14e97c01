import Foundation

/// Reads one protobuf message field by field.
struct ProtobufReader {
    /// A field's contents.
    enum Contents {
        case varint(UInt64)
        case fixed32(UInt32)
        case delimited(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field; nil at the end of the message.
    /// - Throws: `ONNXFileError.malformed`.
    mutating func next() throws -> (field: Int, contents: Contents)? {
        guard !rest.isEmpty else { return nil }
        let key = try varint()
        guard let type = ProtobufWireType(rawValue: UInt8(key & 7)), let field = Int(exactly: key >> 3), field > 0 else {
            throw ONNXFileError.malformed(reason: "a field has the key \(key)")
        }
        switch type {
        case .varint: return (field, .varint(try varint()))
        case .fixed32: return (field, .fixed32(try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }))
        case .delimited: return (field, .delimited(try take(varint())))
        }
    }

    private mutating func varint() throws -> UInt64 {
        var (number, shift): (UInt64, UInt64) = (0, 0)
        while let byte = rest.popFirst(), shift < 64 {
            number |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return number }
            shift += 7
        }
        throw ONNXFileError.malformed(reason: "it ends within a number")
    }

    private mutating func take(_ count: UInt64) throws -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw ONNXFileError.malformed(reason: "it ends within a field") }
        let taken = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        return taken
    }
}

extension ProtobufReader.Contents {
    func number() throws -> Int64 {
        guard case .varint(let number) = self else { throw ONNXFileError.malformed(reason: "a field that should be a whole number is not") }
        return Int64(bitPattern: number)
    }

    func float() throws -> Float {
        guard case .fixed32(let bits) = self else { throw ONNXFileError.malformed(reason: "a field that should be a number is not") }
        return Float(bitPattern: bits)
    }

    func bytes() throws -> ArraySlice<UInt8> {
        guard case .delimited(let bytes) = self else { throw ONNXFileError.malformed(reason: "a field that should have a length has none") }
        return bytes
    }

    func text() throws -> String {
        guard let text = String(bytes: try bytes(), encoding: .utf8) else { throw ONNXFileError.malformed(reason: "a name is not UTF-8") }
        return text
    }

    func message<Message: ProtobufMessage>() throws -> Message { try Message(bytes()) }
}

import Foundation

/// The bytes of one protobuf message, field by field. Callers write fields in ascending order, as every serialiser does.
struct ProtobufWriter {
    private(set) var bytes = Data()

    mutating func write(_ field: Int, _ number: Int64) {
        key(field, .varint)
        varint(UInt64(bitPattern: number))
    }

    mutating func write(_ field: Int, _ number: Float) {
        key(field, .fixed32)
        withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ field: Int, _ contents: Data) {
        key(field, .delimited)
        varint(UInt64(contents.count))
        bytes.append(contents)
    }

    mutating func write(_ field: Int, _ text: String) { write(field, Data(text.utf8)) }

    mutating func write(_ field: Int, _ message: some ProtobufMessage) { write(field, message.serialized()) }

    /// A message within this one, without a type of its own.
    mutating func write(_ field: Int, nested: (inout ProtobufWriter) -> Void) {
        var writer = ProtobufWriter()
        nested(&writer)
        write(field, writer.bytes)
    }

    /// What stands before `count` bytes that are the contents of a field.
    static func head(_ field: Int, count: Int) -> Data {
        var writer = ProtobufWriter()
        writer.key(field, .delimited)
        writer.varint(UInt64(count))
        return writer.bytes
    }

    private mutating func key(_ field: Int, _ type: ProtobufWireType) { varint(UInt64(field) << 3 | UInt64(type.rawValue)) }

    private mutating func varint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// How a field's contents are encoded (the types that ONNX uses).
enum ProtobufWireType: UInt8 {
    case varint = 0
    case delimited = 2
    case fixed32 = 5
}

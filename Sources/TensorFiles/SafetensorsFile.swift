import Foundation

/// A `.safetensors` file, memory-mapped: an 8-byte header length, a JSON header, and the tensors' bytes.
///
/// The header is checked completely on opening: a tensor whose bytes lie outside the file, overlap another's or do not fit its
/// shape is refused, so that reading a tensor later cannot go astray.
public struct SafetensorsFile: TensorSource {
    /// How a tensor's elements are stored.
    public enum ElementType: String, Sendable, CaseIterable {
        case float64 = "F64"
        case float32 = "F32"
        case float16 = "F16"
        case bfloat16 = "BF16"
        case int64 = "I64"
        case int32 = "I32"
        case int16 = "I16"
        case int8 = "I8"
        case uint8 = "U8"
        case bool = "BOOL"

        var byteCount: Int {
            switch self {
            case .float64, .int64: 8
            case .float32, .int32: 4
            case .float16, .bfloat16, .int16: 2
            case .int8, .uint8, .bool: 1
            }
        }
    }

    private struct Entry: Sendable {
        var type: ElementType
        var shape: [Int]
        var bytes: Range<Int>
    }

    public let name: String
    public let fingerprint: String
    /// The header's free-form strings.
    public let metadata: [String: String]
    private let data: Data
    private let entries: [String: Entry]

    /// - Throws: `TensorFileError` when the file is absent, truncated or malformed.
    public init(url: URL) throws {
        let data: Data
        do {
            data = try Data(contentsOf: url, options: .mappedIfSafe)
        } catch {
            throw TensorFileError.unreadable(file: url.path, reason: error.localizedDescription)
        }
        try self.init(data: data, name: url.path)
    }

    /// - Parameter name: for messages.
    public init(data: Data, name: String) throws {
        func malformed(_ reason: String) -> TensorFileError { .malformed(file: name, reason: reason) }
        guard data.count >= 8 else { throw malformed("it is shorter than a header") }
        let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(data.count - 8), length <= 100_000_000 else { throw malformed("the header is longer than the file") }
        let start = 8 + Int(length)
        let header = data.subdata(in: (data.startIndex + 8)..<(data.startIndex + start))
        let fields: Header
        do {
            fields = try JSONDecoder().decode(Header.self, from: header)
        } catch DecodingError.dataCorrupted {
            throw malformed("the header is not JSON")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.keyNotFound(_, let context)
        {
            let place = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw malformed("header \(place.isEmpty ? "" : "at \(place)"): \(context.debugDescription)")
        }
        var entries: [String: Entry] = [:]
        for (key, value) in fields.tensors {
            entries[key] = try Self.entry(key, value, start: start, size: data.count, file: name)
        }
        let ordered = entries.sorted { $0.value.bytes.lowerBound < $1.value.bytes.lowerBound }
        for (a, b) in zip(ordered, ordered.dropFirst()) where a.value.bytes.upperBound > b.value.bytes.lowerBound {
            throw malformed("the tensors \(a.key) and \(b.key) overlap")
        }
        self.name = name
        metadata = fields.metadata
        self.data = data
        fingerprint = String(Fingerprint(ofLarge: data).value, radix: 16)
        self.entries = entries
    }

    private static func entry(_ key: String, _ fields: Header.Tensor, start: Int, size: Int, file: String) throws -> Entry {
        func malformed(_ reason: String) -> TensorFileError { .malformed(file: file, reason: "tensor \(key): \(reason)") }
        let (typeName, shape, offsets) = (fields.dtype, fields.shape, fields.data_offsets)
        guard let type = ElementType(rawValue: typeName) else {
            throw TensorFileError.unsupportedType(file: file, tensor: key, type: typeName)
        }
        guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= size - start else {
            throw malformed("its bytes lie outside the file")
        }
        var count = 1
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { throw malformed("the shape \(shape) is impossible") }
            count = product
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: type.byteCount)
        guard !overflow, bytes == offsets[1] - offsets[0] else { throw malformed("its bytes do not fit the shape \(shape)") }
        return Entry(type: type, shape: shape, bytes: (start + offsets[0])..<(start + offsets[1]))
    }

    public var tensorNames: [String] { entries.keys.sorted() }
    public func shape(of tensor: String) -> [Int]? { entries[tensor]?.shape }
    public func elementType(of tensor: String) -> ElementType? { entries[tensor]?.type }

    public func tensor(_ tensor: String) throws -> Tensor {
        guard let entry = entries[tensor] else { throw TensorFileError.missingTensor(file: name, tensor: tensor) }
        return data.withUnsafeBytes { bytes in
            let source = UnsafeRawBufferPointer(rebasing: bytes[entry.bytes])
            return Tensor(shape: entry.shape) { target in
                for i in 0..<target.count { target[i] = Self.element(source, i, entry.type) }
            }
        }
    }

    @inline(__always)
    private static func element(_ bytes: UnsafeRawBufferPointer, _ i: Int, _ type: ElementType) -> Float {
        switch type {
        case .float64: Float(bytes.loadUnaligned(fromByteOffset: 8 * i, as: Double.self))
        case .float32: bytes.loadUnaligned(fromByteOffset: 4 * i, as: Float.self)
        case .float16: Float(half: bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
        case .bfloat16: Float(bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)) << 16)
        case .int64: Float(bytes.loadUnaligned(fromByteOffset: 8 * i, as: Int64.self))
        case .int32: Float(bytes.loadUnaligned(fromByteOffset: 4 * i, as: Int32.self))
        case .int16: Float(bytes.loadUnaligned(fromByteOffset: 2 * i, as: Int16.self))
        case .int8: Float(bytes.load(fromByteOffset: i, as: Int8.self))
        case .uint8, .bool: Float(bytes[i])
        }
    }
}

/// The JSON header. Decoded by type, so that neither fractions nor booleans pass for sizes.
private struct Header: Decodable {
    struct Tensor: Decodable {
        var dtype: String
        var shape: [Int]
        var data_offsets: [Int]
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    var tensors: [String: Tensor] = [:]
    var metadata: [String: String] = [:]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for key in container.allKeys {
            if key.stringValue == "__metadata__" {
                metadata = try container.decode([String: String].self, forKey: key)
            } else {
                tensors[key.stringValue] = try container.decode(Tensor.self, forKey: key)
            }
        }
    }
}

extension Float {
    /// The value of an IEEE half given by its bits. (`Float16` does not exist on every platform.)
    init(half bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1f
        let fraction = UInt32(bits & 0x3ff)
        switch exponent {
        case 0: self = Float(fraction) * 0x1p-24 * (sign == 0 ? 1 : -1)
        case 31: self = Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}

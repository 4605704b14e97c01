import Foundation

/// The table of contents of a zip archive whose records are stored uncompressed, as PyTorch writes it.
///
/// Strict: the directory must lie inside the file, and records must not overlap, repeat a name or climb out of the archive. Records
/// that are compressed are listed, not read.
struct ZipArchive {
    struct Record {
        var name: String
        var bytes: Range<Int>
        var checksum: UInt32
        var isCompressed: Bool
    }

    private let file: String
    private let bytes: UnsafeRawBufferPointer
    /// In the order of their places in the file.
    private(set) var records: [Record] = []
    /// The bytes of the directory and the end record.
    private(set) var directory = 0..<0

    init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
        self.bytes = bytes
        self.file = file
        let end = try endRecord()
        let (count, size, offset, limit) = try directoryPlace(end)
        guard offset <= limit, size <= limit - offset, count <= size / 46 else { throw malformed("its directory lies outside the file") }
        directory = offset..<bytes.count
        var position = offset
        var headers: [(start: Int, record: Record)] = []
        for _ in 0..<count { headers.append(try entry(at: &position, limit: offset + size, dataLimit: offset)) }
        headers.sort { $0.start < $1.start }
        for (a, b) in zip(headers, headers.dropFirst()) where a.record.bytes.upperBound > b.start {
            throw malformed("the records \(a.record.name) and \(b.record.name) overlap")
        }
        var names: Set<String> = []
        for (_, record) in headers {
            guard names.insert(record.name).inserted else { throw malformed("two records are called \(record.name)") }
        }
        records = headers.map(\.record)
    }

    private func malformed(_ reason: String) -> TensorFileError { .malformed(file: file, reason: "zip archive: \(reason)") }

    private func number<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ offset: Int) throws -> Int {
        guard let value = bytes.littleEndian(at: offset, as: T.self), let number = Int(exactly: value) else {
            throw malformed("a number lies outside the file")
        }
        return number
    }

    /// The place of the end record; only a comment may follow it.
    private func endRecord() throws -> Int {
        var position = bytes.count - 22
        let lowest = max(0, position - 65535)
        while position >= lowest {
            if bytes[position] == 0x50, bytes.littleEndian(at: position, as: UInt32.self) == 0x0605_4b50,
                bytes.littleEndian(at: position + 20, as: UInt16.self) == UInt16(bytes.count - 22 - position)
            {
                return position
            }
            position -= 1
        }
        throw malformed("it is cut off: its directory is missing; download the file again")
    }

    private func directoryPlace(_ end: Int) throws -> (count: Int, size: Int, offset: Int, limit: Int) {
        let count = try number(UInt16.self, end + 10)
        let (size, offset) = (try number(UInt32.self, end + 12), try number(UInt32.self, end + 16))
        guard count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff else { return (count, size, offset, end) }
        guard end >= 20, try number(UInt32.self, end - 20) == 0x0706_4b50 else { throw malformed("its 64-bit directory is missing") }
        let large = try number(UInt64.self, end - 12)
        guard large <= end - 20 - 56, try number(UInt32.self, large) == 0x0606_4b50 else {
            throw malformed("its 64-bit directory is missing")
        }
        return (try number(UInt64.self, large + 32), try number(UInt64.self, large + 40), try number(UInt64.self, large + 48), large)
    }

    private func entry(at position: inout Int, limit: Int, dataLimit: Int) throws -> (start: Int, record: Record) {
        guard position <= limit - 46, try number(UInt32.self, position) == 0x0201_4b50 else { throw malformed("its directory is damaged") }
        let (flags, method) = (try number(UInt16.self, position + 8), try number(UInt16.self, position + 10))
        let checksum = try number(UInt32.self, position + 16)
        var (stored, size) = (try number(UInt32.self, position + 20), try number(UInt32.self, position + 24))
        var start = try number(UInt32.self, position + 42)
        let (nameLength, extraLength) = (try number(UInt16.self, position + 28), try number(UInt16.self, position + 30))
        let next = position + 46 + nameLength + extraLength + (try number(UInt16.self, position + 32))
        guard next <= limit else { throw malformed("its directory is damaged") }
        let nameBytes = bytes[(position + 46)..<(position + 46 + nameLength)]
        guard let name = String(bytes: nameBytes, encoding: .utf8), Self.isPlain(name) else {
            throw malformed(
                "a record has the name \(String(decoding: nameBytes.prefix(100), as: UTF8.self)), which leads out of the archive")
        }
        guard flags & 1 == 0 else { throw malformed("the record \(name) is encrypted") }
        try largeNumbers(
            extra: (position + 46 + nameLength)..<(position + 46 + nameLength + extraLength), size: &size, stored: &stored, start: &start)
        // The record's own header must agree.
        guard start <= dataLimit - 30, try number(UInt32.self, start) == 0x0403_4b50, try number(UInt16.self, start + 26) == nameLength,
            start + 30 + nameLength <= dataLimit, bytes[(start + 30)..<(start + 30 + nameLength)].elementsEqual(nameBytes)
        else { throw malformed("the record \(name) is not where the directory says") }
        let data = start + 30 + nameLength + (try number(UInt16.self, start + 28))
        guard data <= dataLimit, stored <= dataLimit - data, method != 0 || stored == size else {
            throw malformed("the record \(name) reaches past the end")
        }
        position = next
        return (
            start,
            Record(name: name, bytes: data..<(data + stored), checksum: UInt32(truncatingIfNeeded: checksum), isCompressed: method != 0)
        )
    }

    /// Sizes and places beyond 32 bits stand in an extra field, in this order and only where they are needed.
    private func largeNumbers(extra: Range<Int>, size: inout Int, stored: inout Int, start: inout Int) throws {
        var position = extra.lowerBound
        while position + 4 <= extra.upperBound {
            let (kind, length) = (try number(UInt16.self, position), try number(UInt16.self, position + 2))
            position += 4
            guard length <= extra.upperBound - position else { throw malformed("its directory is damaged") }
            if kind == 1 {
                var field = position
                func take(_ value: inout Int) throws {
                    guard value == 0xffff_ffff else { return }
                    guard field + 8 <= position + length else { throw malformed("its directory is damaged") }
                    value = try number(UInt64.self, field)
                    field += 8
                }
                try take(&size)
                try take(&stored)
                try take(&start)
                return
            }
            position += length
        }
    }

    /// Whether a name stays inside the archive.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("/") && !name.contains("\\") && !name.utf8.contains(0)
            && !name.split(separator: "/").contains { $0 == ".." || $0 == "." }
    }
}

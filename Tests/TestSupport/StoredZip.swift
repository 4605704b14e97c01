import Foundation

/// A zip archive of uncompressed records, for tests that make or change checkpoints.
public struct StoredZip {
    public var records: [(name: String, bytes: [UInt8])]

    public init(_ records: [(name: String, bytes: [UInt8])]) { self.records = records }

    /// The records of an archive made by PyTorch or by `data`; nil for other files.
    public init?(_ archive: Data) {
        let bytes = [UInt8](archive)
        func number(_ offset: Int, _ size: Int) -> Int? {
            guard offset >= 0, offset + size <= bytes.count else { return nil }
            return (0..<size).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
        }
        let end = bytes.count - 22
        guard number(end, 4) == 0x0605_4b50, let count = number(end + 10, 2), var position = number(end + 16, 4) else { return nil }
        records = []
        for _ in 0..<count {
            guard number(position, 4) == 0x0201_4b50, let size = number(position + 20, 4), number(position + 24, 4) == size,
                let name = number(position + 28, 2), let extra = number(position + 30, 2), let comment = number(position + 32, 2),
                let start = number(position + 42, 4), let localName = number(start + 26, 2), let localExtra = number(start + 28, 2),
                position + 46 + name <= bytes.count, start + 30 + localName + localExtra + size <= bytes.count
            else { return nil }
            let data = start + 30 + localName + localExtra
            records.append(
                (String(decoding: bytes[(position + 46)..<(position + 46 + name)], as: UTF8.self), Array(bytes[data..<(data + size)])))
            position += 46 + name + extra + comment
        }
    }

    /// The archive, with right checksums.
    public var data: Data { data(with64BitNumbers: false) }

    /// - Parameter large: whether sizes and places are written as in archives beyond 4 GiB.
    public func data(with64BitNumbers large: Bool) -> Data {
        var archive: [UInt8] = []
        var directory: [UInt8] = []
        func little(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        for (name, bytes) in records {
            let checksum = little(0, 8) + little(Int(Self.checksum(bytes)), 4)
            let (size, nameSize) = (little(bytes.count, 4), little(name.utf8.count, 2))
            let extra =
                large ? little(1, 2) + little(24, 2) + little(bytes.count, 8) + little(bytes.count, 8) + little(archive.count, 8) : []
            directory +=
                little(0x0201_4b50, 4) + little(20, 2) + little(20, 2) + checksum + (large ? little(-1, 8) : size + size) + nameSize
            directory += little(extra.count, 2) + little(0, 10) + little(large ? -1 : archive.count, 4) + Array(name.utf8) + extra
            archive += little(0x0403_4b50, 4) + little(20, 2) + checksum + size + size + nameSize + little(0, 2) + Array(name.utf8) + bytes
        }
        let (start, count) = (archive.count, records.count)
        archive += directory
        if large {
            let record = archive.count
            archive += little(0x0606_4b50, 4) + little(44, 8) + little(0, 12) + little(count, 8) + little(count, 8)
            archive +=
                little(directory.count, 8) + little(start, 8) + little(0x0706_4b50, 4) + little(0, 4) + little(record, 8) + little(1, 4)
        }
        archive += little(0x0605_4b50, 4) + little(0, 4) + little(large ? -1 : count, 2) + little(large ? -1 : count, 2)
        archive += little(large ? -1 : directory.count, 4) + little(large ? -1 : start, 4) + little(0, 2)
        return Data(archive)
    }

    /// The CRC-32 of zip archives, gzip and PNG.
    public static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0 as UInt32) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 0 ? value >> 1 : 0xedb8_8320 ^ value >> 1 }
    }
}

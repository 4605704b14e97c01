import CZlib
import Foundation

/// The tensors of a file by name: what every format's reader is made of once its header is read.
struct TensorTable: Sendable {
    /// A stretch of the file with a CRC-32.
    struct Record: Sendable {
        var name: String
        var bytes: Range<Int>
        var checksum: UInt32
    }

    let contents: FileContents
    let entries: [String: StoredTensor]
    private let checks: RecordChecks

    init(contents: FileContents, entries: [String: StoredTensor], records: [Record] = []) {
        self.contents = contents
        self.entries = entries
        checks = RecordChecks(records)
    }

    var names: [String] { entries.keys.sorted() }

    func tensor(_ name: String) throws -> Tensor {
        let stored = try checked(name)
        return try stored.mapped(in: contents) ?? stored.floats(in: contents.data)
    }

    func bytes(of name: String) throws -> Data { try checked(name).bytes(in: contents.data) }

    func location(of name: String) throws -> FileLocation? {
        guard let url = contents.url, entries[name]?.fileRange != nil, let range = try checked(name).fileRange else { return nil }
        return FileLocation(url: url, offset: range.lowerBound, byteCount: range.count)
    }

    private func checked(_ name: String) throws -> StoredTensor {
        guard let entry = entries[name] else { throw TensorFileError.missingTensor(file: contents.name, tensor: name) }
        if let record = entry.record, let damaged = checks.damage(in: record, of: contents.data) {
            throw TensorFileError.damagedTensor(
                file: contents.name, tensor: name, reason: "the checksum of its record \(damaged) disagrees; download the file again")
        }
        return entry
    }
}

/// Checks each record's checksum once, when it is first read: opening a large file stays quick.
private final class RecordChecks: @unchecked Sendable {
    private let records: [TensorTable.Record]
    private let lock = NSLock()
    private var intact: Set<Int> = []

    init(_ records: [TensorTable.Record]) { self.records = records }

    /// The name of the record if it is damaged.
    func damage(in record: Int, of data: Data) -> String? {
        guard records.indices.contains(record), !lock.withLock({ intact.contains(record) }) else { return nil }
        guard data.crc32(of: records[record].bytes) == records[record].checksum else { return records[record].name }
        lock.withLock { _ = intact.insert(record) }
        return nil
    }
}

extension Data {
    /// The CRC-32 of zip archives.
    func crc32(of range: Range<Int>) -> UInt32 {
        withUnsafeBytes { bytes in
            UInt32(
                truncatingIfNeeded: crc32_z(
                    0, bytes.baseAddress?.advanced(by: range.lowerBound).assumingMemoryBound(to: UInt8.self), range.count))
        }
    }
}

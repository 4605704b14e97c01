import CZlib
import Foundation
import Media
import Support

/// A zip archive as the data sets' servers take it: the results' files uncompressed, since PNGs are so already. Written file by file, of
/// any size (ZIP64 where it is needed; APPNOTE 6.3.10).
enum SubmissionArchive {
    /// - Parameter folder: whose contents become the archive's; hidden files are left out.
    /// - Throws: `MediaError`; `CancellationError`.
    static func write(_ folder: String, to path: String) throws {
        let file = try PartFile(for: path)
        do {
            try fill(file, from: folder)
            try file.commit()
        } catch {
            file.discard()
            throw error
        }
    }

    private static func fill(_ file: PartFile, from folder: String) throws {
        var directory: [UInt8] = []
        var (position, count) = (0, 0)
        for name in try names(folder, below: "") {
            try Cancellation.check()
            let data = try InputFile.read(folder + "/" + name, limit: Int(UInt32.max) - 1)
            let checksum = data.withUnsafeBytes { bytes in
                crc32(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(bytes.count))
            }
            // Version 4.5 for ZIP64, names in UTF-8, stored, the first day that zip knows.
            let fields: [UInt8] =
                little(0x0800, 2) + little(0, 2) + little(0, 2) + little(0x21, 2) + little(Int(checksum), 4) + little(data.count, 4)
                + little(data.count, 4) + little(name.utf8.count, 2)
            let header = little(0x0403_4b50, 4) + little(45, 2) + fields + little(0, 2) + Array(name.utf8)
            try file.write(Data(header))
            try file.write(data)
            let isFar = position >= Int(UInt32.max)
            let extra = isFar ? little(1, 2) + little(8, 2) + little(position, 8) : []
            directory += little(0x0201_4b50, 4) + little(45, 2) + little(45, 2) + fields + little(extra.count, 2)
            directory += [UInt8](repeating: 0, count: 10) + little(isFar ? Int(UInt32.max) : position, 4) + Array(name.utf8) + extra
            position += header.count + data.count
            count += 1
        }
        try file.write(Data(directory))
        let needsMore = count >= 0xffff || position + directory.count >= Int(UInt32.max)
        if needsMore {
            let record =
                little(0x0606_4b50, 4) + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 4) + little(0, 4) + little(count, 8)
                + little(count, 8) + little(directory.count, 8) + little(position, 8)
            let locator = little(0x0706_4b50, 4) + little(0, 4) + little(position + directory.count, 8) + little(1, 4)
            try file.write(Data(record + locator))
        }
        let shown = needsMore ? 0xffff : count
        try file.write(
            Data(
                little(0x0605_4b50, 4) + little(0, 4) + little(shown, 2) + little(shown, 2)
                    + little(needsMore ? Int(UInt32.max) : directory.count, 4) + little(needsMore ? Int(UInt32.max) : position, 4)
                    + little(0, 2)))
    }

    /// The files in a folder and those below it, in order.
    private static func names(_ folder: String, below prefix: String) throws -> [String] {
        let files = try FolderListing.names(folder, pathExtensions: ["png"]).sorted().map { prefix + $0 }
        return try files + FolderListing.folders(folder).flatMap { try names(folder + "/" + $0, below: prefix + $0 + "/") }
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}

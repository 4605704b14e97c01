import CZlib
import Foundation
import Support

/// Zip archives of folders: files as they are, uncompressed, since pictures are compressed already. Of any size (ZIP64 where it is needed;
/// APPNOTE 6.3.10), written file by file.
package enum ZipFile {
    /// - Parameters:
    ///   - folder: whose contents become the archive's; hidden files and symbolic links are left out.
    ///   - pathExtensions: of the files to take; nil: all.
    ///   - isWanted: whether a file is taken, by its path below the folder.
    /// - Throws: `FileError`, also for a file of 4 GB or more; `CancellationError`. No archive is there then.
    package static func write(
        folder: String, to path: String, pathExtensions: Set<String>? = nil, where isWanted: (String) -> Bool = { _ in true }
    ) throws {
        let file = try PartFile(for: path)
        do {
            try fill(file, from: folder, names(folder, below: "", pathExtensions).filter(isWanted))
            try file.commit()
        } catch {
            file.discard()
            throw error
        }
    }

    private static func fill(_ file: PartFile, from folder: String, _ names: [String]) throws {
        var directory: [UInt8] = []
        var (position, count) = (0, 0)
        for name in names {
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
        try file.write(Data(directory + end(count: count, directory: directory.count, at: position)))
    }

    /// What ends the archive: the directory's place.
    private static func end(count: Int, directory: Int, at position: Int) -> [UInt8] {
        let needsMore = count >= 0xffff || position + directory >= Int(UInt32.max)
        let large =
            !needsMore
            ? []
            : little(0x0606_4b50, 4) + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 4) + little(0, 4) + little(count, 8)
                + little(count, 8) + little(directory, 8) + little(position, 8) + little(0x0706_4b50, 4) + little(0, 4)
                + little(position + directory, 8) + little(1, 4)
        let shown = needsMore ? 0xffff : count
        return large + little(0x0605_4b50, 4) + little(0, 4) + little(shown, 2) + little(shown, 2)
            + little(needsMore ? Int(UInt32.max) : directory, 4) + little(needsMore ? Int(UInt32.max) : position, 4) + little(0, 2)
    }

    /// The files in a folder and those below it, in order.
    private static func names(_ folder: String, below prefix: String, _ pathExtensions: Set<String>?) throws -> [String] {
        let manager = FileManager.default
        let found: [String]
        do { found = try manager.contentsOfDirectory(atPath: folder).sorted() } catch {
            throw FileError.unreadable(path: folder, reason: error.localizedDescription)
        }
        var (files, folders): ([String], [String]) = ([], [])
        for name in found where !name.hasPrefix(".") {
            switch (try? manager.attributesOfItem(atPath: folder + "/" + name))?[.type] as? FileAttributeType {
            case .typeDirectory?: folders += try names(folder + "/" + name, below: prefix + name + "/", pathExtensions)
            case .typeRegular? where pathExtensions?.contains((name as NSString).pathExtension.lowercased()) ?? true:
                files.append(prefix + name)
            default: break
            }
        }
        return files + folders
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}

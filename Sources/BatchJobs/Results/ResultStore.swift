import Foundation

/// Results appear whole: made in a folder of their own, with checksums and record, and then given their name at once.
struct ResultStore {
    let folder: BatchFolder

    /// Gives a result its place.
    /// - Parameters:
    ///   - work: the folder that holds the outputs; it is gone afterwards.
    ///   - make: makes the record for the outputs.
    /// - Returns: the record of the result that there is now: where somebody else was first with the same key, theirs.
    /// - Throws: `BatchError.unwritable`, `.unreadable`.
    func install(id: String, from work: String, make: ([ResultRecord.Output]) throws -> ResultRecord) throws -> ResultRecord {
        let record = try make(Self.outputs(in: work))
        let target = try folder.resultPath(id)
        try BatchFolder.make((target as NSString).deletingLastPathComponent)
        let finished: String
        if folder.settings.isArchived {
            finished = work + ".tar"
            try TarArchive.write(
                to: finished, first: (ResultRecord.fileName, try record.json()),
                files: record.outputs.map { ($0.path, work + "/" + $0.path) })
        } else {
            finished = work
            try SmallFile.write(try record.json(), to: work + "/" + ResultRecord.fileName)
        }
        defer {
            try? FileManager.default.removeItem(atPath: work)
            unlink(work + ".tar")
        }
        for _ in 0..<3 {
            if try place(finished, at: target) { return record }
            if let other = try? self.record(of: id), other.key == record.key, Self.isSame(other.inputs, record.inputs) { return other }
            try moveAside(target)
        }
        throw BatchError.unwritable(path: target, reason: "others keep writing it, with other content")
    }

    /// - Returns: false: there is something already.
    private func place(_ finished: String, at target: String) throws -> Bool {
        // A file takes the place of another by renaming, but not by linking.
        let code = folder.settings.isArchived ? link(finished, target) : rename(finished, target)
        if code == 0 { return true }
        let reason = errno
        // ENOENT: the server's answer got lost, and asked again it finds the old name gone.
        let isThere = reason == ENOENT && access(target, F_OK) == 0
        guard isThere || reason == EEXIST || reason == ENOTEMPTY || reason == ENOTDIR else {
            throw BatchError.unwritable(path: target, reason: SystemReason.text(reason))
        }
        return false
    }

    private static func isSame(_ one: [InputRecord], _ other: [InputRecord]) -> Bool { one.map(\.sha256) == other.map(\.sha256) }

    /// Removes a result, at once: it is renamed first.
    func moveAside(_ target: String) throws {
        let aside = "\(folder.path)/work/.\(UUID().uuidString)"
        guard rename(target, aside) == 0 || errno == ENOENT else {
            throw BatchError.unwritable(path: target, reason: SystemReason.last)
        }
        try? FileManager.default.removeItem(atPath: aside)
    }

    /// - Throws: `BatchError.unreadable` where there is none, `.damagedFile`.
    func record(of id: String) throws -> ResultRecord {
        let path = try folder.resultPath(id)
        let isArchived = folder.settings.isArchived
        let file = isArchived ? path : path + "/" + ResultRecord.fileName
        let data = try isArchived ? TarArchive.firstFile(of: path, named: ResultRecord.fileName) : SmallFile.read(file)
        let record = try ResultRecord(parsing: data, path: file)
        // Paths are made of it.
        guard record.id == id else { throw BatchError.damagedFile(path: file, reason: "it is the result of \(record.id)") }
        return record
    }

    /// A file of a result.
    /// - Parameter limit: the most bytes.
    func content(of id: String, file: String, limit: Int = SmallFile.largestSize) throws -> Data {
        let path = try folder.resultPath(id)
        if folder.settings.isArchived { return try TarArchive.file(of: path, named: file, limit: limit) }
        return try SmallFile.read(path + "/" + file)
    }

    /// All files under a folder with their checksums, in order of their names.
    static func outputs(in work: String) throws -> [ResultRecord.Output] {
        var outputs: [ResultRecord.Output] = []
        func add(_ relative: String) throws {
            for name in try FolderNames.all(in: relative.isEmpty ? work : work + "/" + relative).sorted() {
                let inner = relative.isEmpty ? name : relative + "/" + name
                if inner == ResultRecord.fileName { continue }
                var status = stat()
                guard lstat(work + "/" + inner, &status) == 0 else {
                    throw BatchError.unreadable(path: work + "/" + inner, reason: SystemReason.last)
                }
                if status.st_mode & S_IFMT == S_IFDIR {
                    try add(inner)
                } else {
                    guard status.st_mode & S_IFMT == S_IFREG else {
                        throw BatchError.unreadable(path: work + "/" + inner, reason: "it is neither a file nor a folder")
                    }
                    let digest = try SHA256Digest.text(ofFile: work + "/" + inner)
                    outputs.append(.init(path: inner, bytes: Int(clamping: status.st_size), sha256: digest))
                }
            }
        }
        try add("")
        return outputs
    }
}

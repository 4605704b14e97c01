import Foundation

/// Brings the results of other output folders of one batch into one, as where nodes wrote to disks of their own.
public struct BatchMerge: Sendable, Equatable {
    public private(set) var taken = 0
    public private(set) var alreadyThere = 0
    /// Results that were not taken: `.damagedFile`, `.unreadable`, `.conflictingResults`.
    public private(set) var faults: [BatchError] = []

    /// Results are copied, checked while they are, and appear whole. One that is damaged, or another than the one that is there, does not
    /// keep the others from being taken.
    /// - Throws: `BatchError.otherBatch`, `.otherSettings`, `.unwritable`; `.unreadable` for whole folders.
    public init(from others: [BatchFolder], into folder: BatchFolder, progress: (Int) throws -> Void = { _ in }) throws {
        for other in others {
            guard other.settings.batch == folder.settings.batch else {
                throw BatchError.otherBatch(folder: other.path, found: other.settings.batch, wanted: folder.settings.batch)
            }
            guard other.settings.isArchived == folder.settings.isArchived else {
                func form(_ folder: BatchFolder) -> String { folder.settings.isArchived ? "on" : "off" }
                throw BatchError.otherSettings(folder: other.path, setting: "\"archive\"", found: form(other), wanted: form(folder))
            }
            if let threads = other.settings.threads { _ = try folder.deciding(threads: threads) }
        }
        // By this others know what a killed merge left.
        let heartbeat = try RunHeartbeat(.new(), in: folder, every: 10)
        defer { heartbeat.stop() }
        let run = heartbeat.identity.id
        let journal = JournalWriter(path: folder.journalPath(run))
        for other in others {
            for id in try other.ids(in: "results").sorted() {
                try progress(taken + alreadyThere + faults.count)
                let work = folder.workPath(run) + "/" + id
                do { try take(id, from: other, into: folder, work: work, journal) } catch let error as BatchError {
                    switch error {
                    case .damagedFile, .unreadable, .conflictingResults: faults.append(error)
                    default: throw error
                    }
                    try? FileManager.default.removeItem(atPath: work)
                }
            }
            for id in try other.ids(in: "failed").sorted() {
                guard let failure = try other.failure(of: id), failure.id == id else { continue }
                // A result of what was asked for before takes nothing from a failure.
                if let present = try? ResultStore(folder: folder).record(of: id), present.key == failure.key { continue }
                try folder.setAside(failure, log: (try? SmallFile.read(other.failureLogPath(id))) ?? Data())
            }
        }
    }

    private mutating func take(
        _ id: String, from other: BatchFolder, into folder: BatchFolder, work: String, _ journal: JournalWriter
    ) throws {
        let (source, target) = (ResultStore(folder: other), ResultStore(folder: folder))
        let record = try source.record(of: id)
        if let present = try? target.record(of: id) {
            guard present.key == record.key, present.digest == record.digest else {
                throw BatchError.conflictingResults(id: id, first: try folder.resultPath(id), second: try other.resultPath(id))
            }
            alreadyThere += 1
            return
        }
        try BatchFolder.make(work)
        let path = try other.resultPath(id)
        for output in record.outputs {
            // Paths come from a file: they must not lead out of the folder.
            let parts = output.path.split(separator: "/", omittingEmptySubsequences: false)
            guard !parts.contains(where: { ["", ".", ".."].contains($0) || $0.utf8.contains(0) }) else {
                throw BatchError.damagedFile(path: path, reason: "it names files outside of itself")
            }
            try BatchFolder.make((work + "/" + output.path as NSString).deletingLastPathComponent)
        }
        if other.settings.isArchived {
            var wanted = Set(record.outputs.map(\.path))
            try TarArchive.forEach(of: path) { name, _, read in
                if wanted.remove(name) != nil { try SmallFile.write(to: work + "/" + name, read) }
                return true
            }
        } else {
            for output in record.outputs {
                let original = path + "/" + output.path
                var status = stat()
                guard lstat(original, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                    throw BatchError.damagedFile(path: original, reason: "it is no file, and its record names it as one")
                }
                try SmallFile.write(to: work + "/" + output.path) { try FilePieces.forEach(of: original, isRegular: true, $0) }
            }
        }
        let installed = try target.install(id: id, from: work) { outputs in
            guard try ResultRecord.digest(of: outputs) == record.digest else {
                throw BatchError.damagedFile(path: path, reason: "its files differ from their checksums")
            }
            return record
        }
        try journal.append(JournalEntry(installed))
        try folder.forgetFailure(of: id)
        taken += 1
    }
}

extension BatchFolder {
    /// Has set-aside videos tried again by the next run.
    /// - Parameter ids: nil: all.
    /// - Returns: the names of those.
    /// - Throws: `BatchError.invalidArgument` for one that is not set aside.
    public func retry(_ ids: [String]?) throws -> [String] {
        let present = try self.ids(in: "failed")
        if let unknown = ids?.first(where: { !present.contains($0) }) {
            throw BatchError.invalidArgument("\(unknown): is not set aside in \(path).")
        }
        let chosen = (ids ?? Array(present)).sorted()
        for id in chosen { try forgetFailure(of: id) }
        return chosen
    }

    /// Removes results that other versions of the program made, so that the next run makes them anew.
    /// - Returns: the names of those.
    public func removeResults(madeByOtherVersionsThan version: String) throws -> [String] {
        let store = ResultStore(folder: self)
        var removed: [String] = []
        for id in try ids(in: "results").sorted() {
            guard let record = try? store.record(of: id), record.made.versions["sampt"] != version else { continue }
            try store.moveAside(resultPath(id))
            removed.append(id)
        }
        return removed
    }
}

import Foundation
import Support

/// The output folder of a batch. Everything that processes on one or many machines need to know of each other is in files here; what they
/// rely on is that renaming and linking are atomic, as they are on NFS.
public struct BatchFolder: Sendable {
    public let path: String
    public let settings: Settings

    /// `batch.json`: what holds for all results in the folder.
    public struct Settings: Sendable, Equatable, Codable {
        public var format = 1
        public var batch: String
        public var isArchived: Bool
        /// Of every worker; the last digits of results depend on it. nil: not decided yet.
        public var threads: Int?

        public init(batch: String, isArchived: Bool, threads: Int? = nil) {
            (self.batch, self.isArchived, self.threads) = (batch, isArchived, threads)
        }
    }

    private static let settingsName = "batch.json"
    private static let threadsName = "threads.json"
    private static let folderNames = ["results", "failed", "claims", "lost", "runs", "journal", "logs", "work"]

    /// Opens a batch's folder, which is made where there is none.
    /// - Throws: `BatchError.otherBatch`, `.foreignFolder`, `.otherSettings`, `.unwritable`, `.damagedFile`.
    public init(_ path: String, for wanted: Settings) throws {
        let path = AbsolutePath.of(path)
        try Self.make(path)
        let file = path + "/" + Self.settingsName
        // In this order: whoever begins the batch at the same time makes the folders after the file.
        let present = ["results", "failed", "claims"].first { access("\(path)/\($0)", F_OK) == 0 }
        if access(file, F_OK) != 0 {
            if let present { throw BatchError.foreignFolder(folder: path, name: present) }
            _ = try ExclusiveFile.create(file, JSONLine.encodePretty(Settings(batch: wanted.batch, isArchived: wanted.isArchived)))
        }
        for folder in Self.folderNames { try Self.make(path + "/" + folder) }
        var opened = try BatchFolder(existing: path)
        let settings = opened.settings
        guard settings.batch == wanted.batch else {
            throw BatchError.otherBatch(folder: path, found: settings.batch, wanted: wanted.batch)
        }
        guard settings.isArchived == wanted.isArchived else {
            func form(_ isArchived: Bool) -> String { isArchived ? "on" : "off" }
            throw BatchError.otherSettings(
                folder: path, setting: "\"archive\"", found: form(settings.isArchived), wanted: form(wanted.isArchived))
        }
        if let threads = wanted.threads { opened = try opened.deciding(threads: threads) }
        self = opened
    }

    /// - Throws: `BatchError.noBatch`, `.damagedFile`, also where links are in the place of its folders.
    public init(existing path: String) throws {
        let path = AbsolutePath.of(path)
        let file = path + "/" + Self.settingsName
        guard FileManager.default.fileExists(atPath: file) else { throw BatchError.noBatch(folder: path) }
        guard var settings = try? JSONDecoder().decode(Settings.self, from: SmallFile.read(file)) else {
            throw BatchError.damagedFile(path: file, reason: "it does not describe a batch")
        }
        guard settings.format == 1 else {
            throw BatchError.damagedFile(path: file, reason: "it has format \(settings.format), of another version of sampt")
        }
        settings.threads = try Self.decidedThreads(path)
        try Self.refuseLinks(in: path)
        self = BatchFolder(path: path, settings: settings)
    }

    /// Through links in place of its folders, a prepared output folder would have things outside of it replaced and removed.
    private static func refuseLinks(in path: String) throws {
        func refuse(_ path: String) -> BatchError {
            .damagedFile(
                path: path, reason: "it is a link, and a batch keeps and removes files in folders of its own. Put a folder in its place")
        }
        let own = Set(folderNames + ["slurm"])
        if let link = try FolderNames.links(in: path).first(where: own.contains) { throw refuse("\(path)/\(link)") }
        for folder in ["\(path)/results", "\(path)/failed"] where access(folder, F_OK) == 0 {
            if let link = try FolderNames.links(in: folder).first { throw refuse("\(folder)/\(link)") }
        }
    }

    private init(path: String, settings: Settings) { (self.path, self.settings) = (path, settings) }

    private static func decidedThreads(_ path: String) throws -> Int? {
        let file = path + "/" + threadsName
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        guard let threads = try? JSONDecoder().decode(Int.self, from: SmallFile.read(file)), (1...1024).contains(threads) else {
            throw BatchError.damagedFile(path: file, reason: "it is no number of threads")
        }
        return threads
    }

    /// The folder with the number of threads decided, by whoever comes first.
    /// - Throws: `BatchError.otherSettings` where it is decided otherwise.
    public func deciding(threads: Int) throws -> BatchFolder {
        _ = try ExclusiveFile.create(path + "/" + Self.threadsName, Data("\(threads)\n".utf8))
        let decided = try Self.decidedThreads(path) ?? threads
        guard decided == threads else {
            throw BatchError.otherSettings(folder: path, setting: "--threads", found: "\(decided)", wanted: "\(threads)")
        }
        var settings = settings
        settings.threads = decided
        return BatchFolder(path: path, settings: settings)
    }

    /// Spreads files over 256 folders, which no file system minds.
    static func spread(_ id: String) throws -> String { String(try SHA256Digest.text(of: Data(id.utf8)).prefix(2)) }

    func resultPath(_ id: String) throws -> String {
        "\(path)/results/\(try Self.spread(id))/\(id)" + (settings.isArchived ? ".tar" : "")
    }

    func failurePath(_ id: String) throws -> String { "\(path)/failed/\(try Self.spread(id))/\(id).json" }

    /// What the worker said of a failed video.
    func failureLogPath(_ id: String) throws -> String { "\(path)/failed/\(try Self.spread(id))/\(id).log" }

    func claimPath(_ id: String) -> String { "\(path)/claims/\(id)" }
    func runPath(_ run: String) -> String { "\(path)/runs/\(run).json" }
    func journalPath(_ run: String) -> String { "\(path)/journal/\(run).jsonl" }
    func logPath(_ run: String, worker: Int) -> String { "\(path)/logs/\(run)-\(worker).log" }
    func workPath(_ run: String) -> String { "\(path)/work/\(run)" }

    public var reportPath: String { path + "/report.html" }
    public var reportDataPath: String { path + "/report.json" }
    public var indexPath: String { path + "/index.jsonl" }
    public var slurmPath: String { path + "/slurm" }

    /// The videos that have a result or were set aside.
    /// - Parameter kind: "results" or "failed".
    func ids(in kind: String) throws -> Set<String> {
        let ending = kind == "failed" ? ".json" : settings.isArchived ? ".tar" : ""
        var ids: Set<String> = []
        for folder in try FolderNames.all(in: "\(path)/\(kind)") {
            for name in try FolderNames.all(in: "\(path)/\(kind)/\(folder)") where name.hasSuffix(ending) && !name.hasPrefix(".") {
                ids.insert(String(name.dropLast(ending.count)))
            }
        }
        return ids
    }

    /// - Throws: `BatchError.unwritable`.
    static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw BatchError.unwritable(path: path, reason: AtomicFile.reason(error))
        }
    }
}

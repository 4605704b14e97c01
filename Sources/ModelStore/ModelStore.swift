import Foundation

/// A folder of checkpoints, one file a model.
///
///     let weights = try ModelStore().locate("mobile-sam")
///
/// A file under its final name is whole: downloads have another name until they are checked. Beside a file lies a record of
/// where it came from; a file without one, put there by hand, is used as it is.
public struct ModelStore: Sendable {
    /// Looks into a file that is to get a model's name, where no MD5 tells what it is. The store itself knows no networks.
    /// - Returns: what is wrong with the file, to follow its name and a colon; nil when the model's network can be read from it.
    public typealias ContentCheck = @Sendable (_ file: URL, _ model: PublishedModel) -> String?

    public let folder: URL
    public let catalogue: ModelCatalogue
    /// nil takes any content.
    public let contentCheck: ContentCheck?

    public init(folder: URL, catalogue: ModelCatalogue = .published, contentCheck: ContentCheck? = nil) {
        (self.folder, self.catalogue, self.contentCheck) = (folder, catalogue, contentCheck)
    }

    /// The user's store.
    /// - Throws: `ModelStoreError.noFolder` where the environment names none.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment, contentCheck: ContentCheck? = nil) throws {
        guard let folder = Self.defaultFolder(environment) else { throw ModelStoreError.noFolder }
        self.init(folder: folder, contentCheck: contentCheck)
    }

    /// `sampt/models` in the user's data folder (`~/Library/Application Support` on macOS, `$XDG_DATA_HOME` or `~/.local/share`
    /// elsewhere), or the folder that the environment variable `SAMPT_MODELS` names. Not the cache folder: clearing caches should
    /// not cost gigabytes of downloads.
    public static func defaultFolder(_ environment: [String: String]) -> URL? {
        func folder(_ variable: String) -> URL? {
            environment[variable].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0, isDirectory: true) }
        }
        if let chosen = folder("SAMPT_MODELS") { return chosen }
        #if os(macOS)
            let data = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask).first
        #else
            let data = folder("XDG_DATA_HOME") ?? folder("HOME")?.appendingPathComponent(".local/share")
        #endif
        return data?.appendingPathComponent("sampt").appendingPathComponent("models")
    }

    /// Where a model's file lies or would lie.
    public func file(of model: PublishedModel) -> URL { folder.appendingPathComponent(model.fileName) }

    /// A model's file.
    /// - Throws: `ModelStoreError.unknownModel`; `.absent`, which says how to get it; `.damaged` when its length is not what it was.
    public func locate(_ name: String) throws -> URL {
        let model = try catalogue.model(name)
        let file = file(of: model)
        guard let length = Self.length(file) else { throw ModelStoreError.absent(model, folder: folder.path) }
        if let record = record(of: model), record.bytes != length {
            throw ModelStoreError.damaged(model, path: file.path, reason: "it has \(length) bytes instead of \(record.bytes)")
        }
        return file
    }

    /// What the store has of a model, without reading the file.
    public func state(of model: PublishedModel) -> ModelState {
        if let length = Self.length(file(of: model)) {
            let record = record(of: model)
            return .present(bytes: length, isPublished: record.flatMap { record in model.md5.map { $0 == record.md5 } })
        }
        let partial = PartialDownload.resumableLength(for: file(of: model))
        return partial > 0 ? .partial(bytes: partial) : .absent
    }

    /// Reads a model's file and compares it with the published one, or with what it was when it was imported.
    /// - Throws: `ModelStoreError.absent`, `.unreadable`.
    public func verify(_ model: PublishedModel) throws -> ModelVerification {
        let file = file(of: model)
        guard Self.length(file) != nil else { throw ModelStoreError.absent(model, folder: folder.path) }
        let md5 = try Self.md5(file)
        if md5 == model.md5 { return .published }
        return record(of: model)?.md5 == md5 ? .asImported : .different(md5: md5)
    }

    /// Removes a model's file, its record and what an interrupted download left.
    /// - Returns: whether there was anything.
    @discardableResult
    public func remove(_ model: PublishedModel) throws -> Bool {
        let file = file(of: model)
        let partial = PartialDownload.file(for: file)
        var removed = false
        for path in [file, recordFile(of: model), partial, PartialDownload.originFile(for: file)].map(\.path) {
            if unlink(path) == 0 {
                removed = true
            } else if errno != ENOENT {
                throw ModelStoreError.unwritable(path: path, reason: systemReason())
            }
        }
        return removed
    }

    /// The file's length; nil when there is none. Follows links.
    static func length(_ file: URL) -> Int? {
        var status = stat()
        guard stat(file.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    static func md5(_ file: URL, progress: ((Int) -> Void)? = nil) throws -> String {
        do {
            return try FileChecksum.md5(file, progress: progress)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw ModelStoreError.unreadable(path: file.path, reason: systemReason(error))
        }
    }

    func makeFolder() throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw ModelStoreError.unwritable(path: folder.path, reason: systemReason(error))
        }
    }
}

/// What the store has of a model.
public enum ModelState: Sendable, Equatable {
    case absent
    /// An interrupted download left so much; pulling goes on from there.
    case partial(bytes: Int)
    /// `isPublished` is nil for a file that was put there by hand (`verify` tells) and for one whose published MD5 nobody knows.
    case present(bytes: Int, isPublished: Bool?)
}

/// What reading a model's file showed.
public enum ModelVerification: Sendable, Equatable {
    /// It is the published file.
    case published
    /// It has not changed since it was imported under this name or downloaded, and is not the published file, as far as that's MD5 is
    /// known.
    case asImported
    /// It is neither.
    case different(md5: String)
}

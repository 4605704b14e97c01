import Foundation

extension ModelStore {
    /// How an imported file comes into the store.
    public enum ImportMode: Sendable {
        case copy
        /// By a symbolic link: the file stays where it is and must stay there.
        case link
    }

    /// Takes in a file that somebody downloaded by hand.
    /// - Parameters:
    ///   - name: the model it is for; nil recognises published files by their MD5. With a name, any file is taken that is not
    ///     another published model: weights of one's own for that model's network.
    /// - Returns: the model, and whether the file is the published one.
    /// - Throws: `ModelStoreError.unreadable`, `.unrecognised`, `.nameDiffers`, `.unfit` for content that `contentCheck` refuses,
    ///   `.unwritable`.
    public func importFile(_ path: URL, name: String? = nil, mode: ImportMode = .copy) throws -> (model: PublishedModel, isPublished: Bool)
    {
        let named = try name.map { try catalogue.model($0) }
        try Self.checkIsFile(path)
        let md5 = try Self.md5(path)
        let recognised = catalogue.model(md5: md5)
        if let named, let recognised, named.name != recognised.name {
            throw ModelStoreError.nameDiffers(path: path.path, name: named.name, recognised: recognised.name)
        }
        guard let model = named ?? recognised else { throw ModelStoreError.unrecognised(path: path.path, md5: md5) }
        if recognised == nil {
            guard Self.length(path) != 0 else { throw ModelStoreError.unfit(path: path.path, model, reason: "it is empty") }
            if let reason = contentCheck?(path, model) { throw ModelStoreError.unfit(path: path.path, model, reason: reason) }
        }
        try take(path, as: model, md5: md5, mode: mode)
        return (model, recognised != nil)
    }

    /// Refuses folders, and pipes and devices, which may have no end, or none soon.
    private static func checkIsFile(_ path: URL) throws {
        func refused(_ reason: String) -> ModelStoreError { .unreadable(path: path.path, reason: reason) }
        var status = stat()
        guard stat(path.path, &status) == 0 else { throw refused(systemReason(errno)) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw refused("it is a folder")
        default: throw refused("it is a pipe or a device; save it to a file first")
        }
    }

    private func take(_ path: URL, as model: PublishedModel, md5: String, mode: ImportMode) throws {
        let source = path.standardizedFileURL.resolvingSymlinksInPath()
        guard source.path != file(of: model).standardizedFileURL.resolvingSymlinksInPath().path else { return }
        try makeFolder()
        let temporary = folder.appendingPathComponent(".\(UUID().uuidString.prefix(8)).import-\(model.fileName)")
        defer { unlink(temporary.path) }
        do {
            switch mode {
            case .copy: try FileManager.default.copyItem(at: source, to: temporary)
            case .link: try FileManager.default.createSymbolicLink(at: temporary, withDestinationURL: source)
            }
        } catch {
            throw ModelStoreError.unwritable(path: file(of: model).path, reason: systemReason(error))
        }
        // The copy is what will be used; the original may have changed while it was made.
        guard let bytes = Self.length(temporary), try mode == .link || Self.md5(temporary) == md5 else {
            throw ModelStoreError.unreadable(path: path.path, reason: "it changed while it was copied")
        }
        try install(temporary, as: model, record: ModelRecord(md5: md5, bytes: bytes, origin: path.path))
        unlink(PartialDownload.file(for: file(of: model)).path)
        unlink(PartialDownload.originFile(for: file(of: model)).path)
    }
}

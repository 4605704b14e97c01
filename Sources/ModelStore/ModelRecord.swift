import Foundation

/// What is known of a file in the store, kept beside it as `<file>.json`.
struct ModelRecord: Codable, Equatable, Sendable {
    var md5: String
    var bytes: Int
    /// The address it was downloaded from, or the path it was imported from.
    var origin: String
}

extension ModelStore {
    func recordFile(of model: PublishedModel) -> URL { folder.appendingPathComponent(model.fileName + ".json") }

    func record(of model: PublishedModel) -> ModelRecord? {
        PlantedFile.content(of: recordFile(of: model)).flatMap { try? JSONDecoder().decode(ModelRecord.self, from: $0) }
    }

    /// Puts a whole file of the store's folder in its place. The record of a file that was there before goes first: a record must
    /// never speak of another file than the one beside it.
    func install(_ file: URL, as model: PublishedModel, record: ModelRecord) throws {
        unlink(recordFile(of: model).path)
        let place = self.file(of: model)
        guard rename(file.path, place.path) == 0 else { throw ModelStoreError.unwritable(path: place.path, reason: systemReason()) }
        try write(record, of: model)
    }

    func write(_ record: ModelRecord, of model: PublishedModel) throws {
        do {
            try JSONEncoder().encode(record).write(to: recordFile(of: model), options: .atomic)
        } catch {
            throw ModelStoreError.unwritable(path: recordFile(of: model).path, reason: systemReason(error))
        }
    }
}

/// The system's words for what just failed.
func systemReason(_ code: Int32 = errno) -> String { String(cString: strerror(code)).lowercased() }

/// The system's words behind a Foundation error.
func systemReason(_ error: any Error) -> String {
    let cocoa = error as NSError
    if let posix = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError, posix.domain == NSPOSIXErrorDomain {
        return systemReason(Int32(truncatingIfNeeded: posix.code))
    }
    if cocoa.domain == NSPOSIXErrorDomain { return systemReason(Int32(truncatingIfNeeded: cocoa.code)) }
    switch CocoaError.Code(rawValue: cocoa.code) {
    case .fileNoSuchFile, .fileReadNoSuchFile: return systemReason(ENOENT)
    case .fileWriteOutOfSpace: return systemReason(ENOSPC)
    case .fileWriteNoPermission, .fileReadNoPermission: return systemReason(EACCES)
    case .fileWriteVolumeReadOnly: return systemReason(EROFS)
    case .fileWriteFileExists: return systemReason(EEXIST)
    default: return cocoa.localizedDescription
    }
}

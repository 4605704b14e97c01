import Foundation
import GRDB
import Support

extension ProjectFileError {
    /// What an error of SQLite means for the file; others as they are.
    /// - Parameter isReading: whether nothing was being written.
    static func of(_ error: any Error, path: String, isReading: Bool = false) -> any Error {
        (error as? DatabaseError).map { ProjectFileError($0, path: path, isReading: isReading) } ?? error
    }

    private init(_ error: DatabaseError, path: String, isReading: Bool) {
        let reason = error.message ?? "SQLite's error \(error.resultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL: self = .unwritable(path: path, reason: "its disk is full")
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .inUse(path: path, process: nil)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT, .SQLITE_TOOBIG, .SQLITE_MISMATCH, .SQLITE_ERROR, .SQLITE_CONSTRAINT:
            self = .damaged(path: path, what: reason)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
            self = .unwritable(path: path, reason: "the system does not allow it (\(reason))")
        case .SQLITE_IOERR where isReading || Self.isOfReading(error.extendedResultCode):
            self = .damaged(path: path, what: "the system cannot read all of it (\(reason))")
        case .SQLITE_IOERR: self = .unwritable(path: path, reason: "the system refuses (\(reason); is its disk full?)")
        case .SQLITE_NOMEM: self = .unreadable(path: path, reason: "there is not enough memory")
        default: self = .unreadable(path: path, reason: reason)
        }
    }

    private static func isOfReading(_ code: ResultCode) -> Bool {
        [.SQLITE_IOERR_READ, .SQLITE_IOERR_SHORT_READ, .SQLITE_IOERR_CORRUPTFS].contains(code)
    }

    /// A file that cannot be made.
    init(creating path: String, _ error: any Error) {
        if case FileError.unwritable(_, let reason) = error {
            self = .unwritable(path: path, reason: reason)
        } else {
            self = .unwritable(path: path, reason: "\(error)")
        }
    }
}

import Foundation
import GRDB
import GRDBSQLite
import Media
import Support

/// A project's database: opened for this process alone, or for reading where it cannot be written.
///
/// At rest it is one file without others beside it, which any folder can hold, also one that cannot be written. While it is open, changes
/// go to a write-ahead log beside it ("-wal") and are on disk when `write` returns. A process that is killed leaves that log, and the next
/// one that opens the project takes it in.
///
/// Sendable: GRDB's queue runs one access at a time, whoever asks.
final class ProjectDatabase: Sendable {
    let path: String
    /// Why nothing can be changed; nil where it can.
    let readOnlyReason: String?
    private let queue: DatabaseQueue
    private let claim: ProjectClaim

    /// The most that a field may hold: more than any frame's record, less than what a damaged file may claim.
    static let longestField = 256 << 20

    /// Opens a file, brings it to the current form, and checks that it is what it says.
    /// - Parameter access: for reading alone where that is all that is asked for.
    /// - Throws: `ProjectFileError`.
    init(path: String, access: ProjectAccess = .writing) throws {
        claim = try ProjectClaim(path)
        let header = try ProjectHeader(path: path)
        guard header.version <= ProjectSchema.current else {
            throw ProjectFileError.newer(path: path, version: header.version, known: ProjectSchema.current)
        }
        self.path = path
        readOnlyReason = access == .reading ? "that was asked for" : Self.obstacle(to: path)
        let isRead = readOnlyReason != nil
        // What is left to do before a file can be read is done in a copy where it cannot be done in place.
        let copy = isRead && (Self.needsWriting(path, header) || header.version < ProjectSchema.current) ? try TemporaryCopy(of: path) : nil
        defer { withExtendedLifetime(copy) {} }
        do {
            queue = try DatabaseQueue(path: copy?.path ?? path, configuration: Self.configuration(reads: isRead && copy == nil))
            try ProjectSchema.check(queue, path: path)
            guard !isRead || copy != nil else { return }
            try queue.writeWithoutTransaction { db in
                // Not before: a file that is not what it says stays as it is.
                _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = \(isRead ? "MEMORY" : "WAL")")
                try ProjectSchema.migrate(db)
                if isRead { try db.execute(sql: "PRAGMA query_only = ON") }
            }
        } catch {
            throw ProjectFileError.of(error, path: path, isReading: isRead)
        }
    }

    /// Makes a file with what `fill` writes, under its name only when it is whole.
    /// - Throws: `ProjectFileError.exists`, `.unwritable`.
    static func create(at path: String, fill: (Database) throws -> Void) throws {
        guard !FileManager.default.fileExists(atPath: path) else { throw ProjectFileError.exists(path: path) }
        let file: PartFile
        do { file = try PartFile(for: path) } catch { throw ProjectFileError(creating: path, error) }
        defer { file.discard() }
        PartFile.removeLeftovers(of: path)
        do {
            let queue = try DatabaseQueue(path: file.path, configuration: configuration(reads: false))
            // What is not finished goes as a whole.
            try queue.writeWithoutTransaction { db in _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = MEMORY") }
            try queue.inTransaction { db in
                try ProjectSchema.create(db)
                try fill(db)
                return .commit
            }
            try queue.close()
        } catch {
            throw ProjectFileError.of(error, path: path)
        }
        do { try file.commit() } catch { throw ProjectFileError(creating: path, error) }
        // Its name is to outlive the machine, too.
        let folder = open(PathParts(path).folder, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            Foundation.close(folder)
        }
    }

    /// Reads, within one transaction.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try queue.read(body) } catch { throw ProjectFileError.of(error, path: path, isReading: true) }
    }

    /// Changes the file within one transaction, which is on disk when this returns. An error leaves the file as it was.
    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        if let readOnlyReason { throw ProjectFileError.readOnly(path: path, reason: readOnlyReason) }
        do {
            do { return try queue.write(body) } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
                // What the log has for the file may free as much as is needed.
                try queue.writeWithoutTransaction { db in _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
                return try queue.write(body)
            }
        } catch {
            throw ProjectFileError.of(error, path: path)
        }
    }

    /// Rebuilds the file without what was deleted.
    func vacuum() throws {
        if let readOnlyReason { throw ProjectFileError.readOnly(path: path, reason: readOnlyReason) }
        do {
            try queue.vacuum()
            try queue.writeWithoutTransaction { db in _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        } catch {
            throw ProjectFileError.of(error, path: path)
        }
    }

    /// Puts everything into the one file and lets go of it.
    func close() {
        // A log that cannot be taken in now, on a full disk, stays beside the file, and the next one takes it in.
        if readOnlyReason == nil { queue.inDatabase { db in _ = try? String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE") } }
        try? queue.close()
        claim.release()
    }

    deinit { close() }

    private static func configuration(reads: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = reads
        // Somebody may be reading; who has it open for longer is noticed before (`ProjectClaim`).
        configuration.busyMode = .timeout(2)
        configuration.label = "sampt.project"
        configuration.prepareDatabase { db in
            sqlite3_limit(db.sqliteConnection, SQLITE_LIMIT_LENGTH, Int32(longestField))
            // Nothing in a file is obeyed; pages are looked at before they are used.
            for pragma in ["trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "temp_store = MEMORY"] {
                try db.execute(sql: "PRAGMA \(pragma)")
            }
            guard !reads else { return }
            // With the lock held from the start, the write-ahead log needs no shared memory.
            // That log stays small, a mebibyte, so that a disk that fills up holds the project and not the log.
            for pragma in ["locking_mode = EXCLUSIVE", "synchronous = FULL", "wal_autocheckpoint = 256"] {
                _ = try Row.fetchAll(db, sql: "PRAGMA \(pragma)")
            }
        }
        return configuration
    }

    /// Why a file cannot be written where it is; nil where it can.
    private static func obstacle(to path: String) -> String? {
        for (place, name) in [(path, "the file"), (PathParts(path).folder, "its folder")] {
            guard faccessat(AT_FDCWD, place, W_OK, Int32(AT_EACCESS)) != 0 else { continue }
            return errno == EROFS ? "its disk is mounted for reading only" : "\(name) cannot be written"
        }
        return nil
    }

    /// Whether a file cannot be read as it lies there: a process that had it open was killed, and left its log.
    private static func needsWriting(_ path: String, _ header: ProjectHeader) -> Bool {
        header.writesAhead || ["-wal", "-journal"].contains { FileManager.default.fileExists(atPath: path + $0) }
    }
}

/// What a project file is opened for.
public enum ProjectAccess: Sendable {
    case reading
    /// For reading where it cannot be written.
    case writing
}

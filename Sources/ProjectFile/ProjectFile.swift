import Foundation
import GRDB
import Media
import SAMPT
import Support

/// A session on disk: `NAME.sampt`, one file of SQLite with the log, the results, and what the project was made from.
///
///     let project = try ProjectFile(path: "dance.sampt")
///     let session = try AnnotationSession(segmenter, video: video, store: project)
///
/// What `append` and `save` have returned from is on disk, and outlives the process and the machine. One program at a time has a project
/// open. Where its folder cannot be written it is opened for reading (`readOnlyReason`). docs/project.md says what is in the file.
public final class ProjectFile: SessionStore {
    let database: ProjectDatabase
    let spans = Protected<[SpanKey: Int64]>([:])
    private let current: Protected<ProjectDetails>

    public var path: String { database.path }
    /// Why nothing can be changed; nil where it can.
    public var readOnlyReason: String? { database.readOnlyReason }
    /// What the project was made from.
    public var details: ProjectDetails { current.withLock { $0 } }

    /// Makes a project and opens it.
    /// - Throws: `ProjectFileError.exists`: a project is not written over; `.unwritable`.
    public static func create(at path: String, details: ProjectDetails) throws -> ProjectFile {
        try ProjectDatabase.create(at: path) { try ProjectFile.store(details, in: $0) }
        return try ProjectFile(path: path)
    }

    /// Opens a project. Of its results nothing is read.
    /// - Throws: `ProjectFileError`.
    public init(path: String, access: ProjectAccess = .writing) throws {
        database = try ProjectDatabase(path: path, access: access)
        let details = try database.read { db in
            try Row.fetchOne(db, sql: "SELECT value, checksum FROM setting WHERE name = ?", arguments: [Self.detailsName]).map(
                StoredRow.init)
        }
        guard let data = details?.data(0), details?.integer(1) == RowChecksum.of(data, table: "setting", Self.detailsName),
            let value = try? JSONDecoder().decode(ProjectDetails.self, from: data)
        else { throw ProjectFileError.damaged(path: path, what: "it does not say what it was made from") }
        current = Protected(value)
    }

    /// Puts everything into the one file and lets go of it. Further calls fail.
    public func close() { database.close() }

    // MARK: Details

    private static let detailsName = "details"

    /// Notes that the video or the models are elsewhere now.
    public func update(_ change: (inout ProjectDetails) -> Void) throws {
        try current.withLock { details in
            var changed = details
            change(&changed)
            guard changed != details else { return }
            try database.write { try Self.store(changed, in: $0) }
            details = changed
        }
    }

    private static func store(_ details: ProjectDetails, in db: Database) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(details)
        try db.execute(
            sql: "INSERT OR REPLACE INTO setting (name, value, checksum) VALUES (?, ?, ?)",
            arguments: [detailsName, data, RowChecksum.of(data, table: "setting", detailsName)])
    }

    // MARK: Log

    public func loadLog() throws -> [LoggedEdit] {
        var log: [LoggedEdit] = []
        try forEachEntry { log.append($0) }
        return log
    }

    /// Visits the log in order.
    /// - Throws: `ProjectFileError.damaged` at the first entry that is not as it was written; what `visit` throws.
    func forEachEntry(_ visit: (LoggedEdit) throws -> Void) throws {
        try database.read { db in
            var number = 0
            let rows = try Row.fetchCursor(db, sql: "SELECT number, edit, checksum FROM entry ORDER BY number")
            while let row = try rows.next().map(StoredRow.init) {
                number += 1
                guard row.integer(0) == Int64(number), let data = row.data(1),
                    row.integer(2) == RowChecksum.of(data, table: "entry", "\(number)")
                else { throw ProjectFileError.damaged(path: path, what: "entry \(number) of its log is not as it was written") }
                guard let text = String(validating: data, as: UTF8.self) else {
                    throw ProjectFileError.damaged(path: path, what: "entry \(number) of its log is no text")
                }
                try visit(LoggedEdit(number: number, edit: try Edit(json: text)))
            }
        }
    }

    public func append(_ edit: LoggedEdit) throws {
        let data = Data(try edit.edit.json.utf8)
        try database.write { db in
            let last = try Int.fetchOne(db, sql: "SELECT max(number) FROM entry") ?? 0
            guard last < Int.max, edit.number == last + 1 else {
                throw ProjectFileError.damaged(path: path, what: "entry \(edit.number) cannot follow entry \(last) of its log")
            }
            try db.execute(
                sql: "INSERT INTO entry (number, edit, checksum) VALUES (?, ?, ?)",
                arguments: [edit.number, data, RowChecksum.of(data, table: "entry", "\(edit.number)")])
        }
    }

    // MARK: Results

    public func save(_ frames: [SpanFrame], of key: SpanKey) throws {
        guard !frames.isEmpty else { return }
        let encoded = frames.map { (summary: FrameRow($0.summary), data: $0.data) }
        let id = try database.write { db in
            try db.execute(sql: "INSERT OR IGNORE INTO span (key) VALUES (?)", arguments: [key.description])
            guard let id = try Int64.fetchOne(db, sql: "SELECT id FROM span WHERE key = ?", arguments: [key.description]) else {
                throw ProjectFileError.damaged(path: path, what: "a new result cannot be found again")
            }
            for frame in encoded {
                let isThere = try Bool.fetchOne(
                    db, sql: "SELECT EXISTS (SELECT 1 FROM frame WHERE span = ? AND number = ?)", arguments: [id, frame.summary.number])
                guard isThere != true else { continue }
                try db.execute(sql: "INSERT INTO content (data) VALUES (?)", arguments: [frame.data])
                try db.execute(
                    sql: """
                        INSERT INTO frame (span, number, confidence, content, checksum, present, reason) VALUES (?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        id, frame.summary.number, frame.summary.confidence, db.lastInsertedRowID,
                        Self.checksum(frame.data, of: key, frame: frame.summary.number), frame.summary.isPresent, frame.summary.reason,
                    ])
            }
            return id
        }
        spans.withLock { $0[key] = id }
    }

    public func frame(_ index: Int, of key: SpanKey) throws -> SpanFrame? {
        guard let id = try span(key) else { return nil }
        let row = try database.read { db in
            try Row.fetchOne(
                db.cachedStatement(
                    sql:
                        "SELECT content.data, frame.checksum FROM frame JOIN content ON content.id = frame.content WHERE span = ? AND number = ?"
                ),
                arguments: [id, index]
            ).map(StoredRow.init)
        }
        guard let row else { return nil }
        guard let data = row.data(0), row.integer(1) == Self.checksum(data, of: key, frame: index) else {
            throw ProjectFileError.damaged(path: path, what: "the result of frame \(index) is not as it was written")
        }
        return try SpanFrame(data: data)
    }

    public func summaries(of key: SpanKey, in frames: ClosedRange<Int>) throws -> [FrameSummary] {
        guard let id = try span(key) else { return [] }
        return try database.read { db in
            var summaries: [FrameSummary] = []
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT number, confidence, present, reason FROM frame WHERE span = ? AND number BETWEEN ? AND ? ORDER BY number
                        """), arguments: [id, frames.lowerBound, frames.upperBound])
            while let row = try rows.next() {
                if let summary = FrameRow(row)?.summary { summaries.append(summary) }
            }
            return summaries
        }
    }

    static func checksum(_ data: Data, of key: SpanKey, frame: Int) -> Int64 {
        RowChecksum.of(data, table: "frame", "\(key) \(frame)")
    }

    /// What a result is called in the tables; nil where there is none.
    private func span(_ key: SpanKey) throws -> Int64? {
        if let known = spans.withLock({ $0[key] }) { return known }
        let id = try database.read { db in
            try Int64.fetchOne(db, sql: "SELECT id FROM span WHERE key = ?", arguments: [key.description])
        }
        if let id { spans.withLock { $0[key] = id } }
        return id
    }
}

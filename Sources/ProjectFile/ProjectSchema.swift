import GRDB

/// The tables of a project file, form by form. A released form is never edited: what changes is a migration to the next one.
///
///     setting    what the project was made from: the video, models and options, each as JSON
///     entry      the log: one edit a row, as JSON, numbered from 1
///     span       the keys of results
///     frame      which frames of a span are there, and of each whether the object is seen in it, its mask's confidence, and why one should
///                look at it (`FrameRow`); small, so that all of them are read in no time
///     content    the frames themselves, as `SpanFrame.data` has them: run lengths of the whole mask, rounded logits, evidence, points
///
/// Rows carry a checksum of their contents and of their place (`RowChecksum`): SQLite has none, and a flipped bit must not become a mask.
enum ProjectSchema {
    /// The form that this version writes; the file's `user_version`.
    static let current = 2

    /// What makes a form of the one before.
    private struct Migration {
        var statements: [String]
        /// Fills in what the statements made room for.
        var fill: (Database) throws -> Void = { _ in }
    }

    private static var migrations: [Migration] { [tables, summaries] }

    private static var tables: Migration {
        Migration(statements: [
            "CREATE TABLE setting (name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID",
            "CREATE TABLE entry (number INTEGER NOT NULL PRIMARY KEY, edit BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT",
            "CREATE TABLE span (id INTEGER NOT NULL PRIMARY KEY, key TEXT NOT NULL UNIQUE) STRICT",
            """
            CREATE TABLE frame (span INTEGER NOT NULL, number INTEGER NOT NULL, confidence REAL, content INTEGER NOT NULL, \
            checksum INTEGER NOT NULL, PRIMARY KEY (span, number)) STRICT, WITHOUT ROWID
            """,
            "CREATE TABLE content (id INTEGER NOT NULL PRIMARY KEY, data BLOB NOT NULL) STRICT",
        ])
    }

    /// What is known of frames without reading them.
    private static var summaries: Migration {
        Migration(
            statements: [
                "ALTER TABLE frame ADD COLUMN present INTEGER NOT NULL DEFAULT 0", "ALTER TABLE frame ADD COLUMN reason INTEGER",
            ], fill: FrameRow.fillIn)
    }

    /// Makes the tables of the current form in a new file.
    static func create(_ db: Database) throws {
        try db.execute(sql: "PRAGMA application_id = \(ProjectHeader.applicationID)")
        try apply(to: db, from: 0, upTo: current)
    }

    /// Brings a file to the current form, one form in one transaction.
    static func migrate(_ db: Database) throws {
        let version = try self.version(db)
        for next in version..<max(version, current) {
            try db.inTransaction {
                try apply(to: db, from: next, upTo: next + 1)
                return .commit
            }
        }
    }

    /// Whether the file holds the tables of the form that it names, and nothing else: no trigger or view of a stranger's runs on somebody's
    /// edits.
    /// - Throws: `ProjectFileError`.
    static func check(_ queue: DatabaseQueue, path: String) throws {
        let (version, found) = try queue.read { db in (try self.version(db), try objects(of: db)) }
        guard version <= current else { throw ProjectFileError.newer(path: path, version: version, known: current) }
        guard version >= 1 else { throw ProjectFileError.notAProject(path: path, reason: "it names no form of its tables") }
        let expected = try DatabaseQueue().write { db in
            try apply(to: db, from: 0, upTo: version)
            return try objects(of: db)
        }
        if let missing = expected.subtracting(found).map(\.name).min() {
            throw ProjectFileError.damaged(path: path, what: "its table \(missing) is missing or has another form")
        }
        if let extra = found.subtracting(expected).min(by: { $0.name < $1.name }) {
            throw ProjectFileError.notAProject(path: path, reason: "it holds a \(extra.type) \"\(extra.name)\" that sampt did not make")
        }
    }

    private static func apply(to db: Database, from version: Int, upTo end: Int) throws {
        for migration in migrations[version..<end] {
            for statement in migration.statements { try db.execute(sql: statement) }
            try migration.fill(db)
        }
        try db.execute(sql: "PRAGMA user_version = \(end)")
    }

    private static func version(_ db: Database) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 }

    private struct SchemaObject: Hashable {
        var type, name, table, sql: String
    }

    /// Everything that has a name in a file.
    private static func objects(of db: Database) throws -> Set<SchemaObject> {
        let rows = try Row.fetchAll(db, sql: "SELECT type, name, tbl_name, sql FROM sqlite_schema LIMIT 100")
        return Set(
            rows.map { row in
                let texts = (0..<4).map { String.fromDatabaseValue(row[$0] as DatabaseValue) ?? "" }
                return SchemaObject(type: texts[0], name: texts[1], table: texts[2], sql: texts[3])
            })
    }
}

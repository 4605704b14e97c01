import GRDB
import SAMPT

/// How much a project holds.
public struct ProjectContents: Sendable, Codable, Equatable {
    /// Entries of the log, those of undo and redo included.
    public var entries: Int
    public var spans: Int
    /// Frames of all spans together.
    public var frames: Int
    /// Of the log and of the frames, in bytes.
    public var logBytes: Int
    public var frameBytes: Int
    /// Of the whole database, in bytes, and how much of that holds nothing.
    public var fileBytes: Int
    public var freeBytes: Int
}

extension ProjectFile {
    /// - Throws: `ProjectFileError`.
    public func contents() throws -> ProjectContents {
        try database.read { db in
            func number(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
            let page = try number("PRAGMA page_size")
            return ProjectContents(
                entries: try number("SELECT count(*) FROM entry"), spans: try number("SELECT count(*) FROM span"),
                frames: try number("SELECT count(*) FROM frame"),
                logBytes: try number("SELECT coalesce(sum(length(edit)), 0) FROM entry"),
                frameBytes: try number("SELECT coalesce(sum(length(data)), 0) FROM content"),
                fileBytes: try number("PRAGMA page_count") * page, freeBytes: try number("PRAGMA freelist_count") * page)
        }
    }

    /// Removes results that the log does not speak of, and gives back the space of everything removed.
    /// - Returns: how many frames were removed.
    /// - Throws: `ProjectFileError`.
    @discardableResult
    public func compact() throws -> Int {
        let named = Set(try loadLog().flatMap(\.edit.resultKeys))
        let removed = try database.write { db in
            var removed = 0
            for row in try Row.fetchAll(db, sql: "SELECT id, key FROM span").map(StoredRow.init) {
                guard let id = row.integer(0), !named.contains(where: { $0.description == row.text(1) }) else { continue }
                try db.execute(sql: "DELETE FROM content WHERE id IN (SELECT content FROM frame WHERE span = ?)", arguments: [id])
                try db.execute(sql: "DELETE FROM frame WHERE span = ?", arguments: [id])
                removed += db.changesCount
                try db.execute(sql: "DELETE FROM span WHERE id = ?", arguments: [id])
            }
            return removed
        }
        spans.withLock { $0 = [:] }
        try database.vacuum()
        return removed
    }
}

extension Edit {
    /// The results that an entry speaks of.
    var resultKeys: [SpanKey] {
        switch self {
        case .propagate(let propagation):
            guard let plan = propagation.plan else { return [] }
            return plan.spans.flatMap { [$0.key, $0.base].compactMap { $0 } } + plan.rivals.values.joined()
        case .reached(let reach): return Array(reach.spans.keys)
        default: return []
        }
    }
}

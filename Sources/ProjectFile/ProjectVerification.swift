import Foundation
import GRDB
import Media
import SAMPT
import Support

/// What is wrong with a project file.
public struct ProjectDamage: Sendable, Equatable {
    /// What it means for the project.
    public enum Kind: String, Sendable, Codable {
        /// The file's pages contradict each other.
        case structure
        /// Edits are lost: the log ends before this entry.
        case entry
        /// A frame's result is lost; it can be computed again.
        case frame
    }

    public var kind: Kind
    /// A sentence.
    public var description: String
}

extension ProjectFile {
    /// Reads everything and compares it with its checksums.
    /// - Parameter progress: called with the share that is done, 0 to 1.
    /// - Returns: what is wrong, at most a thousand findings; empty for a sound file.
    /// - Throws: `CancellationError`; `ProjectFileError` where the file cannot be read at all.
    public func verify(progress: (Double) -> Void = { _ in }) throws -> [ProjectDamage] {
        var damages: [ProjectDamage] = []
        func note(_ kind: ProjectDamage.Kind, _ description: String) {
            if damages.count < 1000 { damages.append(ProjectDamage(kind: kind, description: description)) }
        }
        do {
            for line in try structuralFindings() { note(.structure, line) }
        } catch let error as ProjectFileError { note(.structure, error.description) }
        do {
            _ = try loadLog()
        } catch let error as any DescribedError { note(.entry, error.description) }
        do {
            try forEachFrame(progress: progress) { key, number, stored in
                if let fault = stored.fault(key: key, number: number) {
                    note(.frame, "Frame \(number) of the result \(key?.description ?? "without a key"): \(fault).")
                }
                return true
            }
        } catch let error as ProjectFileError { note(.frame, error.description) }
        return damages
    }

    /// What SQLite finds; nothing in a sound file.
    private func structuralFindings() throws -> [String] {
        try database.read { db in
            try Row.fetchAll(db, sql: "PRAGMA integrity_check(100)").compactMap { StoredRow($0).text(0) }.filter { $0 != "ok" }
        }
    }

    /// Writes what can be read of a project to a new one: the log up to the first entry that cannot, and all frames that can.
    /// - Returns: what was left out.
    /// - Throws: `ProjectFileError`, `CancellationError`.
    public func save(to path: String, progress: (Double) -> Void = { _ in }) throws -> [ProjectDamage] {
        var damages: [ProjectDamage] = []
        let copy = try ProjectFile.create(at: path, details: details)
        defer { copy.close() }
        do {
            try forEachEntry { try copy.append($0) }
        } catch let error as ProjectFileError where error.isDamage(of: self.path) {
            damages.append(ProjectDamage(kind: .entry, description: error.description))
        } catch let error as EditError { damages.append(ProjectDamage(kind: .entry, description: error.description)) }
        do {
            try forEachFrame(progress: progress) { key, number, stored in
                guard let key, stored.fault(key: key, number: number) == nil, let data = stored.data, let frame = try? SpanFrame(data: data)
                else {
                    damages.append(
                        ProjectDamage(kind: .frame, description: "Frame \(number) of the result \(key?.description ?? "?") is left out."))
                    return damages.count < 100_000
                }
                try copy.save([frame], of: key)
                return true
            }
        } catch let error as ProjectFileError where error.isDamage(of: self.path) {
            damages.append(ProjectDamage(kind: .frame, description: error.description))
        }
        return damages
    }

    /// Visits all frames, some at a time, so that others may use the file in between.
    func forEachFrame(
        progress: (Double) -> Void = { _ in }, _ visit: (_ key: SpanKey?, _ number: Int, StoredFrame) throws -> Bool
    ) throws {
        let total = max(1, try database.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM frame") ?? 0 })
        var (done, place): (Int, (span: Int64, number: Int64)?) = (0, nil)
        while true {
            try Cancellation.check()
            let rows = try database.read { db in
                try Row.fetchAll(
                    db,
                    sql: """
                        SELECT frame.number, frame.confidence, frame.present, frame.reason, frame.span, frame.checksum, span.key, \
                        content.data \
                        FROM frame LEFT JOIN span ON span.id = frame.span LEFT JOIN content ON content.id = frame.content \
                        WHERE (frame.span, frame.number) > (?, ?) ORDER BY frame.span, frame.number LIMIT 64
                        """, arguments: [place?.span ?? Int64.min, place?.number ?? Int64.min]
                )
            }
            guard let last = rows.last.map(StoredRow.init), let span = last.integer(4), let number = last.integer(0) else { return }
            // A damaged table may come back to where it was.
            if let place { guard (span, number) > (place.span, place.number) else { return } }
            place = (span, number)
            for row in rows {
                let fields = StoredRow(row)
                let stored = StoredFrame(data: fields.data(7), checksum: fields.integer(5), row: FrameRow(row))
                guard try visit(fields.text(6).flatMap(SpanKey.init), Int(fields.integer(0) ?? 0), stored) else { return }
            }
            done += rows.count
            progress(min(1, Double(done) / Double(total)))
        }
    }
}

/// A frame of a result as the file has it.
struct StoredFrame {
    var data: Data?
    var checksum: Int64?
    var row: FrameRow?

    /// What is wrong with it, as a clause; nil: nothing.
    func fault(key: SpanKey?, number: Int) -> String? {
        guard let key else { return "it belongs to no result" }
        guard let data else { return "its contents are gone" }
        guard checksum == ProjectFile.checksum(data, of: key, frame: number) else { return "it is not as it was written" }
        do {
            let frame = try SpanFrame(data: data)
            guard frame.index == number else { return "it is another frame" }
            return row?.says(frame.summary) == true ? nil : "its confidence or what else is said of it is not as it was written"
        } catch {
            return "it has another form than it should"
        }
    }
}

extension ProjectFileError {
    fileprivate func isDamage(of path: String) -> Bool {
        if case .damaged(path, _) = self { true } else { false }
    }
}

import GRDB
import SAMPT

/// What the table `frame` says of a frame without its contents.
struct FrameRow: Equatable {
    var number: Int
    var confidence: Double?
    var isPresent: Bool
    /// As `code(of:)`.
    var reason: Int?

    init(_ summary: FrameSummary) {
        // What is no number is nothing to SQLite.
        confidence = summary.confidence.flatMap { $0.isNaN ? nil : Double($0) }
        (number, isPresent) = (summary.index, summary.isPresent)
        reason = summary.weakness.map(Self.code)
    }

    /// Of the columns `number, confidence, present, reason` of a file that may hold anything.
    init?(_ row: Row) {
        guard let number = Int.fromDatabaseValue(row[0]) else { return nil }
        self.number = number
        (confidence, isPresent) = (Double.fromDatabaseValue(row[1]), Int.fromDatabaseValue(row[2]) ?? 0 != 0)
        reason = Int.fromDatabaseValue(row[3])
    }

    var summary: FrameSummary {
        FrameSummary(
            index: number, isPresent: isPresent, confidence: confidence.map(Float.init),
            weakness: reason.flatMap { code in ReviewReason.allCases.first { Self.code(of: $0) == code } })
    }

    /// Whether a row can be what was written for a frame. Its confidence and reason are those of the version that wrote it: another one
    /// may weigh the same evidence in another way.
    func says(_ summary: FrameSummary) -> Bool {
        let expected = FrameRow(summary)
        guard number == expected.number, isPresent == expected.isPresent else { return false }
        guard (confidence == nil) == (expected.confidence == nil), (reason == nil) == (expected.reason == nil) else { return false }
        let isKnown = reason.map { code in ReviewReason.allCases.contains { Self.code(of: $0) == code } } ?? true
        return isKnown && (confidence.map { (0...1).contains($0) } ?? true)
    }

    /// What a reason is written as: never another one.
    static func code(of reason: ReviewReason) -> Int {
        switch reason {
        case .unsure: 1
        case .fewPoints: 2
        case .disagreement: 3
        case .jump: 4
        case .lost: 5
        }
    }
}

extension FrameRow {
    /// Reads every frame's contents once and writes down what they say. Contents that are damaged say nothing: reading them finds that.
    static func fillIn(_ db: Database) throws {
        var place: (span: Int64, number: Int64)?
        while true {
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT frame.span, frame.number, content.data FROM frame JOIN content ON content.id = frame.content \
                    WHERE (frame.span, frame.number) > (?, ?) ORDER BY frame.span, frame.number LIMIT 64
                    """, arguments: [place?.span ?? Int64.min, place?.number ?? Int64.min]
            ).map(StoredRow.init)
            guard let last = rows.last, let span = last.integer(0), let number = last.integer(1) else { return }
            // A damaged table may come back to where it was.
            if let place { guard (span, number) > (place.span, place.number) else { return } }
            place = (span, number)
            for row in rows {
                guard let span = row.integer(0), let number = row.integer(1), let data = row.data(2),
                    let summary = (try? SpanFrame(data: data))?.summary
                else { continue }
                let values = FrameRow(summary)
                try db.execute(
                    sql: "UPDATE frame SET present = ?, reason = ? WHERE span = ? AND number = ?",
                    arguments: [values.isPresent, values.reason, span, number])
            }
        }
    }
}

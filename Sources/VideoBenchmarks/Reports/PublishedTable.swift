/// What others have published on a data set, to stand beside our rows in reports.
public struct PublishedTable: Sendable, Codable, Equatable {
    public var title: String
    /// The first one names the method.
    public var columns: [String]
    public var rows: [[String]]

    public init(title: String, columns: [String], rows: [[String]]) { (self.title, self.columns, self.rows) = (title, columns, rows) }

    /// As lines of text.
    public var lines: [String] { table.lines }

    var table: ReportTable {
        // A column is one of numbers where everything in it begins with a digit.
        let isNumber = columns.indices.map { column in
            rows.allSatisfy { $0[column].first.map(\.isNumber) ?? true } && rows.contains { !$0[column].isEmpty }
        }
        return ReportTable(title: "Published: \(title)", columns: columns, isNumber: isNumber, rows: rows)
    }
}

extension CSVTable {
    /// What others have published, in the columns `kind` and `text`.
    mutating func add(published: PublishedTable?) {
        guard let published else { return }
        for row in published.rows {
            let values = zip(published.columns, row).dropFirst().filter { !$1.isEmpty }.map { "\($0) \($1)" }.joined(separator: ", ")
            add(["setting": row.first ?? "", "kind": "published", "text": values])
        }
    }
}

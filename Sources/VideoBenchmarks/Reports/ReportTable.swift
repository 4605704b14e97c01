/// A table with a heading, in any form of report.
struct ReportTable {
    var title: String
    var columns: [String]
    /// Columns of numbers stand to the right, and sort as numbers.
    var isNumber: [Bool]
    var rows: [[String]]

    /// What does not fit.
    static func findings(_ findings: [ScoringFinding]) -> ReportTable {
        ReportTable(
            title: "What does not fit", columns: ["kind", "sequence", "count", "what"], isNumber: [false, false, true, false],
            rows: findings.map { [$0.kind.rawValue, $0.sequence, "\($0.count)", $0.message] })
    }

    /// Command, versions, processor, fingerprints.
    static func ran(_ ran: [(name: String, value: String)]) -> ReportTable {
        ReportTable(title: "What ran", columns: ["", ""], isNumber: [false, false], rows: ran.map { [$0.name, $0.value] })
    }

    /// As lines of text.
    var lines: [String] {
        let widths = columns.indices.map { column in ([columns] + rows).map { $0[column].count }.max() ?? 0 }
        return ([columns] + rows).map { row in
            row.enumerated().map { column, text in
                let blank = String(repeating: " ", count: widths[column] - text.count)
                return isNumber[column] ? blank + text : text + blank
            }.joined(separator: "  ")
        }
    }

    /// As part of a page; a click on a column sorts it.
    var html: String {
        func escaped(_ text: String) -> String { EvaluationReport.escaped(text) }
        var text = "<h2>\(escaped(title))</h2>\n<table>"
        if columns.contains(where: { !$0.isEmpty }) {
            text += "<thead><tr>"
            for (column, isNumber) in zip(columns, isNumber) {
                text += "<th\(isNumber ? " class=\"number\"" : "")><button type=\"button\">\(escaped(column))</button></th>"
            }
            text += "</tr></thead>"
        }
        text += "<tbody>\n"
        for row in rows {
            text += "<tr>"
            for (cell, isNumber) in zip(row, isNumber) { text += "<td\(isNumber ? " class=\"number\"" : "")>\(escaped(cell))</td>" }
            text += "</tr>\n"
        }
        return text + "</tbody></table>\n"
    }

    /// Tables in Markdown, under a title.
    static func markdown(_ title: String, _ tables: [ReportTable]) -> String {
        func cell(_ text: String) -> String {
            text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "|", with: "\\|")
                .components(separatedBy: .newlines).joined(separator: " ")
        }
        var text = "# \(cell(title))\n"
        for table in tables {
            text += "\n## \(cell(table.title))\n\n"
            text += "| " + table.columns.map(cell).joined(separator: " | ") + " |\n"
            text += "|" + table.isNumber.map { $0 ? "---:|" : "---|" }.joined() + "\n"
            for row in table.rows { text += "| " + row.map(cell).joined(separator: " | ") + " |\n" }
        }
        return text
    }
}

extension EvaluationReport {
    /// A row a setting: ours beside the paper's.
    var settingsTable: ReportTable {
        let hasPaper = rows.contains { $0.paperScore != nil }
        let hasGain = rows.contains { $0.against != nil }
        let hasRate = rows.contains { !$0.framesPerSecond.mean.isNaN }
        let hasOverall = rows.contains { !$0.overall.mean.isNaN }
        let groups = rows.first?.groups ?? []
        var columns = ["setting", "seeds", "J&F", "J", "F"]
        if hasOverall { columns.append("G") }
        columns += groups.map { "J&F \($0)" }
        if hasGain { columns.append("gain") }
        if hasRate { columns.append("frames/s") }
        if hasPaper { columns += ["paper", "J&F there"] }
        let lines = rows.map { row in
            var line = [row.setting, "\(row.runs.count)"] + [row.jf, row.j, row.f].map { ReportNumber.percent($0) }
            if hasOverall { line.append(ReportNumber.percent(row.overall)) }
            line += groups.map { ReportNumber.percent(row.group($0)) }
            if hasGain { line.append(ReportNumber.signed(gain(of: row))) }
            if hasRate { line.append(ReportNumber.plain(row.framesPerSecond)) }
            if hasPaper { line += [row.paper ?? "", row.paperScore ?? ""] }
            return line
        }
        let texts: Set<String> = ["setting", "paper"]
        return ReportTable(title: "Settings", columns: columns, isNumber: columns.map { !texts.contains($0) }, rows: lines)
    }

    /// The table of settings as lines of text.
    public var settingsLines: [String] { settingsTable.lines }

    /// A row an object, means over the seeds.
    func objectsTable(of row: Row) -> ReportTable {
        let columns = ["sequence", "object", "frames", "J&F", "J", "F", "J recall", "J decay", "F recall", "F decay"]
        var lines: [[String]] = []
        for object in row.runs.first?.score.objects ?? [] {
            let same = row.runs.compactMap { run in
                run.score.objects.first { $0.sequence == object.sequence && $0.object == object.object }
            }
            func spread(_ value: (ObjectScore) -> Double) -> String { ReportNumber.percent(Spread(same.map(value))) }
            lines.append(
                [object.sequence, object.label, "\(object.frames.count)"]
                    + [
                        spread { ($0.j.mean + $0.f.mean) / 2 }, spread { $0.j.mean }, spread { $0.f.mean }, spread { $0.j.recall },
                        spread { $0.j.decay }, spread { $0.f.recall }, spread { $0.f.decay },
                    ])
        }
        return ReportTable(
            title: rows.count > 1 ? "Objects: \(row.setting)" : "Objects", columns: columns,
            isNumber: columns.map { $0 != "sequence" && $0 != "object" }, rows: lines)
    }

    /// All tables, in order.
    var tables: [ReportTable] {
        [settingsTable] + (published.map { [$0.table] } ?? []) + rows.map(objectsTable) + (findings.isEmpty ? [] : [.findings(findings)])
            + [.ran(ran)]
    }
}

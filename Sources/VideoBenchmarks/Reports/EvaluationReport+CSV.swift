extension EvaluationReport {
    /// A line an object, seed and setting, with all digits; lines without an object are means of a sequence, those without a sequence of
    /// everything, or of the group that `kind` names; lines without a seed are means over the seeds, with deviation and gain. Below them
    /// are what does not fit and what ran, told apart by `kind`.
    public var csv: String {
        var table = CSVTable(
            columns: [
                "setting", "seed", "sequence", "object", "frames", "j", "f", "jf", "jRecall", "jDecay", "fRecall", "fDecay", "jDeviation",
                "fDeviation", "jfDeviation", "gain", "seconds", "kind", "count", "text",
            ])
        for row in rows {
            for run in row.runs { Self.add(run, of: row.setting, to: &table) }
            guard row.runs.count > 1 || row.against != nil else { continue }
            let (j, f, jf) = (row.j, row.f, row.jf)
            table.add(
                ["setting": row.setting, "text": row.against.map { "gain over \($0)" } ?? "", "count": "\(row.runs.count)"],
                numbers: [
                    "j": j.mean, "f": f.mean, "jf": jf.mean, "jDeviation": j.deviation, "fDeviation": f.deviation,
                    "jfDeviation": jf.deviation, "gain": gain(of: row),
                ])
        }
        table.add(published: published)
        table.add(findings: findings)
        table.add(ran: ran)
        return table.text
    }

    private static func add(_ run: Run, of setting: String, to table: inout CSVTable) {
        let place = ["setting": setting, "seed": run.seed.map(String.init) ?? ""]
        func add(_ sequence: String, _ object: String, _ objects: [ObjectScore], _ means: ScoreReport.Means, seconds: Double = .nan) {
            let names = ["sequence": sequence, "object": object, "frames": "\(objects.reduce(0) { $0 + $1.frames.count })"]
            table.add(
                place.merging(names) { $1 },
                numbers: [
                    "j": means.j, "f": means.f, "jf": means.jf, "jRecall": means.jRecall, "jDecay": means.jDecay,
                    "fRecall": means.fRecall, "fDecay": means.fDecay, "seconds": seconds,
                ])
        }
        for sequence in run.score.sequences {
            for object in sequence.objects { add(sequence.name, object.label, [object], ScoreReport.Means([object])) }
            add(sequence.name, "", sequence.objects, sequence.means)
        }
        add("", "", run.score.objects, run.score.mean, seconds: run.seconds > 0 ? run.seconds : .nan)
        for group in run.score.groups {
            table.add(
                place.merging(["kind": "group \(group.name)", "count": "\(group.objects)"]) { $1 },
                numbers: ["j": group.j, "f": group.f, "jf": group.jf])
        }
        if !run.score.overall.isNaN { table.add(place.merging(["kind": "G"]) { $1 }, numbers: ["jf": run.score.overall]) }
    }
}

/// Lines of values by column.
struct CSVTable {
    let columns: [String]
    private(set) var text: String

    init(columns: [String]) {
        self.columns = columns
        text = Self.line(columns)
    }

    /// - Parameters:
    ///   - values: by column; those left out are empty.
    ///   - numbers: by column, with all digits; what is no number is empty.
    mutating func add(_ values: [String: String], numbers: [String: Double] = [:]) {
        text += Self.line(columns.map { values[$0] ?? numbers[$0].map(ReportNumber.exact) ?? "" })
    }

    /// What does not fit, in the columns `sequence`, `kind`, `count` and `text`.
    mutating func add(findings: [ScoringFinding]) {
        for finding in findings {
            add(["sequence": finding.sequence, "kind": finding.kind.rawValue, "count": "\(finding.count)", "text": finding.message])
        }
    }

    /// Command, versions, processor, in the columns `kind` and `text`.
    mutating func add(ran: [(name: String, value: String)]) {
        for entry in ran { add(["kind": "ran: \(entry.name)", "text": entry.value]) }
    }

    private static func line(_ fields: [String]) -> String { fields.map(quoted).joined(separator: ",") + "\n" }

    static func quoted(_ text: String) -> String {
        text.contains { ",\"\n\r".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}

import Foundation

/// Average precision and recall of one or several settings, each over one or several seeds, and what ran: what all reports are made of.
public struct InstanceEvaluationReport: Sendable {
    /// One seed of a setting.
    public struct Run: Sendable {
        public var seed: UInt64?
        public var score: InstanceReport
        public var frames: Int
        /// Following proposals alone; 0 where results were there.
        public var seconds: Double

        public init(seed: UInt64?, score: InstanceReport, frames: Int = 0, seconds: Double = 0) {
            (self.seed, self.score, self.frames, self.seconds) = (seed, score, frames, seconds)
        }
    }

    public struct Row: Sendable {
        public var setting: String
        /// Where the paper has it, and its number in percent.
        public var paper: String?
        public var paperScore: String?
        /// The setting that the gain is counted from.
        public var against: String?
        public var runs: [Run]

        public init(setting: String, paper: String? = nil, paperScore: String? = nil, against: String? = nil, runs: [Run]) {
            (self.setting, self.paper, self.paperScore, self.against, self.runs) = (setting, paper, paperScore, against, runs)
        }

        /// The numbers by name, in the order of COCO's programs.
        var spreads: [(name: String, value: EvaluationReport.Spread)] {
            (runs.first?.score.numbers ?? []).enumerated().map { place, number in
                (number.name, EvaluationReport.Spread(runs.map { $0.score.numbers[place].value }))
            }
        }

        var framesPerSecond: EvaluationReport.Spread {
            EvaluationReport.Spread(runs.map { $0.seconds > 0 ? Double($0.frames) / $0.seconds : .nan })
        }
    }

    public var title: String
    /// Command, versions, processor, models' fingerprints.
    public var ran: [(name: String, value: String)]
    public var rows: [Row]
    /// What does not fit, or could not be done.
    public var findings: [ScoringFinding]
    /// What others have published on this data set.
    public var published: PublishedTable?

    public init(
        title: String, ran: [(name: String, value: String)], rows: [Row], findings: [ScoringFinding], published: PublishedTable? = nil
    ) {
        (self.title, self.ran, self.rows, self.findings, self.published) = (title, ran, rows, findings, published)
    }

    /// How much better a row's AP is than that of the one it is compared with; NaN where there is none.
    func gain(of row: Row) -> Double {
        guard let other = rows.first(where: { $0.setting == row.against }) else { return .nan }
        return (row.spreads.first?.value.mean ?? .nan) - (other.spreads.first?.value.mean ?? .nan)
    }

    var settingsTable: ReportTable {
        let hasGain = rows.contains { $0.against != nil }
        let hasRate = rows.contains { !$0.framesPerSecond.mean.isNaN }
        let hasPaper = rows.contains { $0.paperScore != nil }
        var columns = ["setting", "seeds"] + (rows.first?.spreads.map(\.name) ?? [])
        if hasGain { columns.append("gain") }
        if hasRate { columns.append("frames/s") }
        if hasPaper { columns += ["paper", "there"] }
        let lines = rows.map { row in
            var line = [row.setting, "\(row.runs.count)"] + row.spreads.map { ReportNumber.percent($0.value) }
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

    private var tables: [ReportTable] {
        [settingsTable] + (published.map { [$0.table] } ?? []) + (findings.isEmpty ? [] : [.findings(findings)]) + [.ran(ran)]
    }

    public var markdown: String { ReportTable.markdown(title, tables) }

    /// One page that needs nothing else; its tables sort.
    public var html: String {
        ReportPage.html(title, body: "<h1>\(EvaluationReport.escaped(title))</h1>\n" + tables.map(\.html).joined())
    }

    /// A line a setting and seed, with all digits; lines without a seed are means over the seeds. Below them are what does not fit and what
    /// ran, told apart by `kind`.
    public var csv: String {
        let names = rows.first?.spreads.map(\.name) ?? []
        var table = CSVTable(
            columns: ["setting", "seed"] + names + names.map { $0 + "Deviation" } + [
                "gain", "seconds", "sequence", "kind", "count", "text",
            ])
        for row in rows {
            for run in row.runs {
                let numbers = Dictionary(uniqueKeysWithValues: run.score.numbers.map { ($0.name, $0.value) })
                table.add(
                    ["setting": row.setting, "seed": run.seed.map(String.init) ?? ""],
                    numbers: numbers.merging(["seconds": run.seconds > 0 ? run.seconds : .nan]) { $1 })
            }
            guard row.runs.count > 1 || row.against != nil else { continue }
            let means = row.spreads.flatMap { [($0.name, $0.value.mean), ($0.name + "Deviation", $0.value.deviation)] }
            table.add(
                ["setting": row.setting, "count": "\(row.runs.count)"],
                numbers: Dictionary(uniqueKeysWithValues: means).merging(["gain": gain(of: row)]) { $1 })
        }
        table.add(published: published)
        table.add(findings: findings)
        table.add(ran: ran)
        return table.text
    }

    /// Everything as JSON with sorted keys; numbers that do not exist are null.
    public func json() throws -> Data {
        struct Value: Encodable {
            var mean: Double?
            var deviation: Double?
        }
        struct SeedRun: Encodable {
            var seed: UInt64?
            var seconds: Double
            var frames: Int
            var mean: [String: Double?]
            var predictions: Int
            var truths: Int
            var videos: Int
        }
        struct SettingRow: Encodable {
            var setting: String
            var paper: String?
            var paperScore: String?
            var against: String?
            var gain: Double?
            var numbers: [String: Value]
            var runs: [SeedRun]
        }
        struct Document: Encodable {
            var title: String
            var ran: [String: String]
            var mean: [String: Double?]?
            var rows: [SettingRow]
            var findings: [ScoringFinding]
            var published: PublishedTable?
        }
        let settings = rows.map { row in
            SettingRow(
                setting: row.setting, paper: row.paper, paperScore: row.paperScore, against: row.against, gain: gain(of: row).orNull,
                numbers: Dictionary(
                    uniqueKeysWithValues: row.spreads.map {
                        ($0.name, Value(mean: $0.value.mean.orNull, deviation: $0.value.deviation.orNull))
                    }),
                runs: row.runs.map {
                    SeedRun(
                        seed: $0.seed, seconds: $0.seconds, frames: $0.frames, mean: $0.score.mean, predictions: $0.score.predictions,
                        truths: $0.score.truths, videos: $0.score.videos)
                })
        }
        let only = rows.count == 1 && rows[0].runs.count == 1 ? rows[0].runs[0].score.mean : nil
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(
            Document(
                title: title, ran: Dictionary(ran.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }), mean: only, rows: settings,
                findings: findings, published: published))
    }
}

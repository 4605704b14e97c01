import Foundation

extension EvaluationReport {
    /// The tables in Markdown.
    public var markdown: String { ReportTable.markdown(title, tables) }

    /// Everything as JSON with sorted keys; numbers that do not exist are null.
    public func json() throws -> Data {
        struct Value: Encodable {
            var mean: Double?
            var deviation: Double?
            init(_ spread: Spread) { (mean, deviation) = (spread.mean.orNull, spread.deviation.orNull) }
        }
        struct SeedRun: Encodable {
            var seed: UInt64?
            var seconds: Double
            var frames: Int
            var score: ScoreReport.Document
        }
        struct SettingRow: Encodable {
            var setting: String
            var paper: String?
            var paperScore: String?
            var against: String?
            var gain: Double?
            var j: Value
            var f: Value
            var jf: Value
            var g: Value?
            var groups: [String: Value]
            var framesPerSecond: Value
            var runs: [SeedRun]
        }
        struct Document: Encodable {
            var title: String
            var ran: [String: String]
            var mean: ScoreReport.Numbers?
            var rows: [SettingRow]
            var findings: [ScoringFinding]
            var published: PublishedTable?
        }
        let rows = rows.map { row in
            SettingRow(
                setting: row.setting, paper: row.paper, paperScore: row.paperScore, against: row.against, gain: gain(of: row).orNull,
                j: Value(row.j), f: Value(row.f), jf: Value(row.jf), g: row.overall.mean.isNaN ? nil : Value(row.overall),
                groups: Dictionary(uniqueKeysWithValues: row.groups.map { ($0, Value(row.group($0))) }),
                framesPerSecond: Value(row.framesPerSecond),
                runs: row.runs.map {
                    SeedRun(seed: $0.seed, seconds: $0.seconds, frames: $0.frames, score: $0.score.document(isDetailed: true))
                })
        }
        let only = self.rows.count == 1 && self.rows[0].runs.count == 1 ? self.rows[0].runs[0].score : nil
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(
            Document(
                title: title, ran: Dictionary(ran.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }), mean: only.map { .init($0.mean) },
                rows: rows, findings: findings, published: published))
    }
}

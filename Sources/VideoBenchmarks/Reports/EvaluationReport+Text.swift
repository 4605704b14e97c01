import Foundation

extension EvaluationReport {
    /// The tables in Markdown.
    public var markdown: String { ReportTable.markdown(title, tables) }

    /// A line an object, seed and setting, with all digits; lines without an object are means of a sequence, those without a sequence of
    /// everything.
    public var csv: String {
        var lines = [["setting", "seed", "sequence", "object", "frames", "j", "f", "jf", "jRecall", "jDecay", "fRecall", "fDecay"]]
        for row in rows {
            for run in row.runs {
                func line(_ sequence: String, _ object: String, _ frames: Int, _ means: ScoreReport.Means) -> [String] {
                    [row.setting, run.seed.map(String.init) ?? "", sequence, object, "\(frames)"]
                        + [means.j, means.f, means.jf, means.jRecall, means.jDecay, means.fRecall, means.fDecay].map(ReportNumber.exact)
                }
                for sequence in run.score.sequences {
                    for object in sequence.objects {
                        lines.append(line(sequence.name, object.label, object.frames.count, ScoreReport.Means([object])))
                    }
                    lines.append(line(sequence.name, "", sequence.objects.reduce(0) { $0 + $1.frames.count }, sequence.means))
                }
                lines.append(line("", "", run.score.objects.reduce(0) { $0 + $1.frames.count }, run.score.mean))
            }
        }
        return lines.map { $0.map(Self.quoted).joined(separator: ",") + "\n" }.joined()
    }

    static func quoted(_ text: String) -> String {
        text.contains { ",\"\n\r".contains($0) } ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
    }

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
                rows: rows, findings: findings))
    }
}

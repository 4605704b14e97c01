import Foundation
import Media
import Support

/// The results of an evaluation, written after every video, so that an interrupted one can go on.
public struct PointReport: Sendable, Codable {
    /// What makes two evaluations comparable: dataset, tracker, mode, resolution and the like.
    public var settings: [String: String]
    /// Whether all videos are in.
    public var complete: Bool
    /// In the dataset's order.
    public private(set) var videos: [PointEvaluation.Outcome]
    /// Of videos that could not be scored.
    public var failures: [ScoringFinding] = []

    public init(settings: [String: String], videos: [PointEvaluation.Outcome] = []) {
        (self.settings, self.videos) = (settings, videos)
        complete = false
    }

    /// Simple means over the videos.
    public var mean: PointScores { .mean(videos.map(\.scores)) }

    public func contains(_ name: String) -> Bool { videos.contains { $0.name == name } }

    public mutating func add(_ outcome: PointEvaluation.Outcome) { videos.append(outcome) }

    /// Leaves out the videos that are to be done again.
    public mutating func keep(where isDone: (PointEvaluation.Outcome) -> Bool) { videos.removeAll { !isDone($0) } }

    /// Brings the videos into an order.
    public mutating func sort(like names: [String]) {
        let places = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        videos.sort { places[$0.name, default: .max] < places[$1.name, default: .max] }
    }

    private enum CodingKeys: String, CodingKey {
        case settings, complete, mean, videos
        case failures = "findings"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(settings, forKey: .settings)
        try container.encode(complete, forKey: .complete)
        try container.encode(mean, forKey: .mean)
        try container.encode(videos, forKey: .videos)
        if !failures.isEmpty { try container.encode(failures, forKey: .failures) }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        settings = try container.decode([String: String].self, forKey: .settings)
        complete = try container.decode(Bool.self, forKey: .complete)
        videos = try container.decode([PointEvaluation.Outcome].self, forKey: .videos)
    }

    /// Columns: video, frames, queries, seconds, and the measures by TAP-Vid's names; the last line is the mean.
    public var csv: String {
        func quoted(_ text: String) -> String {
            text.contains { ",\"\n\r".contains($0) } ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
        }
        func numbers(_ scores: PointScores) -> [String] { scores.named.map { $0.value.isNaN ? "" : String(format: "%.6f", $0.value) } }
        var lines = [["video", "frames", "queries", "seconds"] + mean.named.map(\.name)]
        for video in videos {
            lines.append(
                [quoted(video.name), "\(video.frames)", "\(video.queries)", String(format: "%.3f", video.seconds)] + numbers(video.scores))
        }
        let (frames, queries) = (videos.reduce(0) { $0 + $1.frames }, videos.reduce(0) { $0 + $1.queries })
        lines.append(["mean", "\(frames)", "\(queries)", String(format: "%.3f", videos.reduce(0) { $0 + $1.seconds })] + numbers(mean))
        return lines.map { $0.joined(separator: ",") + "\n" }.joined()
    }

    /// Writes `scores.json` and `scores.csv` into a folder, each whole or not at all.
    public func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let url = URL(fileURLWithPath: folder)
        try AtomicFile.write(Data(csv.utf8), to: url.appendingPathComponent("scores.csv").path)
        try AtomicFile.write(encoder.encode(self), to: url.appendingPathComponent("scores.json").path)
    }

    /// The report of an earlier run with the same settings in a folder, but for its failures; an empty one where there is none.
    /// - Throws: `PointBenchmarkError.otherReport` where the settings differ or the file is no report.
    public static func resume(in folder: String, settings: [String: String]) throws -> PointReport {
        let path = URL(fileURLWithPath: folder).appendingPathComponent("scores.json").path
        guard let data = try? InputFile.read(path, limit: 1 << 28) else { return PointReport(settings: settings) }
        guard let report = try? JSONDecoder().decode(PointReport.self, from: data) else {
            throw PointBenchmarkError.otherReport(path: path, difference: "it cannot be read")
        }
        let keys = Set(settings.keys).union(report.settings.keys).sorted()
        if let key = keys.first(where: { settings[$0] != report.settings[$0] }) {
            let (old, new) = (report.settings[key] ?? "none", settings[key] ?? "none")
            throw PointBenchmarkError.otherReport(path: path, difference: "its \(key) is \(old), not \(new)")
        }
        return report
    }
}

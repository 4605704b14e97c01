import Foundation
import Media
import SAMPT
import SegmentationJobs
import Support
import VideoBenchmarks

/// Evaluates a tracker video by video and keeps the report up to date.
struct PointEvaluationJob: Sendable {
    var dataset: any PointDataset
    /// Makes or reads a video's tracks, and scores them.
    var evaluate: @Sendable (PointVideo, PredictionFolder?, @escaping (_ done: Int, _ total: Int) -> Void) throws -> PointEvaluation.Outcome
    /// What scores are made from. Where tracks are there already, one that is missing or damaged does not end the run.
    var files: PointFiles
    /// What earlier runs did; their videos are not done again where they were made from the same files.
    var report: PointReport
    /// The folder for the report.
    var output: String?
    /// The folder for the tracks.
    var predictions: PredictionFolder?
    var isQuiet: Bool

    /// Runs to the end or to the interruption; the report on disk holds the videos done so far in both cases.
    /// - Throws: what went wrong; where the report cannot be written, only after all videos and after printing it.
    func run(interruption: Interruption) async throws -> CommandStatus {
        let work = Task {
            do {
                return try await onThread { try evaluateAll() }
            } catch is CancellationError {
                // Before it had begun.
                return (self.report, isComplete: false, unwritten: nil)
            }
        }
        interruption.onRequest { work.cancel() }
        let (report, isComplete, unwritten) = try await work.value
        for line in PointTable.lines(report) where !isQuiet { StandardOutput.print(line) }
        if !report.failures.isEmpty {
            StandardError.print("\(report.failures.count) of \(dataset.videoNames.count) videos could not be scored.")
        }
        if let unwritten { throw unwritten }
        guard !isComplete else { return report.failures.isEmpty ? .success : .partial }
        StandardError.print("Interrupted after \(report.videos.count) of \(dataset.videoNames.count) videos.")
        return .interrupted
    }

    private func evaluateAll() throws -> (PointReport, isComplete: Bool, unwritten: (any Error)?) {
        var report = report
        var unwritten: (any Error)?
        // A disk that is full now may have room again for the next one.
        func write() {
            guard let output else { return }
            do {
                try report.write(to: output)
                unwritten = nil
            } catch {
                if unwritten == nil { StandardError.print("sampt: \(error)") }
                unwritten = error
            }
        }
        let names = dataset.videoNames
        report.keep { $0.data == files.fingerprint(of: $0.name) && predictions?.holds($0.name) ?? true }
        for (index, name) in names.enumerated() where !report.contains(name) {
            let reporter = ProgressReporter(isQuiet: isQuiet)
            defer { reporter.close() }
            do {
                let start = ContinuousClock.now
                let data = files.fingerprint(of: name)
                var outcome = try evaluate(dataset.video(at: index), predictions) { done, total in
                    let elapsed = start.secondsAgo
                    let progress = SegmentationProgress(framesDone: done, framesTotal: total, secondsElapsed: elapsed)
                    reporter.show(isLast: false) { "[\(index + 1)/\(names.count)] \(name)  \(ProgressReporter.line(progress))" }
                }
                outcome.data = data
                report.add(outcome)
                report.sort(like: names)
            } catch is CancellationError {
                return (report, false, unwritten)
            } catch let error where files.results != nil {
                // Where there are no tracks at all, the folder is another's.
                if index == names.count - 1, report.videos.isEmpty { throw error }
                let failure = ScoringFinding(.failed, name, "could not be scored: \(error)")
                report.failures.append(failure)
                reporter.close()
                StandardError.print("sampt: \(failure)")
                continue
            }
            reporter.close()
            if report.videos.count < names.count { write() }
            if !isQuiet, let outcome = report.videos.first(where: { $0.name == name }) {
                let rate = String(format: "%.1f frames/s", Double(outcome.frames) / max(outcome.seconds, 1e-3))
                StandardError.print(
                    "[\(index + 1)/\(names.count)] \(PointTable.row(outcome.name, outcome.queries, outcome.scores))  \(rate)")
            }
        }
        report.complete = report.failures.isEmpty
        write()
        return (report, true, unwritten)
    }
}

/// Scores on a terminal, in percent as papers give them.
enum PointTable {
    static func lines(_ report: PointReport) -> [String] {
        let thresholds = PointScores.thresholds
        let columns = ["AJ", "<avg", "OA"] + thresholds.map { "J\($0)" } + thresholds.map { "<\($0)" }
        let header = "video".padded(to: 24) + " queries" + columns.map { right($0, 6) }.joined()
        let queries = report.videos.reduce(0) { $0 + $1.queries }
        return [header] + report.videos.map { row($0.name, $0.queries, $0.scores) } + [row("mean", queries, report.mean)]
    }

    static func row(_ name: String, _ queries: Int, _ scores: PointScores) -> String {
        name.padded(to: 24) + right("\(queries)", 8)
            + scores.named.map { right($0.value.isNaN ? "-" : String(format: "%.1f", 100 * $0.value), 6) }.joined()
    }

    private static func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
}

import Foundation
import Media
import Support
import VideoBenchmarks

/// The end of an evaluation: scores, reports and archives from the masks that are there.
struct EvaluationFinish: Sendable {
    var output: EvaluationOutput
    var dataset: VideoDataset
    /// What has been printed already.
    var said: [ScoringFinding] = []
    var makesArchives = true
    var isQuiet: Bool

    /// What is written beside masks and records.
    static let names = [EvaluationOutput.manifestName, "report.html", "report.json", "report.csv", "report.md"]

    /// - Returns: whether every run has all videos, and could be scored where there is truth.
    func run() async throws -> Bool {
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let set = dataset.evaluated
        var (table, unscored, isWhole): ([EvaluationReport.Row], [RunFindings], Bool) = ([], [], true)
        for run in output.manifest.runs {
            let progress = output.progress(of: run, set)
            isWhole = isWhole && progress.missing.isEmpty
            if makesArchives, let archive = try output.archive(run, progress, dataset), !isQuiet { StandardOutput.print(path: archive) }
            let score: ScoreReport?
            do { score = try await output.score(run, progress, dataset, threads: threads) } catch let error
                where error is ScoringError || error is FileError
            {
                // The masks are there, and the report says why they have no numbers.
                unscored.append(RunFindings(run, [ScoringFinding(.failed, "", "could not be scored: \(error)")]))
                (score, isWhole) = (nil, false)
            }
            guard let score else {
                unscored.append(RunFindings(run, progress.findings))
                continue
            }
            let done = EvaluationReport.Run(
                seed: run.seed, score: score, frames: progress.records.reduce(0) { $0 + $1.frames },
                seconds: progress.records.reduce(0) { $0 + $1.seconds })
            if let place = table.firstIndex(where: { $0.setting == run.setting }) {
                table[place].runs.append(done)
            } else {
                table.append(
                    .init(setting: run.setting, paper: run.paper, paperScore: run.paperScore, against: run.against, runs: [done]))
            }
        }
        let report = EvaluationReport(
            title: "\(dataset.name): \(output.manifest.program)", ran: Self.ran(output.manifest), rows: table, unscored: unscored,
            published: output.manifest.published)
        try ReportFiles(report: report, frames: DatasetFrames(dataset)).write(
            html: output.path + "/report.html", json: output.path + "/report.json", csv: output.path + "/report.csv",
            markdown: output.path + "/report.md")
        for finding in report.findings where !said.contains(finding) { StandardError.print("sampt: \(finding)") }
        if !isQuiet, !table.isEmpty { show(report) }
        if !isQuiet, dataset.truth == nil {
            StandardError.print("There is no truth for \(dataset.name) here; its server scores the archive.")
        }
        return isWhole
    }

    /// Command, versions, processor, fingerprints.
    static func ran(_ manifest: EvaluationOutput.Manifest) -> [(name: String, value: String)] {
        var values = [
            ("program", manifest.program), ("command", manifest.command.joined(separator: " ")), ("processor", manifest.processor),
            ("data set", manifest.dataset),
            ("data", manifest.location.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")),
            ("prompt", manifest.prompt),
        ]
        for run in manifest.runs {
            let text = run.settings.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
            values.append(("\(run.setting), seed \(run.seed)", text))
        }
        return values.map { (name: $0.0, value: $0.1) }
    }

    private func show(_ report: EvaluationReport) {
        if report.rows.count == 1, report.rows[0].runs.count == 1, report.published == nil {
            return ScoreTable.show(report.rows[0].runs[0].score)
        }
        for line in report.settingsLines { StandardOutput.print(line) }
        guard let published = report.published else { return }
        StandardOutput.print("")
        for line in [published.title] + published.lines { StandardOutput.print(line) }
    }
}

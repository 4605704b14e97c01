import Foundation
import Media
import Support
import VideoBenchmarks

/// The end of an evaluation of video instances: the server's file, scores and reports from the tubes that are there.
struct InstanceFinish: Sendable {
    var output: EvaluationOutput
    var dataset: InstanceDataset
    /// What has been printed already.
    var said: [ScoringFinding] = []
    var isQuiet: Bool

    /// What is written beside tubes and records; the first two for every run.
    static let names = ["results.json", "scores.json"] + EvaluationFinish.names

    /// - Returns: whether every run has all videos, and could be scored where there is truth.
    func run() async throws -> Bool {
        var (rows, found, isWhole): ([InstanceEvaluationReport.Row], [RunFindings], Bool) = ([], [], true)
        var videos: [Set<String>] = []
        let (ran, set) = (EvaluationFinish.ran(output.manifest), dataset.evaluated)
        for run in output.manifest.runs {
            let progress = output.progress(of: run, set)
            isWhole = isWhole && progress.missing.isEmpty
            found.append(RunFindings(run, progress.findings))
            let folder = try OutputFolder(run.folder.isEmpty ? output.path : output.path + "/" + run.folder)
            let tubes = try output.tubes(run, progress, dataset)
            try VideoInstanceResults.write(tubes, to: folder.file("results.json"))
            guard !dataset.truth.tubes.isEmpty, !progress.records.isEmpty else { continue }
            let score: InstanceReport
            do {
                score = try await onThread { [dataset] in
                    try InstanceScorer().score(predictions: tubes, truth: dataset.truth.limited(to: Set(progress.records.map(\.video))))
                }
            } catch let error as InstanceError {
                // The tubes are there, and the report says why they have no numbers.
                found.append(RunFindings(run, [ScoringFinding(.failed, "", "could not be scored: \(error)")]))
                isWhole = false
                continue
            }
            videos.append(Set(progress.records.map(\.video)))
            try AtomicFile.write(score.json(ran: ran, findings: progress.findings), to: folder.file("scores.json"))
            let done = InstanceEvaluationReport.Run(
                seed: run.seed, score: score, frames: progress.records.reduce(0) { $0 + $1.frames },
                seconds: progress.records.reduce(0) { $0 + $1.seconds })
            if let place = rows.firstIndex(where: { $0.setting == run.setting }) {
                rows[place].runs.append(done)
            } else {
                rows.append(.init(setting: run.setting, paper: run.paper, paperScore: run.paperScore, against: run.against, runs: [done]))
            }
        }
        let findings = RunFindings.merged(found) + RunFindings.differing(videos)
        let report = InstanceEvaluationReport(
            title: "\(InstanceDataset.name): \(output.manifest.program)", ran: ran, rows: rows, findings: findings,
            published: output.manifest.published)
        try InstanceReportFiles(report: report).write(
            html: output.path + "/report.html", json: output.path + "/report.json", csv: output.path + "/report.csv",
            markdown: output.path + "/report.md")
        for finding in findings where !said.contains(finding) { StandardError.print("sampt: \(finding)") }
        guard !isQuiet else { return isWhole }
        if rows.count == 1, rows[0].runs.count == 1 {
            ScoreTable.show(rows[0].runs[0].score)
        } else if !rows.isEmpty {
            for line in report.settingsLines { StandardOutput.print(line) }
        }
        if let published = report.published {
            StandardOutput.print("")
            for line in [published.title] + published.lines { StandardOutput.print(line) }
        }
        return isWhole
    }
}

/// Writes a report on video instances in the forms that are asked for.
struct InstanceReportFiles {
    var report: InstanceEvaluationReport

    /// - Throws: `FileError.unwritable`.
    func write(html: String? = nil, json: String? = nil, csv: String? = nil, markdown: String? = nil) throws {
        if let json { try AtomicFile.write(report.json(), to: json) }
        if let csv { try AtomicFile.write(Data(report.csv.utf8), to: csv) }
        if let markdown { try AtomicFile.write(Data(report.markdown.utf8), to: markdown) }
        if let html { try AtomicFile.write(Data(report.html.utf8), to: html) }
    }
}

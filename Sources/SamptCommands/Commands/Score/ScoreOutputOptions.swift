import ArgumentParser
import Foundation
import Media
import SegmentationJobs
import Support
import VideoBenchmarks

/// Where scores are written.
struct ScoreOutputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Write the scores as JSON with mean.j, mean.f, mean.jf and the same by sequence and object.", valueName: "file"))
    var json: String?
    @Flag(help: "Put J and F of every frame into the JSON, too.")
    var perFrame = false
    @Option(help: ArgumentHelp("Write the scores as CSV, a line an object.", valueName: "file"))
    var csv: String?
    @Option(help: ArgumentHelp("Write the scores as tables in Markdown.", valueName: "file"))
    var markdown: String?
    @Option(
        help: ArgumentHelp(
            "Write a page with tables, J over time and the worst frames beside their truth; it needs no other file.", valueName: "file"))
    var html: String?
    @Option(help: ArgumentHelp("The pictures for --html: a folder a sequence (JPEGImages/480p).", valueName: "folder"))
    var frames: String?

    func validate() throws {
        if perFrame, json == nil { throw ValidationError("--per-frame has no effect without --json.") }
        if frames != nil, html == nil { throw ValidationError("--frames has no effect without --html.") }
    }

    /// Finds outputs that would take the place of something, before anything is read.
    func check(_ claims: inout FileClaims, forMasks: Bool) throws {
        let outputs = [(json, "JSON", "--json"), (csv, "CSV", "--csv"), (markdown, "md", "--markdown"), (html, "HTML", "--html")]
        if !forMasks, let option = perFrame ? "--per-frame" : frames != nil ? "--frames" : nil {
            throw CommandError.usage("\(option) has no effect here: average precision is of whole tubes.")
        }
        if let frames { claims.read(frames, as: "the folder of pictures") }
        for (path, form, option) in outputs {
            guard let path else { continue }
            try OutputName.checkText(path, form: form, option: option)
            try claims.write(path, by: option)
            try OutputFile.check(path)
        }
    }

    /// Program, command, processor, and what was compared.
    static func ran(_ protocolName: String, truth: String, results: String) -> [(name: String, value: String)] {
        [
            ("program", "sampt \(ProgramVersion.current)"), ("command", ProcessInfo.processInfo.arguments.joined(separator: " ")),
            ("processor", Machine.processor), ("protocol", protocolName), ("truth", truth), ("results", results),
        ]
    }

    func write(_ report: ScoreReport) throws {
        let ran = Self.ran(report.protocolName.rawValue, truth: report.truth, results: report.results)
        if let json { try AtomicFile.write(report.json(isDetailed: perFrame, ran: ran), to: json) }
        guard csv != nil || markdown != nil || html != nil else { return }
        let whole = EvaluationReport(
            title: "Scores of \(PathParts(report.results).name)", ran: ran,
            rows: [.init(setting: PathParts(report.results).name, runs: [.init(seed: nil, score: report)])])
        try ReportFiles(report: whole, frames: frames.map { try DatasetFrames(folder: $0) }).write(html: html, csv: csv, markdown: markdown)
    }
}

extension ScoreOutputOptions {
    /// Average precision and recall.
    func write(
        _ scores: InstanceReport, _ findings: [ScoringFinding], protocolName: String, truth: String, results: String
    ) throws {
        let ran = Self.ran(protocolName, truth: truth, results: results)
        if let json { try AtomicFile.write(scores.json(ran: ran, findings: findings), to: json) }
        let name = PathParts(results).name
        let report = InstanceEvaluationReport(
            title: "Scores of \(name)", ran: ran, rows: [.init(setting: name, runs: [.init(seed: nil, score: scores)])], findings: findings)
        try InstanceReportFiles(report: report).write(html: html, csv: csv, markdown: markdown)
    }
}

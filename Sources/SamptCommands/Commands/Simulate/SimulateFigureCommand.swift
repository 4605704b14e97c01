import ArgumentParser
import Foundation
import SegmentationJobs
import Support
import VideoBenchmarks

struct SimulateFigure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "figure", abstract: "Draw the curves of several simulations into one picture, and put their tables side by side.",
        discussion: """
            J&F over interactions, divided by the video's number of frames. A simulation that was stopped counts with the objects it has; what it lacks is \
            named, there and in the report, and the exit status is \(CommandStatus.partial.rawValue).

              sampt simulate figure tracked/ single/ --out figure5/

            \(CommandStatus.help)
            """)

    @Argument(help: ArgumentHelp("The simulations' folders.", valueName: "folder"))
    var simulations: [String]
    @Option(help: ArgumentHelp("Write curves and reports into this folder.", valueName: "folder"))
    var out: String
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func run() async throws {
        try await withExitStatus {
            let outputs = try simulations.map { try SimulationOutput(reading: $0) }
            var claims = FileClaims()
            for path in simulations { claims.read(path, as: "a simulation") }
            try claims.write(folder: out, names: SimulationOutput.names.filter { $0 != SimulationOutput.manifestName }, by: "--out")
            var (entries, absences): ([SimulationReport.Entry], [ScoringFinding]) = ([], [])
            for output in outputs {
                let records = try output.records()
                entries.append(.init(output.manifest.name, records: records))
                absences += try output.absences(records).map { finding in
                    guard outputs.count > 1 else { return finding }
                    var named = finding
                    named.message += " (\(output.manifest.name))"
                    return named
                }
            }
            let report = SimulationReport(
                title: "Interactive segmentation: \(Set(outputs.map(\.manifest.dataset)).sorted().joined(separator: ", "))",
                ran: outputs.flatMap { SimulationJob.ran($0.manifest, named: outputs.count > 1) },
                entries: entries, failures: absences)
            for finding in report.findings { StandardError.print("sampt: \(finding)") }
            _ = try OutputFolder(out)
            try report.write(to: out)
            if !quiet { for line in report.summaryLines { StandardOutput.print(line) } }
            return absences.isEmpty ? .success : .partial
        }
    }
}

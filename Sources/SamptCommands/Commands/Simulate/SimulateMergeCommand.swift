import ArgumentParser
import Foundation
import SegmentationJobs
import Support
import VideoBenchmarks

struct SimulateMerge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Put the parts of a simulation together (--shard), and write its curves and reports.",
        discussion: """
            The parts may have been written into one folder or into several. Videos that none of them has, or that failed, are named, there and \
            in the report, and the exit status is \(CommandStatus.partial.rawValue).

              sampt simulate sam-pt davis2017 --root DAVIS --out part1 --shard 1/2
              sampt simulate sam-pt davis2017 --root DAVIS --out part2 --shard 2/2
              sampt simulate merge part1 part2 --out whole

            \(CommandStatus.help)
            """)

    @Argument(help: ArgumentHelp("The folders of the parts.", valueName: "folder"))
    var parts: [String]
    @Option(help: ArgumentHelp("The folder for the whole; with one part, that part itself if left out.", valueName: "folder"))
    var out: String?
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        if parts.isEmpty { throw ValidationError("Name the folders of the parts.") }
        if out == nil, parts.count > 1 { throw ValidationError("Give a folder for the whole: --out.") }
    }

    func run() async throws {
        try await withExitStatus {
            let outputs = try parts.map { try SimulationOutput(reading: $0) }
            let whole = try SimulationOutput(path: out ?? parts[0], of: outputs)
            if out != nil {
                var claims = FileClaims()
                for part in parts { claims.read(part, as: "a part") }
                try claims.write(folder: whole.path, names: SimulationOutput.names, by: "--out")
            }
            try whole.writeManifest()
            let taken = try whole.merge(outputs)
            if !quiet, out != nil { StandardError.print("\(taken) objects taken from \(parts.count) part\(parts.count == 1 ? "" : "s").") }
            let records = try whole.records()
            let absences = try whole.absences(records)
            let manifest = whole.manifest
            let report = SimulationReport(
                title: "\(manifest.dataset): \(manifest.name)", ran: SimulationJob.ran(manifest),
                entries: [.init(manifest.name, records: records)], failures: absences)
            for finding in report.findings { StandardError.print("sampt: \(finding)") }
            try report.write(to: whole.path)
            if !quiet { for line in report.summaryLines { StandardOutput.print(line) } }
            return absences.isEmpty ? .success : .partial
        }
    }
}

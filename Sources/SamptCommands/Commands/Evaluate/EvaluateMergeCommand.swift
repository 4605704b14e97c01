import ArgumentParser
import Foundation
import Media
import SegmentationJobs
import VideoBenchmarks

struct EvaluateMerge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Put the parts of an evaluation together (--shard), score them, and write reports and archives.",
        discussion: """
            The parts may have been written into one folder or into several. Videos that none of them has, or that failed, are named, there and \
            in the report, and the exit status is \(CommandStatus.partial.rawValue).

              sampt evaluate davis2017 --root DAVIS --out part1 --shard 1/2
              sampt evaluate davis2017 --root DAVIS --out part2 --shard 2/2
              sampt evaluate merge part1 part2 --out whole

            \(CommandStatus.help)
            """)

    @Argument(help: ArgumentHelp("The folders of the parts.", valueName: "folder"))
    var parts: [String]
    @Option(help: ArgumentHelp("The folder for the whole; with one part, that part itself if left out.", valueName: "folder"))
    var out: String?
    @Flag(help: "Do not pack the masks for the data set's server.")
    var noArchive = false
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        if parts.isEmpty { throw ValidationError("Name the folders of the parts.") }
        if out == nil, parts.count > 1 { throw ValidationError("Give a folder for the whole: --out.") }
    }

    func run() async throws {
        try await withExitStatus {
            let outputs = try parts.map { try EvaluationOutput(reading: $0) }
            let manifest = outputs[0].manifest
            let whole = EvaluationOutput(path: out ?? parts[0], manifest: manifest)
            let isInstances = manifest.dataset == InstanceDataset.name
            if out != nil {
                var claims = FileClaims()
                for part in parts { claims.read(part, as: "a part") }
                try claims.write(folder: whole.path, names: isInstances ? InstanceFinish.names : EvaluationFinish.names, by: "--out")
            }
            if isInstances {
                if noArchive { throw CommandError.usage("--no-archive has no effect: results of video instances are not packed.") }
                let dataset = try InstanceDataset(manifest.location)
                try merge(outputs, into: whole, dataset.evaluated)
                return try await InstanceFinish(output: whole, dataset: dataset, isQuiet: quiet).run() ? .success : .partial
            }
            let dataset = try manifest.readDataset()
            try merge(outputs, into: whole, dataset.evaluated)
            return try await EvaluationFinish(output: whole, dataset: dataset, makesArchives: !noArchive, isQuiet: quiet).run()
                ? .success : .partial
        }
    }

    private func merge(_ outputs: [EvaluationOutput], into whole: EvaluationOutput, _ set: EvaluatedSet) throws {
        try whole.writeManifest()
        let taken = try whole.merge(outputs, set)
        if !quiet, out != nil { StandardError.print("\(taken) videos taken from \(parts.count) part\(parts.count == 1 ? "" : "s").") }
    }
}

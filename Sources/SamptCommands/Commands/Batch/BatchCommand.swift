import ArgumentParser
import BatchJobs
import Foundation
import SegmentationJobs

struct BatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Segment thousands of videos, on one machine or many.",
        discussion: """
            A manifest names the videos, one a line, with prompts and options (docs/batch.md). A run does what is missing or has changed, \
            and nothing else; every result appears whole, with checksums and a record of what made it.

              sampt batch manifest clips/ > clips.jsonl
              sampt batch run clips.jsonl --out results/
              sampt batch status clips.jsonl --out results/

            On a cluster with Slurm:
              sampt batch slurm clips.jsonl --out /shared/results --submit --watch

            \(CommandStatus.help)
            """,
        subcommands: [
            BatchRunCommand.self, BatchManifestCommand.self, BatchStatusCommand.self, BatchMergeCommand.self, BatchRetryCommand.self,
            BatchVerifyCommand.self, BatchSlurmCommand.self, BatchWorkerCommand.self,
        ])
}

/// Which batch a command is about.
struct BatchOptions: ParsableArguments {
    @Argument(help: "The manifest: a JSON object a line, each with a video (docs/batch.md).")
    var manifest: String
    @Option(help: ArgumentHelp("The batch's output folder.", valueName: "folder"))
    var out: String
    @Flag(help: "Leave broken lines out, and name them in the report, in place of refusing the manifest.")
    var skipBroken = false

    func openManifest() throws -> Manifest { try Manifest(manifest, skipsBroken: skipBroken, check: BatchMethod.check) }

    func openFolder(_ manifest: Manifest, threads: Int? = nil) throws -> BatchFolder {
        try BatchFolder(out, for: .init(batch: manifest.batch, isArchived: manifest.isArchived, threads: threads))
    }

    /// The folder of a batch that has begun.
    func existingFolder(_ manifest: Manifest) throws -> BatchFolder {
        _ = try BatchFolder(existing: out)
        return try openFolder(manifest)
    }
}

extension CommandStatus {
    /// The status of a command that ends with `error`.
    init(_ error: BatchError) {
        switch error {
        case .unreadable, .noBatch: self = .missingInput
        case .unwritable: self = .unwritableOutput
        case .brokenManifest, .emptyManifest, .damagedFile, .conflictingResults: self = .invalidInput
        case .otherBatch, .foreignFolder, .otherSettings, .invalidArgument: self = .usage
        case .workersFail: self = .failure
        case .scheduler: self = .unavailable
        }
    }
}

/// As `withExitStatus`, for what batches throw.
func withBatchStatus(_ body: () async throws -> CommandStatus) async throws {
    try await withExitStatus {
        do {
            return try await body()
        } catch let error as BatchError {
            StandardError.print(lines: "sampt: \(error)")
            return CommandStatus(error)
        }
    }
}

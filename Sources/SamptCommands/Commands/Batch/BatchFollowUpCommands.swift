import ArgumentParser
import BatchJobs
import Foundation
import SegmentationJobs
import Support

struct BatchStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say how far a batch is.", discussion: CommandStatus.help)

    @OptionGroup var batch: BatchOptions
    @Flag(help: "Print the report as JSON.") var json = false

    func run() async throws {
        try await withBatchStatus {
            let report = try await onThread {
                let manifest = try batch.openManifest()
                let folder = try batch.existingFolder(manifest)
                return try BatchReport(BatchPlan(manifest, folder: folder, models: BatchMethod.models), manifest: manifest, folder: folder)
            }
            if json {
                StandardOutput.print(json: String(decoding: try report.json().dropLast(), as: UTF8.self))
            } else {
                for line in report.lines { StandardOutput.print(line) }
                for failure in report.failures.prefix(20) { StandardOutput.print("  \(failure.id): \(failure.reason)") }
                if report.failures.count > 20 { StandardOutput.print("  and \(report.failures.count - 20) more") }
            }
            return .success
        }
    }
}

struct BatchMergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Bring shares together: results of other output folders, the report, and an index.",
        discussion: """
            Writes report.html, report.json and index.jsonl (a line a result) into the output folder. Results of other folders of the \
            same batch, as nodes have on disks of their own, are copied into it and checked on the way. Status 3 means that videos of the \
            manifest have no result, 65 that some results were not taken: damaged ones, and others than those that are there.

              sampt batch merge clips.jsonl --out results/ --from node1/ --from node2/

            \(CommandStatus.help)
            """)

    @OptionGroup var batch: BatchOptions
    @Option(help: ArgumentHelp("Another output folder of this batch; repeat it for more.", valueName: "folder")) var from: [String] = []

    func run() async throws {
        try await withBatchStatus {
            try await onThread {
                let manifest = try batch.openManifest()
                let folder = try batch.openFolder(manifest)
                var faults: [BatchError] = []
                if !from.isEmpty {
                    let merge = try BatchMerge(from: from.map { try BatchFolder(existing: $0) }, into: folder) { _ in
                        try Cancellation.check()
                    }
                    faults = merge.faults
                    for fault in faults { StandardError.print("sampt: \(fault)") }
                    StandardError.print(
                        "\(merge.taken) results taken, \(merge.alreadyThere) were there already"
                            + (faults.isEmpty ? "." : ", \(faults.count) not taken."))
                }
                let plan = try BatchPlan(manifest, folder: folder, models: BatchMethod.models)
                let report = try BatchReport(plan, manifest: manifest, folder: folder)
                try report.write(to: folder)
                try BatchIndex.write(plan, to: folder)
                for line in report.lines { StandardError.print(line) }
                StandardError.print("Written: \(folder.reportPath), \(folder.indexPath)")
                guard faults.isEmpty else { return CommandStatus.invalidInput }
                return plan.counts.done == plan.counts.total && manifest.problems.isEmpty ? .success : .partial
            }
        }
    }
}

struct BatchRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Have videos that were set aside tried again by the next run.", discussion: CommandStatus.help)

    @Argument(help: "Their names (default: all that are set aside).") var ids: [String] = []
    @Option(help: ArgumentHelp("The batch's output folder.", valueName: "folder")) var out: String
    @Flag(help: "Have results made anew that other versions of sampt made.") var otherVersions = false

    func run() async throws {
        try await withBatchStatus {
            let folder = try BatchFolder(existing: out)
            if otherVersions {
                guard ids.isEmpty else { throw CommandError.usage("--other-versions is about all results; names have no effect with it.") }
                let removed = try await onThread { try folder.removeResults(madeByOtherVersionsThan: ProgramVersion.current) }
                StandardError.print("\(removed.count) results of other versions are removed; the next run makes them anew.")
            } else {
                let chosen = try folder.retry(ids.isEmpty ? nil : ids)
                StandardError.print("\(chosen.count) video\(chosen.count == 1 ? " is" : "s are") tried again by the next run.")
            }
            return .success
        }
    }
}

struct BatchVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare all results with their checksums.",
        discussion: """
            Names every result with a file that is missing, added or different from when it was made; status 65 where there is one. \
            --remove removes these, so that the next run makes them anew.

            \(CommandStatus.help)
            """)

    @Option(help: ArgumentHelp("The batch's output folder.", valueName: "folder")) var out: String
    @Flag(help: "Read videos and prompts, too, and compare them with what results were made of.") var inputs = false
    @Flag(help: "Remove results with faults.") var remove = false
    @Flag(help: "Print the faults as JSON.") var json = false

    func run() async throws {
        try await withBatchStatus {
            let folder = try BatchFolder(existing: out)
            let verification = try await onThread {
                try ResultVerification(folder, inputs: inputs, removing: remove) { _ in try Cancellation.check() }
            }
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                StandardOutput.print(json: String(decoding: try encoder.encode(verification.faults), as: UTF8.self))
            } else {
                for fault in verification.faults { StandardOutput.print("\(fault.id): \(fault.reason)") }
            }
            StandardError.print(
                "\(verification.checked) results, \(verification.bytes >> 20) MB: \(verification.faults.count) with faults.")
            return verification.faults.isEmpty ? .success : .invalidInput
        }
    }
}

import ArgumentParser
import BatchJobs
import Foundation
import SegmentationJobs
import Support

struct BatchRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Do what is missing or has changed of a batch, or of a share of it.",
        discussion: """
            Workers load models once and take one video after another. How many there are, and with how many threads each, is measured \
            with the batch's own videos at the first run, within the cores and the memory of this machine, its container, or the \
            scheduler's task.

            A video that ends its worker (memory, a crash), or with which it finishes no frame for far longer than the video's length \
            accounts for, is tried once more alone, and then set aside; the batch goes on. Ctrl-C leaves what is being done; another run \
            goes on from there.

              sampt batch run clips.jsonl --out results/
              seq 0 7 | parallel -j 2 sampt batch run clips.jsonl --out results/ \\
                --shard {}/8 --workers 1 --threads 1

            Status 3 means that videos are set aside, or in the hands of other runs; report.html says which, and why.

            \(CommandStatus.help)
            """)

    @OptionGroup var batch: BatchOptions
    @Option(help: ArgumentHelp("Work on one share of n, chosen by the videos' names: 0/n to (n-1)/n.", valueName: "i/n"))
    var shard: String?
    @Option(help: ArgumentHelp("Workers (default: as many as cores and memory allow, measured).", valueName: "n"))
    var workers: Int?
    @Option(
        help: ArgumentHelp("Threads of each worker; one number for the whole batch (default: measured at its first run).", valueName: "n"))
    var threads: Int?
    @Option(
        help: ArgumentHelp(
            "A worker may finish no frame for this many times as long as its video takes at the pace of the slowest before it; at least two minutes.",
            valueName: "factor"))
    var timeFactor = 10.0
    @Option(help: ArgumentHelp("Megabytes of the next video that are read while others are worked on; 0: none.", valueName: "MB"))
    var readAhead = 64
    @Option(
        help: ArgumentHelp(
            "Seconds without a sign of life after which another machine's run counts as gone, and its videos are taken over.",
            valueName: "seconds"))
    var lease = 180.0
    @Flag(help: "Print nothing but errors and warnings.")
    var quiet = false
    @Flag(help: "Print a summary as JSON on stdout.")
    var json = false

    func validate() throws {
        if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers must be between 1 and 1024.") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be between 1 and 1024.") }
        guard timeFactor.isFinite, timeFactor >= 1 else { throw ValidationError("--time-factor must be at least 1.") }
        guard (0...65_536).contains(readAhead) else { throw ValidationError("--read-ahead must be between 0 and 65536.") }
        guard lease.isFinite, (1...86_400).contains(lease) else { throw ValidationError("--lease must be between 1 and 86400.") }
    }

    func run() async throws {
        try await withBatchStatus {
            var options = BatchRun.Options()
            options.shard = try shard.map { try Shard($0) } ?? .whole
            (options.workers, options.threads, options.lease) = (workers, threads, lease)
            options.timeLimit = TimeLimit(factor: timeFactor)
            options.readAhead = readAhead << 20
            let interruption = Interruption()
            interruption.listen()
            let chosen = options
            let outcome = try await onThread { try work(chosen, interruption) }
            return outcome
        }
    }

    private func work(_ options: BatchRun.Options, _ interruption: Interruption) throws -> CommandStatus {
        let manifest = try batch.openManifest()
        let folder = try batch.openFolder(manifest, threads: options.threads)
        for problem in manifest.problems.prefix(10) {
            StandardError.print("sampt: warning: \(batch.manifest): line \(problem.line) is left out: \(problem.reason).")
        }
        let reporter = BatchReporter(isQuiet: quiet)
        let run = BatchRun(
            manifest, folder: folder, options: options,
            program: try BatchMethod.worker(of: folder),
            models: BatchMethod.models, isStopped: { interruption.isRequested }, report: { reporter.show($0) })
        let outcome = try run.run()
        reporter.close()
        // Of shares, the report is made when they are merged.
        if options.shard == .whole, !outcome.isStopped {
            let plan = try BatchPlan(manifest, folder: folder, models: BatchMethod.models)
            try BatchReport(plan, manifest: manifest, folder: folder).write(to: folder)
            try BatchIndex.write(plan, to: folder)
        }
        try BatchSummary(outcome, folder: folder, isWhole: options.shard == .whole).show(quiet: quiet, json: json)
        let isWhole = outcome.setAside == 0 && outcome.elsewhere == 0 && manifest.problems.isEmpty
        return outcome.isStopped ? .interrupted : isWhole ? .success : .partial
    }
}

/// What a run did, for `--json` and for people.
struct BatchSummary: Encodable {
    var done: Int
    var doneBefore: Int
    var setAside: Int
    var elsewhere: Int
    var isStopped: Bool
    var frames: Int
    var workerSeconds: Double
    var peakMemory: Int
    var out: String
    private var isWhole: Bool

    private enum CodingKeys: String, CodingKey {
        case done, doneBefore, setAside, elsewhere, isStopped, frames, workerSeconds, peakMemory, out
    }

    init(_ outcome: BatchRun.Outcome, folder: BatchFolder, isWhole: Bool) {
        (done, doneBefore, setAside, elsewhere) = (outcome.done, outcome.doneBefore, outcome.setAside, outcome.elsewhere)
        (isStopped, frames, workerSeconds, peakMemory) = (outcome.isStopped, outcome.frames, outcome.seconds, outcome.peakMemory)
        (out, self.isWhole) = (folder.path, isWhole)
    }

    func show(quiet: Bool, json: Bool) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            StandardOutput.print(json: String(decoding: try encoder.encode(self), as: UTF8.self))
        }
        guard !quiet else { return }
        var line = isStopped ? "Stopped: " : "Done: "
        line += "\(done) video\(done == 1 ? "" : "s") now, \(doneBefore) before"
        if setAside > 0 { line += ", \(setAside) set aside" }
        if elsewhere > 0 { line += ", \(elsewhere) in the hands of other runs" }
        StandardError.print(line + ".")
        if isWhole, !isStopped { StandardError.print("Written: \(out)/report.html") }
    }
}

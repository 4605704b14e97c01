import ArgumentParser
import BatchJobs
import Foundation
import SegmentationJobs
import Support

struct BatchSlurmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slurm",
        abstract: "Run a batch as a job array of Slurm.",
        discussion: """
            Writes OUT/slurm/job.sh: an array whose tasks each work on a share. Memory and time come from a dry run on a sample of the \
            batch, here, which should be a machine like the cluster's; --mem, --time, --tasks and --threads spare it. A task that is \
            preempted, or whose node fails, is started anew by Slurm and goes on with what is missing.

              sampt batch slurm clips.jsonl --out /shared/results
              sampt batch slurm clips.jsonl --out /shared/results --cpus 8 \\
                --throttle 50 --submit --watch

            --watch follows the tasks by squeue and by the results, and submits those again that ended before their share was done.

            \(CommandStatus.help)
            """)

    @OptionGroup var batch: BatchOptions
    @Option(help: ArgumentHelp("Cores of a task (default: this machine's, at most 8).", valueName: "n")) var cpus: Int?
    @Option(help: ArgumentHelp("Tasks (default: so many that one takes about --hours).", valueName: "n")) var tasks: Int?
    @Option(
        help: ArgumentHelp(
            "The most tasks of an array, Slurm's MaxArraySize (default: asked of scontrol, \(SlurmRequest.usualArraySize) where it does not answer).",
            valueName: "n"))
    var maxTasks: Int?
    @Option(help: ArgumentHelp("How long a task should take.", valueName: "hours")) var hours = 1.0
    @Option(help: ArgumentHelp("Tasks that run at once at most.", valueName: "n")) var throttle: Int?
    @Option(help: ArgumentHelp("Memory of a task (default: measured).", valueName: "MB")) var mem: Int?
    @Option(help: ArgumentHelp("Time limit of a task (default: measured).", valueName: "minutes")) var time: Int?
    @Option(help: ArgumentHelp("Threads of each worker (default: measured).", valueName: "n")) var threads: Int?
    @Option(help: ArgumentHelp("Slurm's partition.", valueName: "name")) var partition: String?
    @Option(help: ArgumentHelp("Slurm's account.", valueName: "name")) var account: String?
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A further option of sbatch, such as --qos=low; repeat it for more.", valueName: "option"))
    var sbatch: [String] = []
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A further option of sampt batch run, such as --lease=600; repeat it for more.", valueName: "option"))
    var runOption: [String] = []
    @Flag(help: "Submit the script.") var submit = false
    @Flag(help: "Follow the job that was submitted last until the batch is done.") var watch = false
    @Option(help: ArgumentHelp("Seconds between two looks.", valueName: "seconds")) var interval = 30.0
    @Flag(help: "Print nothing but errors and warnings.") var quiet = false

    func validate() throws {
        for (name, value) in [
            ("cpus", cpus), ("tasks", tasks), ("max-tasks", maxTasks), ("throttle", throttle), ("mem", mem), ("time", time),
            ("threads", threads),
        ] {
            guard value.map({ (1...SlurmRequest.greatestTaskCount).contains($0) }) ?? true else {
                throw ValidationError("--\(name) must be between 1 and \(SlurmRequest.greatestTaskCount).")
            }
        }
        if let threads, let cpus, threads > cpus { throw ValidationError("--threads must not be above --cpus.") }
        guard hours.isFinite, hours > 0, hours <= 8760 else { throw ValidationError("--hours must be above 0, and a year at most.") }
        guard interval.isFinite, interval >= 1, interval <= 3600 else { throw ValidationError("--interval must be between 1 and 3600.") }
    }

    func run() async throws {
        try await withBatchStatus {
            let interruption = Interruption()
            interruption.listen()
            return try await onThread { try work(interruption) }
        }
    }

    private struct Submitted: Codable {
        var job: Int
        var request: SlurmRequest
    }

    private func work(_ interruption: Interruption) throws -> CommandStatus {
        let manifest = try batch.openManifest()
        let folder = try batch.openFolder(manifest, threads: threads)
        let record = folder.slurmPath + "/submitted.json"
        func script(_ request: SlurmRequest) throws -> SlurmScript {
            SlurmScript(
                request: request, program: try BatchMethod.program(), manifest: manifest.path, folder: folder,
                arguments: runOption + (batch.skipBroken ? ["--skip-broken"] : []))
        }
        var submitted: Submitted
        if watch, !submit {
            guard let data = FileManager.default.contents(atPath: record), let found = try? JSONDecoder().decode(Submitted.self, from: data)
            else { throw CommandError.missingInput("\(record): there is none: nothing was submitted from \(folder.path). Add --submit.") }
            submitted = found
        } else {
            guard let request = try request(manifest, folder, interruption) else { return .interrupted }
            let script = try script(request)
            try script.write()
            say(
                "Written: \(script.path) (tasks: \(request.tasks); each with cores: \(request.cores), memory: \(request.memory) MB, time: \(request.minutes) minutes)"
            )
            guard submit else { return .success }
            submitted = Submitted(job: try SlurmCommands().submit(script), request: request)
            try AtomicFile.write(JSONEncoder().encode(submitted), to: record)
            say("Submitted: job \(submitted.job).")
        }
        guard watch else { return .success }
        let reporter = ProgressReporter(isQuiet: quiet)
        let counts = try SlurmWatch(
            script(submitted.request), manifest: manifest, models: BatchMethod.models, interval: interval,
            isStopped: { interruption.isRequested },
            report: { event in
                switch event {
                case .tasks(let running, let waiting, let counts):
                    reporter.show(isLast: false) {
                        "\(counts.done)/\(counts.total) videos, \(counts.setAside) set aside; \(running) tasks run, \(waiting) wait"
                    }
                case .unreachable(let reason):
                    reporter.close()
                    StandardError.print("sampt: warning: Slurm does not answer: \(reason)")
                case .submittedAgain(let job, let tasks):
                    reporter.close()
                    submitted.job = job
                    try? AtomicFile.write(JSONEncoder().encode(submitted), to: record)
                    say("\(tasks.count) task\(tasks.count == 1 ? "" : "s") ended before all was done; submitted again as job \(job).")
                case .gaveUp(let tasks):
                    reporter.close()
                    StandardError.print(
                        "sampt: \(tasks.count) tasks ended without doing anything more. What they said is in \(folder.slurmPath)/logs.")
                }
            }
        ).run(job: submitted.job)
        reporter.close()
        let plan = try BatchPlan(manifest, folder: folder, models: BatchMethod.models)
        let report = try BatchReport(plan, manifest: manifest, folder: folder)
        try report.write(to: folder)
        try BatchIndex.write(plan, to: folder)
        for line in report.lines { say(line) }
        say("Written: \(folder.reportPath)")
        if interruption.isRequested, !counts.isFinished { return .interrupted }
        return counts.done == counts.total && manifest.problems.isEmpty ? .success : .partial
    }

    /// - Returns: nil: stopped.
    private func request(_ manifest: Manifest, _ folder: BatchFolder, _ interruption: Interruption) throws -> SlurmRequest? {
        let plan = try BatchPlan(manifest, folder: folder, models: BatchMethod.models)
        let videos = max(1, plan.counts.missing + plan.counts.changed)
        let cores = cpus ?? min(8, MachineResources.here().cores)
        // Where nothing is known, a number that was asked for stays as it is.
        let known = maxTasks ?? SlurmCommands().greatestArraySize()
        if let known, (tasks ?? 1) > known {
            throw CommandError.usage(
                "--tasks: an array of this cluster has at most \(known) tasks, not \(tasks ?? 1) (Slurm's MaxArraySize; --max-tasks says otherwise)."
            )
        }
        var request: SlurmRequest
        if let mem, let time, let tasks, let threads = threads ?? folder.settings.threads {
            guard threads <= cores else {
                throw CommandError.usage("--cpus \(cores): the batch's workers have \(threads) threads each; give a task as many cores.")
            }
            _ = try folder.deciding(threads: threads)
            request = SlurmRequest(tasks: tasks, cores: cores, memory: mem, minutes: time, workers: cores / threads, threads: threads)
        } else {
            var options = BatchRun.Options()
            options.threads = threads
            let reporter = BatchReporter(isQuiet: quiet)
            let run = BatchRun(
                manifest, folder: folder, options: options,
                program: try BatchMethod.worker(of: folder),
                models: BatchMethod.models, isStopped: { interruption.isRequested }, report: { reporter.show($0) })
            guard let measurement = try run.measure(atMost: cores) else {
                guard !interruption.isRequested else { return nil }
                throw CommandError.failure(
                    "No video of the sample could be worked on, or nothing is left to do. Run \"sampt batch run\" here to see why.")
            }
            guard let best = measurement.best else { return nil }
            _ = try folder.deciding(threads: best.shape.threads)
            request = SlurmRequest(
                measured: best, videos: videos, cores: cores, hours: hours, tasks: tasks, limit: known ?? SlurmRequest.usualArraySize)
            if let mem { request.memory = mem }
            if let time { request.minutes = time }
        }
        (request.throttle, request.partition, request.account, request.extra) = (throttle, partition, account, sbatch)
        return request
    }

    private func say(_ line: String) { if !quiet { StandardError.print(line) } }
}

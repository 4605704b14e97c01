import Foundation

/// What a task of a job array asks Slurm for.
public struct SlurmRequest: Sendable, Equatable, Codable {
    /// The array's size: shards of the batch.
    public var tasks: Int
    /// How many run at once at most; nil: as many as the cluster lets.
    public var throttle: Int?
    public var cores: Int
    /// In megabytes.
    public var memory: Int
    /// In minutes.
    public var minutes: Int
    public var workers: Int
    public var threads: Int
    public var partition: String?
    public var account: String?
    /// Further lines for `#SBATCH`.
    public var extra: [String]

    public static let greatestTaskCount = 1_000_000
    /// The most tasks of an array where its administrators say nothing else: Slurm's `MaxArraySize`.
    public static let usualArraySize = 1001

    public init(
        tasks: Int, throttle: Int? = nil, cores: Int, memory: Int, minutes: Int, workers: Int, threads: Int, partition: String? = nil,
        account: String? = nil, extra: [String] = []
    ) {
        (self.tasks, self.throttle, self.cores, self.memory, self.minutes) = (tasks, throttle, cores, memory, minutes)
        (self.workers, self.threads, self.partition, self.account, self.extra) = (workers, threads, partition, account, extra)
    }

    /// A request for videos as they were measured: half as much time again as they took, a quarter more memory than they had.
    /// - Parameters:
    ///   - row: of a measurement on a machine of the cluster's kind.
    ///   - videos: that are to be done.
    ///   - cores: of each task.
    ///   - hours: that a task should take.
    ///   - tasks: nil: so many that one takes about `hours`.
    ///   - limit: the most tasks of an array; with fewer than there would be, each has more time.
    public init(
        measured row: WorkerMeasurement.Row, videos: Int, cores: Int, hours: Double = 1, tasks: Int? = nil, limit: Int = usualArraySize
    ) {
        let workers = max(1, cores / row.shape.threads)
        let perTask = max(1, hours * 3600 * Double(workers) / max(0.001, row.secondsPerVideo))
        let count = tasks ?? Int(min(Double(max(1, limit)), max(1, (Double(videos) / perTask).rounded(.up))))
        let share = (Double(videos) / Double(count)).rounded(.up)
        // Shares are even on average only; a longest video may come last.
        let uneven = share + 3 * share.squareRoot()
        let seconds = 1.5 * (uneven * row.secondsPerVideo / Double(workers) + row.greatestSeconds) + 300
        self.init(
            tasks: count, cores: workers * row.shape.threads, memory: (row.peakMemory >> 20) * workers * 5 / 4 + 512,
            minutes: Int(min(60 * 24 * 365, max(10, (seconds / 60).rounded(.up)))), workers: workers, threads: row.shape.threads)
    }
}

/// A batch as a job array: a script for `sbatch`.
public struct SlurmScript: Sendable {
    public var request: SlurmRequest
    public var program: String
    public var manifest: String
    public var folder: BatchFolder
    /// Further arguments of `sampt batch run`.
    public var arguments: [String]

    public init(request: SlurmRequest, program: String, manifest: String, folder: BatchFolder, arguments: [String] = []) {
        (self.request, self.program, self.manifest, self.folder, self.arguments) = (request, program, manifest, folder, arguments)
    }

    public var path: String { folder.slurmPath + "/job.sh" }

    /// The script. A task that is preempted or whose node fails is started anew and goes on with what is missing.
    public var text: String {
        let run =
            [program, "batch", "run", manifest, "--out", folder.path, "--workers", "\(request.workers)", "--threads", "\(request.threads)"]
            + arguments
        let optional =
            [request.partition.map { "--partition=\($0)" }, request.account.map { "--account=\($0)" }].compactMap { $0 } + request.extra
        return """
            #!/bin/bash
            #SBATCH --job-name=\(folder.settings.batch)
            #SBATCH --array=0-\(request.tasks - 1)\(request.throttle.map { "%\($0)" } ?? "")
            #SBATCH --ntasks=1
            #SBATCH --cpus-per-task=\(request.cores)
            #SBATCH --mem=\(request.memory)M
            #SBATCH --time=\(request.minutes)
            #SBATCH --requeue
            #SBATCH --open-mode=append
            #SBATCH --output=\(folder.slurmPath)/logs/%A_%a.log
            \(optional.map { "#SBATCH \($0)\n" }.joined())
            # Signals reach sampt itself, which gives back what it was doing.
            exec \(run.map(ShellWord.quoted).joined(separator: " ")) --shard "$SLURM_ARRAY_TASK_ID/\(request.tasks)"

            """
    }

    /// - Throws: `BatchError.unwritable`; `.invalidArgument` for what cannot be said in a script's comments.
    public func write() throws {
        for text in [request.partition, request.account].compactMap({ $0 }) + request.extra + [folder.path] {
            guard !text.contains(where: \.isNewline) else {
                throw BatchError.invalidArgument("\"\(text)\": goes over several lines, which Slurm's options cannot.")
            }
        }
        guard !folder.slurmPath.contains(where: { $0 == "%" || $0.isWhitespace }) else {
            throw BatchError.invalidArgument(
                "\(folder.path): Slurm's log names stand for something where they have \"%\", and end at spaces. Give another output folder."
            )
        }
        try BatchFolder.make(folder.slurmPath + "/logs")
        try SmallFile.replace(path, with: Data(text.utf8))
    }
}

/// Words for a shell.
enum ShellWord {
    static func quoted(_ word: String) -> String {
        let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%".unicodeScalars
        if !word.isEmpty, word.unicodeScalars.allSatisfy(plain.contains) { return word }
        return "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}

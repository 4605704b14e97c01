import Foundation
import Support

/// Works on a batch, or a share of it, on this machine, until all of it is done or set aside.
public struct BatchRun {
    public struct Options: Sendable {
        public var shard = Shard.whole
        /// nil: as many as cores and memory allow, measured.
        public var workers: Int?
        /// Of each worker; nil: as the folder says, or measured.
        public var threads: Int?
        public var timeLimit = TimeLimit()
        /// Bytes of the next video that are read while others compute.
        public var readAhead = 64 << 20
        /// Seconds without a sign of life after which another machine's run counts as gone.
        public var lease = 180.0

        public init() {}
    }

    /// What a person may want to see while it goes on.
    public enum Event: Sendable {
        case planned(BatchCounts)
        case measuring(WorkerShape)
        case measured(WorkerMeasurement)
        case working(WorkerShape)
        case done(JournalEntry)
        case willRetry(id: String, reason: String)
        /// Runs before ended in the midst of it.
        case comesLast(id: String, lostRuns: Int)
        case setAside(FailureRecord)
        case waitingForOthers(Int)
    }

    /// How it ended.
    public struct Outcome: Sendable, Equatable {
        /// Videos that this run made results of.
        public var done = 0
        /// Videos that had results before, or got them from others meanwhile.
        public var doneBefore = 0
        /// Videos that are set aside, by this run or before.
        public var setAside = 0
        /// Videos that other runs, which are alive, work on.
        public var elsewhere = 0
        public var isStopped = false
        public var frames = 0
        public var seconds = 0.0
        public var peakMemory = 0
    }

    private let manifest: Manifest
    private let folder: BatchFolder
    /// Makes the program of a worker with so many threads.
    private let program: (Int) -> WorkerProgram
    private let models: BatchPlan.Models
    private let options: Options
    private let isStopped: () -> Bool
    private let report: (Event) -> Void

    /// - Parameters:
    ///   - program: the program of a worker that computes with so many threads.
    ///   - models: what is known of the models that some options ask for.
    ///   - isStopped: asked several times a second.
    ///   - report: called on this thread.
    public init(
        _ manifest: Manifest, folder: BatchFolder, options: Options = Options(), program: @escaping (Int) -> WorkerProgram,
        models: @escaping BatchPlan.Models, isStopped: @escaping () -> Bool = { false }, report: @escaping (Event) -> Void = { _ in }
    ) {
        (self.manifest, self.folder, self.options, self.program) = (manifest, folder, options, program)
        (self.models, self.isStopped, self.report) = (models, isStopped, report)
    }

    /// Blocks; may take weeks.
    /// - Throws: `BatchError`: `.unwritable` where the disk is full (what was being done can be done again), `.workersFail`.
    public func run() throws -> Outcome {
        let identity = RunIdentity.new()
        try folder.removeLeftovers(seenFrom: identity)
        let heartbeat = try RunHeartbeat(identity, in: folder, every: max(1, options.lease / 18))
        defer { heartbeat.stop() }
        try folder.removeOldLeftovers(seenFrom: identity)
        let plan = try BatchPlan(manifest, folder: folder, shard: options.shard, models: models)
        let counts = plan.counts
        report(.planned(counts))
        let pending = plan.pending
        var outcome = Outcome(doneBefore: counts.done, setAside: counts.setAside)
        guard !pending.isEmpty else { return outcome }
        var timeLimit = options.timeLimit
        for case .done(let entry) in plan.items.map(\.state) { timeLimit.learn(frames: entry.frames, seconds: entry.seconds) }
        let claims = try Claims(folder: folder, own: identity, lease: options.lease)
        let shape = try WorkerShape.decide(
            pending, manifest: manifest, folder: folder, options: options, claims: claims, program: program, isStopped: isStopped
        ) { event in
            if case .measured(let measurement) = event { timeLimit.learn(measurement) }
            report(event)
        }
        guard let shape, !isStopped() else {
            outcome.isStopped = true
            return outcome
        }
        _ = try folder.deciding(threads: shape.threads)
        report(.working(shape))
        let readAhead = ReadAhead(limit: options.readAhead)
        defer { readAhead.stop() }
        let queue = BatchQueue(
            pending, manifest: manifest, folder: folder, claims: claims, journal: JournalWriter(path: folder.journalPath(identity.id)),
            readAhead: readAhead, report: report)
        defer { queue.giveBack() }
        outcome.isStopped = try !work(on: queue, shape, identity, timeLimit)
        outcome.elsewhere = queue.held.count
        outcome.done = queue.tally.done
        outcome.doneBefore += queue.tally.doneByOthers
        outcome.setAside += queue.tally.setAside
        (outcome.frames, outcome.seconds, outcome.peakMemory) = (queue.tally.frames, queue.tally.seconds, queue.tally.peakMemory)
        return outcome
    }

    /// Measures with a sample of what is to be done, which is not kept.
    /// - Parameter cores: that a task will have.
    /// - Returns: nil: nothing is to be done, nothing of it worked out, or it was stopped.
    public func measure(atMost cores: Int) throws -> WorkerMeasurement? {
        let identity = RunIdentity.new()
        let heartbeat = try RunHeartbeat(identity, in: folder, every: max(1, options.lease / 18))
        defer { heartbeat.stop() }
        let plan = try BatchPlan(manifest, folder: folder, shard: options.shard, models: models)
        report(.planned(plan.counts))
        let pending = plan.pending
        guard !pending.isEmpty else { return nil }
        var machine = MachineResources.here()
        machine.cores = min(machine.cores, cores)
        let measurement = try WorkerShape.measurement(
            pending, manifest: manifest, folder: folder, options: options, machine: machine,
            claims: Claims(folder: folder, own: identity, lease: options.lease), program: program, isStopped: isStopped, report: report)
        guard let measurement, measurement.best != nil else { return nil }
        report(.measured(measurement))
        return measurement
    }

    /// All together, then alone what failed or ended runs before, then what others left.
    private func work(on queue: BatchQueue, _ shape: WorkerShape, _ identity: RunIdentity, _ known: TimeLimit) throws -> Bool {
        var timeLimit = known
        var started = 0
        func pass(workers: Int) throws -> Bool {
            let first = started
            let pool = WorkerPool(
                .init(
                    program: program(shape.threads), workers: workers, timeLimit: timeLimit,
                    log: { number in
                        started = first + number + 1
                        return folder.logPath(identity.id, worker: first + number)
                    }, spareMemory: shape.spareMemory, isStopped: isStopped),
                source: queue)
            defer { timeLimit = pool.timeLimit }
            return try pool.run()
        }
        guard try pass(workers: shape.workers) else { return false }
        while !queue.toRetry.isEmpty {
            queue.startRetries()
            guard try pass(workers: 1) else { return false }
        }
        return try workOnHeld(queue, lease: options.lease) { try pass(workers: min($0, shape.workers)) }
    }

    /// Waits until those who hold videos have proved to be alive or gone, and takes over from those that are gone.
    private func workOnHeld(_ queue: BatchQueue, lease: Double, pass: (_ workers: Int) throws -> Bool) throws -> Bool {
        let begin = ContinuousClock.now
        if !queue.held.isEmpty { report(.waitingForOthers(queue.held.count)) }
        while !queue.held.isEmpty, begin.secondsAgo < 1.25 * lease + 1 {
            var left = min(2, max(0.1, lease / 8))
            while left > 0 {
                if isStopped() { return false }
                Thread.sleep(forTimeInterval: 0.1)
                left -= 0.1
            }
            // Workers are started for what there is to do only.
            let count = try queue.startHeld()
            guard try count == 0 || pass(count) else { return false }
            while !queue.toRetry.isEmpty {
                queue.startRetries()
                guard try pass(1) else { return false }
            }
        }
        return true
    }
}

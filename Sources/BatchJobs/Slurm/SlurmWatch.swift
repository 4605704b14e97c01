import Foundation
import Support

/// Follows a job array to its end by Slurm's queue and by the results, and submits again the tasks that ended without finishing their
/// share.
public struct SlurmWatch {
    public enum Event: Sendable, Equatable {
        case tasks(running: Int, waiting: Int, counts: BatchCounts)
        /// The controller does not answer; it is asked again.
        case unreachable(String)
        case submittedAgain(job: Int, tasks: [Int])
        /// Tasks ended without having done more than before.
        case gaveUp(tasks: [Int])
    }

    private let slurm = SlurmCommands()
    private let script: SlurmScript
    private let manifest: Manifest
    private let models: BatchPlan.Models
    private let interval: Double
    private let isStopped: () -> Bool
    private let report: (Event) -> Void

    /// - Parameter interval: seconds between two looks.
    public init(
        _ script: SlurmScript, manifest: Manifest, models: @escaping BatchPlan.Models, interval: Double = 30,
        isStopped: @escaping () -> Bool, report: @escaping (Event) -> Void
    ) {
        (self.script, self.manifest, self.models, self.interval) = (script, manifest, models, interval)
        (self.isStopped, self.report) = (isStopped, report)
    }

    /// Returns when all is done or set aside, when nothing gets any further, or when it is stopped. The jobs go on in the last case.
    /// - Throws: `BatchError`, but not for a controller that cannot be reached.
    public func run(job: Int) throws -> BatchCounts {
        var job = job
        var (unfinished, lost) = (Int.max, 0)
        while true {
            if let tasks = try waitForEnd(of: job) {
                let plan = try BatchPlan(manifest, folder: script.folder, models: models)
                if tasks.isEmpty {
                    let counts = plan.counts
                    let left = try Self.shards(plan, count: script.request.tasks)
                    if left.isEmpty { return counts }
                    // A video that ends its runs is set aside after some of them.
                    let losses = try script.folder.losses().values.reduce(0) { $0 + $1.runs.count }
                    guard counts.missing + counts.changed < unfinished || losses > lost else {
                        report(.gaveUp(tasks: left))
                        return counts
                    }
                    (unfinished, lost) = (counts.missing + counts.changed, losses)
                    job = try slurm.submit(script, tasks: left)
                    report(.submittedAgain(job: job, tasks: left))
                }
            } else {
                return try BatchPlan(manifest, folder: script.folder, models: models).counts
            }
        }
    }

    /// Waits until Slurm knows of no task of a job any more.
    /// - Returns: nil: stopped.
    private func waitForEnd(of job: Int) throws -> [SlurmCommands.Task]? {
        var isKnown = false
        while true {
            do {
                let tasks = try slurm.tasks(of: job)
                isKnown = true
                if tasks.isEmpty { return [] }
                let running = tasks.filter { $0.state == "RUNNING" || $0.state == "COMPLETING" }.count
                report(.tasks(running: running, waiting: tasks.count - running, counts: try roughCounts()))
            } catch BatchError.scheduler(let command, let reason) {
                // A job that was never seen may never have been.
                guard isKnown || !reason.contains("There is no") else { throw BatchError.scheduler(command: command, reason: reason) }
                report(.unreachable(reason))
            }
            let begin = ContinuousClock.now
            while begin.secondsAgo < interval {
                if isStopped() { return nil }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
    }

    /// By names alone, which is cheap.
    private func roughCounts() throws -> BatchCounts {
        let (done, failed) = (try script.folder.ids(in: "results"), try script.folder.ids(in: "failed"))
        var counts = BatchCounts()
        for item in manifest.items {
            // What was done and changed may be set aside; what is done again is not any more.
            if failed.contains(item.id) {
                counts.setAside += 1
            } else if done.contains(item.id) {
                counts.done += 1
            } else {
                counts.missing += 1
            }
        }
        return counts
    }

    /// The shards that have something to do.
    static func shards(_ plan: BatchPlan, count: Int) throws -> [Int] {
        var shards: Set<Int> = []
        for (item, state) in plan.items where state == .missing || state == .changed {
            shards.insert(try Shard.index(of: item.id, count: count))
        }
        return shards.sorted()
    }
}

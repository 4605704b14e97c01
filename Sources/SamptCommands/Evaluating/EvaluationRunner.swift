import Foundation
import MethodPresets
import SAMPT
import SegmentationJobs
import Support
import VideoBenchmarks

/// Runs the rows of an evaluation, those that share a segmenter together, with progress over all of them; Ctrl-C ends it in order.
struct EvaluationRunner: Sendable {
    var rows: EvaluationRows
    var models: ModelOptions
    var running: EvaluationOptions
    /// Of all videos of this part, for one row.
    var frames: Int
    var isQuiet: Bool

    /// Runs settings that share their segmenter.
    typealias Evaluate =
        @Sendable (
            _ entries: [DatasetEvaluation.Entry], _ jobs: Int, _ progress: @escaping @Sendable (EvaluationProgress) -> Void
        ) async throws -> DatasetEvaluation.Outcome

    /// - Returns: nil after Ctrl-C.
    func run(_ evaluate: @escaping Evaluate) async throws -> DatasetEvaluation.Outcome? {
        let interruption = Interruption()
        interruption.listen()
        let work = Task { try await runGroups(evaluate) }
        interruption.onRequest { work.cancel() }
        let outcome: DatasetEvaluation.Outcome
        do { outcome = try await work.value } catch is CancellationError where interruption.isRequested {
            StandardError.print("Interrupted. The same command goes on from here.")
            return nil
        }
        for failure in outcome.failures(among: rows.runs) { StandardError.print("sampt: \(failure)") }
        if !isQuiet, outcome.kept > 0 { StandardError.print("\(outcome.kept) videos were there already, made from the same.") }
        return outcome
    }

    private func runGroups(_ evaluate: Evaluate) async throws -> DatasetEvaluation.Outcome {
        var outcome = DatasetEvaluation.Outcome()
        let groups = try rows.groups { segmenter, trackers in
            try need(segmenter, trackers) <= MachineResources.availableMemory()
        }
        // Frames of groups that are done with, and of those that this process has segmented.
        var (done, made) = (0, 0)
        let (total, start) = (frames * rows.rows.count, ContinuousClock.now)
        for group in groups {
            try Task.checkCancellation()
            let (segmenterName, trackerNames) = (group[0].settings.segmenter, Set(group.map(\.settings.tracker)))
            let (segmenter, trackers) = try models.makeModels(segmenter: segmenterName, trackers: trackerNames.sorted())
            let entries = group.compactMap { row in
                trackers[row.settings.tracker].map { tracker in
                    var options = row.settings.options(for: segmenter)
                    options.seed = row.run.seed
                    // Before its query frame an object is not known.
                    options.tracking.isBackward = false
                    return DatasetEvaluation.Entry(
                        run: row.run, segmenter: VideoSegmenter(segmenter: segmenter, tracker: tracker, options: options))
                }
            }
            let reporter = ProgressReporter(isQuiet: isQuiet)
            defer { reporter.close() }
            let (doneBefore, madeBefore) = (done, made)
            let part = try await evaluate(entries, running.jobs ?? usualJobs(segmenterName, trackerNames)) { progress in
                reporter.show(isLast: false) {
                    Self.line(
                        progress, done: doneBefore + progress.framesDone, of: total, made: madeBefore + progress.framesMade,
                        seconds: start.secondsAgo)
                }
            }
            done += frames * group.count
            made += part.done.reduce(0) { $0 + $1.frames }
            outcome.done += part.done
            outcome.kept += part.kept
            outcome.failed += part.failed
        }
        return outcome
    }

    /// - Parameters:
    ///   - done, total: frames of all videos and rows.
    ///   - made: those that this process has segmented, in so many seconds.
    static func line(_ progress: EvaluationProgress, done: Int, of total: Int, made: Int, seconds: Double) -> String {
        let rate = Double(made) / max(1e-9, seconds)
        let left = rate > 0 && total > done ? ", \(ProgressReporter.duration(Double(total - done) / rate)) left" : ""
        let place = "[\(progress.videosDone)/\(progress.videos)] \(progress.video)"
        return "\(place)  \(done)/\(total) frames, \(String(format: "%.1f", rate)) frames/s\(left)"
    }

    private func need(_ segmenter: String, _ trackers: Set<String>) throws -> Int {
        let choices = [try models.segmenter.choice(segmenter)] + (try trackers.sorted().map { try models.tracker.choice($0) })
        return MemoryNeed(models: choices, frame: MemoryNeed.usualFrame).bytes
    }

    /// Networks use all cores; several videos at once pay where there are many, and memory holds them.
    private func usualJobs(_ segmenter: String, _ trackers: Set<String>) throws -> Int {
        Self.usualJobs(need: try need(segmenter, trackers), on: .here())
    }

    /// - Parameter need: of one, in bytes.
    static func usualJobs(need: Int, on machine: MachineResources) -> Int { max(1, min(machine.cores / 4, machine.memory / max(1, need))) }
}

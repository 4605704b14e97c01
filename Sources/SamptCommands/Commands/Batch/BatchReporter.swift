import BatchJobs
import Foundation
import Support

/// Shows how far a batch is.
final class BatchReporter {
    private let isQuiet: Bool
    private let reporter: ProgressReporter
    private var counts = BatchCounts()
    private var (done, frames) = (0, 0)
    private var begin = ContinuousClock.now

    init(isQuiet: Bool) { (self.isQuiet, reporter) = (isQuiet, ProgressReporter(isQuiet: isQuiet)) }

    func show(_ event: BatchRun.Event) {
        switch event {
        case .planned(let counts):
            self.counts = counts
            say("\(counts.total) videos: \(counts.done) done, \(counts.missing + counts.changed) to do, \(counts.setAside) set aside.")
        case .measuring(let shape): say("Measuring \(Self.text(shape)) ...")
        case .measured(let measurement):
            for row in measurement.rows {
                let rate = String(format: "%.1f", row.framesPerSecond)
                say("  \(Self.text(row.shape)): \(rate) frames/s, \(row.peakMemory >> 20) MB each")
            }
        case .working(let shape):
            begin = .now
            say("Working with \(Self.text(shape)).")
        case .done(let entry):
            done += 1
            frames += entry.frames
            let left = counts.missing + counts.changed - done
            reporter.show(isLast: left == 0) {
                let seconds = max(0.001, begin.secondsAgo)
                let rest = left > 0 ? ", \(ProgressReporter.duration(seconds / Double(done) * Double(left))) left" : ""
                return String(format: "%d/%d videos, %.1f frames/s", done, done + max(0, left), Double(frames) / seconds) + rest
            }
        case .willRetry(let id, let reason): say("\(id): \(reason) It is tried again alone.")
        case .comesLast(let id, let count):
            say("\(id): \(count) run\(count == 1 ? "" : "s") before ended in the midst of it. It is worked on last, alone.")
        case .setAside(let failure):
            reporter.close()
            StandardError.print("sampt: warning: \(failure.id): set aside: \(failure.reason)")
        case .waitingForOthers(let count):
            say("\(count) video\(count == 1 ? " is" : "s are") in the hands of other runs; waiting to see whether they are alive.")
        }
    }

    func close() { reporter.close() }

    private func say(_ line: String) {
        guard !isQuiet else { return }
        reporter.close()
        StandardError.print(line)
    }

    private static func text(_ shape: WorkerShape) -> String {
        "\(shape.workers) worker\(shape.workers == 1 ? "" : "s") of \(shape.threads) thread\(shape.threads == 1 ? "" : "s")"
    }
}

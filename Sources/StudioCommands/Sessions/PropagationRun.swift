import Foundation
import SAMPT
import SegmentationJobs

/// What a propagation did, for programs and people.
struct PropagationSummary: Sendable, Encodable, Equatable {
    /// As in the log; 0 where there was nothing to compute.
    var propagation = 0
    /// Frames whose results are there now, as ranges, by object.
    var changed: [String: [[Int]]] = [:]
    var framesDone = 0
    var framesTotal = 0
    var seconds = 0.0
    /// `complete`, `cancelled` or `failed`; nil where there was nothing to compute.
    var ending: PropagationReach.Ending?
    /// Why it failed.
    var error: String?

    /// The line for people.
    var line: String {
        let speed = seconds > 0 ? String(format: " (%.1f frames/s)", Double(framesDone) / seconds) : ""
        guard ending != nil else { return "Everything is up to date; nothing was computed." }
        let verb = ending == .complete ? "Done:" : ending == .cancelled ? "Interrupted, and kept:" : "Failed after"
        return "\(verb) \(framesDone) of \(framesTotal) frames in \(String(format: "%.1f", seconds)) s\(speed)."
    }
}

/// Propagates in a session until it is done, or somebody asks for a stop; what is done then is kept.
struct PropagationRun: Sendable {
    var session: AnnotationSession
    /// nil: computes what the log says was computed and the project does not have.
    var propagation: Propagation?

    /// Cancelling the task stops the work.
    /// - Returns: what was done, also where it was stopped.
    /// - Throws: what `AnnotationSession.propagate` throws, but for the stop.
    func run(progress: any JobProgress) async throws -> PropagationSummary {
        var summary = PropagationSummary()
        defer { progress.close() }
        do {
            for try await news in propagation.map(session.propagate) ?? session.restore() {
                summary.take(news)
                guard news.ending == nil else { continue }
                progress.show(
                    SegmentationProgress(framesDone: news.framesDone, framesTotal: news.framesTotal, secondsElapsed: news.secondsElapsed))
            }
        } catch is CancellationError {
            summary.ending = .cancelled
        }
        if Task.isCancelled, summary.ending != .complete { summary.ending = .cancelled }
        return summary
    }
}

extension PropagationSummary {
    fileprivate mutating func take(_ news: PropagationProgress) {
        if news.number > 0 { propagation = news.number }
        for (object, ranges) in news.changed { changed["\(object)", default: []].join(ranges) }
        (framesDone, framesTotal, seconds) = (news.framesDone, news.framesTotal, news.secondsElapsed.rounded(decimals: 3))
        ending = news.number > 0 ? news.ending ?? ending : nil
    }
}

extension [[Int]] {
    /// Takes in ranges of frames, so that what touches is one.
    fileprivate mutating func join(_ ranges: [ClosedRange<Int>]) {
        let all = (self + ranges.map { [$0.lowerBound, $0.upperBound] }).sorted { $0[0] < $1[0] }
        self = all.reduce(into: []) { joined, range in
            if let last = joined.last, range[0] <= last[1] + 1 {
                joined[joined.count - 1][1] = Swift.max(last[1], range[1])
            } else {
                joined.append(range)
            }
        }
    }
}

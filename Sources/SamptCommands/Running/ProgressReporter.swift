import Foundation
import Media
import SAMPT
import SegmentationJobs
import Support

/// Shows on stderr how far the work is: one live line on a terminal, a plain line every few seconds elsewhere.
package final class ProgressReporter: JobProgress {
    private struct State {
        var lastShown: ContinuousClock.Instant?
        var isLineOpen = false
    }

    private let isQuiet: Bool
    private let isLive: Bool
    private let state = Protected(State())

    package init(isQuiet: Bool, isLive: Bool = StandardError.isTerminal) {
        (self.isQuiet, self.isLive) = (isQuiet, isLive)
    }

    package func show(_ progress: SegmentationProgress) {
        show(isLast: progress.framesDone >= progress.framesTotal) { Self.line(progress) }
    }

    /// Shows a line if it is time for one.
    /// - Parameter isLast: whether the work ends with it; it is then shown in any case.
    package func show(isLast: Bool, _ line: () -> String) {
        guard !isQuiet else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            let interval: Duration = isLive ? .milliseconds(100) : .seconds(5)
            // Elsewhere than on a terminal, short work prints nothing before its end.
            let last = state.lastShown ?? (isLive ? nil : now)
            if state.lastShown == nil { state.lastShown = now }
            if let last, now - last < interval, !isLast { return }
            state.lastShown = now
            if isLive {
                StandardError.write("\r\u{1B}[K" + line().printable)
                state.isLineOpen = true
            } else {
                StandardError.print(line())
            }
        }
    }

    /// Tells of an output that cannot be written, while the work goes on.
    package func warn(of error: any Error) {
        close()
        StandardError.print("sampt: \(error)")
    }

    /// Ends the live line, so that messages start on one of their own.
    package func close() {
        state.withLock { state in
            if state.isLineOpen { StandardError.write("\n") }
            state.isLineOpen = false
        }
    }

    static func line(_ progress: SegmentationProgress) -> String {
        let percent = progress.framesTotal > 0 ? 100 * progress.framesDone / progress.framesTotal : 100
        let rate = String(format: "%.1f frames/s", progress.framesPerSecond)
        let rest = progress.framesDone < progress.framesTotal ? ", \(duration(progress.secondsLeft)) left" : ""
        return "\(progress.framesDone)/\(progress.framesTotal) frames (\(percent) %), \(rate)\(rest)"
    }

    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 360_000 else { return "a long time" }
        let whole = Int(seconds.rounded(.up))
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return String(format: "%d:%02d min", whole / 60, whole % 60) }
        return String(format: "%d:%02d h", whole / 3600, whole % 3600 / 60)
    }
}

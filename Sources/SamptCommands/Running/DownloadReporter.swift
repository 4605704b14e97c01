import Foundation
import Media
import ModelStore
import Support

/// Shows on stderr how far a download is.
final class DownloadReporter: Sendable {
    private struct State {
        /// When the first bytes of this run came, and how many had been there before.
        var start: (time: ContinuousClock.Instant, bytes: Int)?
    }

    private let name: String
    private let isQuiet: Bool
    private let progress: ProgressReporter
    private let state = Protected(State())

    init(_ name: String, isQuiet: Bool) {
        (self.name, self.isQuiet) = (name, isQuiet)
        progress = ProgressReporter(isQuiet: isQuiet)
    }

    func show(_ event: DownloadEvent) {
        switch event {
        case .received(let bytes, let total):
            let now = ContinuousClock.now
            let start = state.withLock { state in
                // A server that begins anew has fewer than before.
                if let start = state.start, start.bytes <= bytes { return start }
                state.start = (now, bytes)
                return (now, bytes)
            }
            let seconds = Double((now - start.time) / .milliseconds(1)) / 1000
            progress.show(isLast: bytes == total) {
                Self.line(name, bytes: bytes, total: total, bytesPerSecond: seconds > 0 ? Double(bytes - start.bytes) / seconds : 0)
            }
        case .retrying(let reason, let seconds):
            progress.close()
            state.withLock { $0.start = nil }
            guard !isQuiet else { return }
            StandardError.print("\(name): \(reason); trying again\(seconds >= 1 ? " in \(ProgressReporter.duration(seconds))" : "")")
        case .checking(let bytes, let total):
            progress.show(isLast: bytes == total) { "\(name): checking, \(total > 0 ? Int(100 * Double(bytes) / Double(total)) : 100) %" }
        }
    }

    /// Ends the live line.
    func close() { progress.close() }

    static func line(_ name: String, bytes: Int, total: Int?, bytesPerSecond: Double) -> String {
        let rate = bytesPerSecond > 0 ? ", \(Int(bytesPerSecond).asBytes)/s" : ""
        guard let total, total > 0 else { return "\(name): \(bytes.asBytes)\(rate)" }
        let rest = bytes < total && bytesPerSecond > 0 ? ", \(ProgressReporter.duration(Double(total - bytes) / bytesPerSecond)) left" : ""
        return "\(name): \(bytes.asBytes) of \(total.asBytes) (\(Int(100 * Double(bytes) / Double(total))) %)\(rate)\(rest)"
    }
}

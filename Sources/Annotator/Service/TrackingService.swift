import SAMPT
import Support

/// The one propagation that may run, and what is told of it.
final class TrackingService: Sendable {
    private let session: AnnotationSession
    private let events: EventHub
    private let frameNews: FrameNews
    private let current = Protected<Current?>(nil)

    private struct Current {
        var task: Task<Void, Never>?
        var progress: PropagationProgress?
        /// How many entries the session's log had before.
        var logCount: Int
    }

    init(_ session: AnnotationSession, _ events: EventHub, _ frameNews: FrameNews) {
        (self.session, self.events, self.frameNews) = (session, events, frameNews)
    }

    /// What is known of the running one; nil: none runs, or it has told nothing yet.
    var progress: PropagationProgress? { current.withLock { $0?.progress } }

    var isRunning: Bool { current.withLock { $0 != nil } }

    /// - Parameter onEnd: called when it is over, however.
    /// - Throws: `SessionError.isPropagating`.
    func start(_ propagation: Propagation, onEnd: @escaping @Sendable () -> Void) throws {
        var propagation = propagation
        propagation.plan = nil
        try current.withLock { current in
            guard current == nil else { throw SessionError.isPropagating }
            current = Current(logCount: session.logCount)
        }
        let wanted = propagation
        let task = Task { await run(wanted, onEnd) }
        current.withLock { $0?.task = task }
    }

    func cancel() { current.withLock { $0?.task }?.cancel() }

    /// Where an undo would take back the propagation that runs, it is cancelled instead, and what it has made stays: a further undo takes
    /// that back. Taken back while it runs, it would go on for nobody.
    /// - Returns: once it is over; false: an undo takes back something else.
    func endBeforeUndo() async -> Bool {
        guard let running = current.withLock({ $0 }), let task = running.task,
            session.logCount == running.logCount || session.isAtUnfinishedPropagation
        else { return false }
        task.cancel()
        await task.value
        return true
    }

    private func run(_ propagation: Propagation, _ onEnd: @Sendable () -> Void) async {
        var last: PropagationProgress?
        var failure: String?
        do {
            for try await news in session.propagate(propagation) {
                last = news
                current.withLock { $0?.progress = news }
                tell(news)
            }
        } catch is CancellationError {
        } catch {
            failure = (error as? any DescribedError)?.description ?? String(describing: error)
        }
        current.withLock { $0 = nil }
        let ending = failure != nil ? "failed" : last?.ending?.rawValue ?? "cancelled"
        events.send("ended", EndNews(number: last?.number ?? 0, ending: ending, error: failure))
        onEnd()
    }

    private func tell(_ news: PropagationProgress) {
        frameNews.tell(news.changed)
        events.send(
            "progress",
            ProgressNews(number: news.number, done: news.framesDone, total: news.framesTotal, seconds: news.secondsElapsed))
    }
}

import Support

/// Works on videos, several at once, each worker taking the next that is free, and tells how far it is.
struct VideoLoop: Sendable {
    struct Video: Sendable {
        var name: String
        /// Of all its runs together.
        var frames: Int
    }

    /// Where the work on a video tells of its frames.
    struct Reporter: Sendable {
        fileprivate let tell: @Sendable (_ made: Int, _ passed: Int) -> Void

        /// Frames that were segmented.
        func made(_ frames: Int) { tell(frames, 0) }
        /// Frames that need no work.
        func passed(_ frames: Int) { tell(0, frames) }
    }

    var videos: [Video]
    var jobs: Int

    private struct State {
        var next = 0
        var videosDone = 0
        var framesDone = 0
        var framesMade = 0
    }

    /// - Parameters:
    ///   - progress: from any thread.
    ///   - work: on the video at a place.
    /// - Throws: the first error of the work; `CancellationError`.
    func run(
        progress: (@Sendable (EvaluationProgress) -> Void)?, _ work: @escaping @Sendable (Int, Reporter) async throws -> Void
    ) async throws {
        let total = videos.reduce(0) { $0 + $1.frames }
        let state = Protected(State())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, min(jobs, videos.count)) {
                group.addTask {
                    while true {
                        try Task.checkCancellation()
                        let index = state.withLock { state in
                            defer { state.next += 1 }
                            return state.next
                        }
                        guard index < videos.count else { return }
                        let video = videos[index]
                        let told = Protected(0)
                        let reporter = Reporter { made, passed in
                            told.withLock { $0 += made + passed }
                            let now = state.withLock { state in
                                state.framesMade += made
                                state.framesDone += made + passed
                                return state
                            }
                            progress?(
                                EvaluationProgress(
                                    video: video.name, videosDone: now.videosDone, videos: videos.count, framesDone: now.framesDone,
                                    frames: total, framesMade: now.framesMade))
                        }
                        try await work(index, reporter)
                        state.withLock { $0.videosDone += 1 }
                        // Those of what failed are done with, too.
                        reporter.passed(max(0, video.frames - told.withLock { $0 }))
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

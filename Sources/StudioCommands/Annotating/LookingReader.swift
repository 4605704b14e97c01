import Media
import SegmentationJobs
import Support

/// A second reader of a video, for looking: opened beside the models, which take as long, and with its first frame decoded.
final class LookingReader: Sendable {
    private let opening = Protected<(path: String, task: Task<any FrameSource, any Error>)?>(nil)

    /// Begins, unless it has for that video.
    func open(_ path: String) { _ = task(path) }

    /// - Throws: what opening the video throws.
    func frames(of path: String) async throws -> any FrameSource { try await task(path).value }

    /// Waits for what has begun.
    func settle() async { _ = try? await opening.withLock { $0?.task }?.value }

    private func task(_ path: String) -> Task<any FrameSource, any Error> {
        opening.withLock { opening in
            if let opening, opening.path == path { return opening.task }
            let task = Task {
                try await onThread {
                    let frames = try Clip(path: path).frames
                    // The page says so of a frame that cannot be decoded.
                    _ = try? frames.frame(at: 0)
                    return frames
                }
            }
            opening = (path, task)
            return task
        }
    }
}

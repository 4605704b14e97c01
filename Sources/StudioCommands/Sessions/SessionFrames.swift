import Foundation
import SAMPT
import SegmentationJobs
import Support

/// The results of a session's frames from the first to the last, made one by one as they are asked for, after a propagation where there is
/// one to run first.
actor SessionFrames {
    private let project: OpenProject
    private var propagation: Propagation?
    private let progress: @Sendable (SegmentationProgress) -> Void
    private var next = 0

    init(_ project: OpenProject, after propagation: Propagation?, progress: @escaping @Sendable (SegmentationProgress) -> Void) {
        (self.project, self.propagation, self.progress) = (project, propagation, progress)
    }

    /// As a job takes them.
    static func results(of project: OpenProject, after propagation: Propagation? = nil) -> SegmentationJob.Results {
        { progress in
            let frames = SessionFrames(project, after: propagation, progress: progress)
            return AsyncThrowingStream { try await frames.frame() }
        }
    }

    private func frame() async throws -> FrameResult? {
        if let propagation {
            self.propagation = nil
            for try await news in project.session.propagate(propagation) {
                progress(
                    SegmentationProgress(framesDone: news.framesDone, framesTotal: news.framesTotal, secondsElapsed: news.secondsElapsed))
            }
        }
        let (video, index) = (project.clip.frames, next)
        guard index < video.frameCount else { return nil }
        next += 1
        let result = try await project.session.result(at: index)
        // The picture for those outputs that draw on it.
        return result.result(with: try await onThread { try video.frame(at: index) })
    }
}

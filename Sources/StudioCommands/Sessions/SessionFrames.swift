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
    private let onFrame: FrameCount?
    private var next = 0

    /// Hears how many of how many frames have been delivered.
    typealias FrameCount = @Sendable (_ done: Int, _ total: Int) -> Void

    init(
        _ project: OpenProject, after propagation: Propagation?, onFrame: FrameCount?,
        progress: @escaping @Sendable (SegmentationProgress) -> Void
    ) {
        (self.project, self.propagation, self.onFrame, self.progress) = (project, propagation, onFrame, progress)
    }

    /// As a job takes them.
    static func results(
        of project: OpenProject, after propagation: Propagation? = nil, onFrame: FrameCount? = nil
    ) -> SegmentationJob.Results {
        { progress in
            let frames = SessionFrames(project, after: propagation, onFrame: onFrame, progress: progress)
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
        onFrame?(next, video.frameCount)
        // The picture for those outputs that draw on it.
        return result.result(with: try await onThread { try video.frame(at: index) })
    }
}

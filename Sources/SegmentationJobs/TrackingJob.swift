import Foundation
import Media
import PointTrackers
import SAMPT
import Support

/// Follows points through a clip into a JSON file and a video with trails.
package struct TrackingJob: Sendable {
    package var clip: Clip
    /// Where the points are given, among the clip's frames.
    package var start: Int
    /// In pixels of the original frame.
    package var points: [SIMD2<Float>]
    package var tracks: String?
    package var drawing: String?

    package init(clip: Clip, start: Int, points: [SIMD2<Float>], tracks: String?, drawing: String?) {
        (self.clip, self.start, self.points, self.tracks, self.drawing) = (clip, start, points, tracks, drawing)
    }

    /// As `SegmentationJob.run`: outputs are whole also after damage or interruption.
    package func run(tracker: any PointTracker, interruption: Interruption, progress: any JobProgress) async throws -> SegmentationSummary {
        try await onThread { try follow(tracker, interruption, progress) }
    }

    private func follow(
        _ tracker: any PointTracker, _ interruption: Interruption, _ progress: any JobProgress
    ) throws -> SegmentationSummary {
        let began = ContinuousClock.now
        let outputs = try TrackOutputs(self) { progress.warn(of: $0) }
        var damage = clip.damage
        let total = clip.frames.frameCount - start
        var done = 0
        do {
            let store = FrameStore(clip.frames)
            let session = try tracker.start(on: store, at: start, direction: .forward)
            try session.add(points.map { $0 * scale }, group: 1)
            while !interruption.isRequested {
                try outputs.append(session.points.map(reported), frame: session.frame)
                done += 1
                let seconds = began.secondsAgo
                progress.show(SegmentationProgress(framesDone: done, framesTotal: total, secondsElapsed: seconds))
                guard done < total else { break }
                try session.advance()
            }
        } catch let error where error.isDamage && done > 0 {
            damage = [damage, "\(error)"].compactMap { $0 }.joined(separator: "; ")
        } catch {
            progress.close()
            outputs.abandon()
            throw error
        }
        progress.close()
        let isInterrupted = interruption.isRequested && done < total
        var written: [String] = []
        if done > 0 { written = try outputs.finish(isComplete: done == total && damage == nil) } else { outputs.abandon() }
        let failures = outputs.failures
        return SegmentationSummary(
            video: clip.originals.name, frames: done, framesTotal: total,
            seconds: began.secondsAgo,
            outputs: written, notes: outputs.notes, objects: [], damage: damage, failures: failures.map { "\($0)" },
            exitStatus: !failures.isEmpty ? .unwritableOutput : isInterrupted ? .interrupted : damage != nil ? .partial : .success)
    }

    private var scale: SIMD2<Float> {
        SIMD2(
            Float(clip.frames.size.width) / Float(clip.originals.size.width),
            Float(clip.frames.size.height) / Float(clip.originals.size.height))
    }

    private func reported(_ point: TrackedPoint) -> PromptPoint {
        PromptPoint(
            id: point.id, position: point.position / scale, isPositive: true, status: point.isVisible ? .visible : .occluded,
            confidence: point.confidence)
    }
}

/// The two outputs of a tracking job.
private final class TrackOutputs {
    private let clip: Clip
    private var outputs: OutputGroup<Step>
    private var trails = TrailRenderer()
    private let drawsTrails: Bool

    var failures: [any Error] { outputs.failures }
    var notes: [String] { outputs.notes }

    /// What a frame gives.
    struct Step {
        var number: Int
        var seconds: Double
        var timestamp: Int64
        var stem: String
        var points: [PromptPoint]
        /// Nil where nothing is drawn.
        var picture: RGBImage?
    }

    init(_ job: TrackingJob, report: @escaping @Sendable (any Error) -> Void) throws {
        clip = job.clip
        var clip = job.clip.outputClip([])
        clip.objects = [OutputObject(id: 1, name: "points", queryFrame: job.clip.numbering.original(job.start))]
        // First, since the file may lie in this folder.
        let drawing = try job.drawing.map { Drawing(try makePictureOutput($0, clip: clip)) }
        var opened: [any JobOutput<Step>] = []
        if let drawing { opened.append(drawing) }
        do {
            if let path = job.tracks { opened.append(Trajectories(try TracksOutput(path: path, clip: clip))) }
        } catch {
            drawing?.abandon()
            throw error
        }
        drawsTrails = drawing != nil
        outputs = OutputGroup(opened, report: report)
    }

    func append(_ points: [PromptPoint], frame: Int) throws {
        var picture: RGBImage?
        if drawsTrails {
            picture = trails.draw(
                points.map { TrailPoint(id: $0.id, position: $0.position, isVisible: $0.isVisible) },
                on: try clip.originals.frame(at: frame))
        }
        try outputs.append(
            Step(
                number: clip.numbering.original(frame), seconds: clip.seconds(frame), timestamp: clip.originals.timing.timestamps[frame],
                stem: clip.stem(frame), points: points, picture: picture))
    }

    /// - Returns: the paths that exist now.
    func finish(isComplete: Bool) throws -> [String] { try outputs.finish(isComplete: isComplete) }
    func abandon() { outputs.abandon() }
}

/// The video or the pictures with trails.
private final class Drawing: JobOutput {
    private let output: any PictureOutput
    var path: String { output.path }
    var note: String? { output.note }

    init(_ output: any PictureOutput) { self.output = output }

    func append(_ step: TrackOutputs.Step) throws {
        if let picture = step.picture { try output.append(picture, timestamp: step.timestamp, stem: step.stem) }
    }

    func finish(isComplete: Bool) throws { try output.finish() }
    func abandon() { output.cancel() }
}

/// The file of trajectories.
private final class Trajectories: JobOutput {
    private let output: TracksOutput
    var path: String { output.path }

    init(_ output: TracksOutput) { self.output = output }

    func append(_ step: TrackOutputs.Step) throws {
        try output.append(number: step.number, seconds: step.seconds, objects: [(id: 1, points: step.points)])
    }

    func finish(isComplete: Bool) throws { try output.finish(isComplete: isComplete) }
    func abandon() { output.abandon() }
}

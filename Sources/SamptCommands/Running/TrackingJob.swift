import Foundation
import Media
import PointTrackers
import SAMPT

/// Follows points through a clip into a JSON file and a video with trails.
struct TrackingJob: Sendable {
    var clip: Clip
    /// Where the points are given, among the clip's frames.
    var start: Int
    /// In pixels of the original frame.
    var points: [SIMD2<Float>]
    var tracks: String?
    var drawing: String?

    /// As `SegmentationJob.run`: outputs are whole also after damage or interruption.
    func run(tracker: any PointTracker, interruption: Interruption, progress: ProgressReporter) async throws -> SegmentationSummary {
        let began = ContinuousClock.now
        let outputs = try TrackOutputs(self)
        var damage = clip.damage
        let total = clip.frames.frameCount - start
        var done = 0
        do {
            let store = FrameStore(clip.frames)
            let session = try tracker.start(on: store, at: start, direction: .forward)
            try session.add(points.map { $0 * scale }, group: 1)
            while !interruption.isRequested {
                try outputs.append(session.points.map(reported), frame: session.frame, clip: clip)
                done += 1
                let seconds = Double((ContinuousClock.now - began) / .milliseconds(1)) / 1000
                progress.show(SegmentationProgress(framesDone: done, framesTotal: total, secondsElapsed: seconds))
                guard done < total else { break }
                try session.advance()
            }
        } catch let error as MediaError where error.isDamage && done > 0 {
            damage = [damage, error.description].compactMap { $0 }.joined(separator: "; ")
        } catch {
            progress.close()
            outputs.abandon()
            throw error
        }
        progress.close()
        let isInterrupted = interruption.isRequested && done < total
        if done > 0 { try outputs.finish(isComplete: done == total && damage == nil) } else { outputs.abandon() }
        return SegmentationSummary(
            video: clip.originals.name, frames: done, framesTotal: total,
            seconds: Double((ContinuousClock.now - began) / .milliseconds(1)) / 1000,
            outputs: done > 0 ? [tracks, drawing].compactMap { $0 } : [], notes: [outputs.note].compactMap { $0 }, objects: [], damage: damage,
            exitStatus: isInterrupted ? .interrupted : damage != nil ? .partial : .success)
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
    private let json: TracksOutput?
    private let drawing: (any PictureOutput)?
    private var trails = TrailRenderer()

    init(_ job: TrackingJob) throws {
        var clip = job.clip.outputClip([])
        clip.objects = [OutputObject(id: 1, name: "points", queryFrame: job.clip.numbering.original(job.start))]
        json = try job.tracks.map { try TracksOutput(path: $0, clip: clip) }
        do {
            drawing = try job.drawing.map { try makePictureOutput($0, clip: clip) }
        } catch {
            json?.abandon()
            throw error
        }
    }

    func append(_ points: [PromptPoint], frame: Int, clip: Clip) throws {
        try json?.append(number: clip.numbering.original(frame), seconds: clip.seconds(frame), objects: [(id: 1, points: points)])
        if let drawing {
            let picture = trails.draw(
                points.map { TrailPoint(id: $0.id, position: $0.position, isVisible: $0.isVisible) }, on: try clip.originals.frame(at: frame))
            try drawing.append(picture, timestamp: clip.originals.timing.timestamps[frame], stem: clip.stem(frame))
        }
    }

    var note: String? { drawing?.note }

    func finish(isComplete: Bool) throws {
        try json?.finish(isComplete: isComplete)
        try drawing?.finish()
    }

    func abandon() {
        json?.abandon()
        drawing?.cancel()
    }
}

import Foundation
import Media
import SAMPT

extension AnnotatorService {
    func projectAnswer() -> ProjectAnswer {
        let video = session.video
        let seconds = video.timing.seconds(max(0, video.frameCount - 1))
        // The mean rate: the page shows every frame, however uneven their times.
        let rate = video.frameCount > 1 && seconds > 0 ? [Int((Double(video.frameCount - 1) / seconds * 1000).rounded()), 1000] : [25, 1]
        return ProjectAnswer(
            video: .init(
                name: video.name, path: project.videoPath, width: video.size.width, height: video.size.height, frames: video.frameCount,
                rate: rate),
            models: .init(segmenter: project.segmenterName, tracker: project.trackerName, missing: project.missingModels),
            formats: project.formats.map {
                .init(name: $0.name, title: $0.title, isFolder: $0.isFolder, loses: $0.loses, reads: $0.isReadable)
            },
            version: project.version)
    }

    func stateAnswer() -> StateAnswer {
        let state = session.state
        let progress = tracking.progress
        let propagation =
            !tracking.isRunning
            ? nil
            : StateAnswer.Propagation(
                number: progress?.number ?? 0, done: progress?.framesDone ?? 0, total: progress?.framesTotal ?? 0,
                seconds: progress?.secondsElapsed ?? 0)
        return StateAnswer(
            revision: revision,
            objects: state.objects.map {
                .init(id: $0.id, name: $0.name, color: color(of: $0), category: $0.category, anchors: $0.anchors.keys.sorted())
            },
            order: state.order, canUndo: session.canUndo, canRedo: session.canRedo, propagation: propagation)
    }

    private func color(of object: SessionObject) -> String { (object.color ?? .object(Int(object.id) - 1)).hex }

    func timelineAnswer() async throws -> TimelineAnswer {
        var strips: [TimelineAnswer.Strip] = []
        for object in session.state.objects {
            let outdated = try await session.spans(of: object.id).filter { $0.progress == .outdated }
            strips.append(
                Self.strip(
                    object.id, try await session.summaries(of: object.id),
                    outdated: outdated.map { [$0.frames.lowerBound, $0.frames.upperBound] },
                    anchors: object.anchors.keys.sorted()))
        }
        let review = try await session.review(count: 24)
        return TimelineAnswer(
            revision: revision, objects: strips,
            review: review.map { .init(frame: $0.frameIndex, object: ObjectID($0.objectID), confidence: $0.confidence) })
    }

    static func strip(_ id: ObjectID, _ frames: [FrameSummary?], outdated: [[Int]], anchors: [Int]) -> TimelineAnswer.Strip {
        var runs: [TimelineAnswer.Run] = []
        var bytes = Data(count: frames.count)
        for (index, frame) in frames.enumerated() {
            let kind = frame.map { $0.isPresent ? "present" : "absent" } ?? "none"
            if let last = runs.last, last.kind == kind {
                runs[runs.count - 1].last = index
            } else {
                runs.append(.init(first: index, last: index, kind: kind))
            }
            if let confidence = frame?.confidence { bytes[index] = UInt8(1 + 254 * max(0, min(1, confidence))) }
        }
        return .init(id: id, runs: runs, confidence: bytes.base64EncodedString(), outdated: outdated, anchors: anchors)
    }

    /// - Parameter isWhole: overlaps are left as they are.
    func masksAnswer(_ frame: Int, isWhole: Bool) async throws -> MasksAnswer {
        let result = try await session.result(at: frame)
        var objects: [MasksAnswer.Object] = []
        for object in result.objects {
            var mask: RunLengthMask?
            if isWhole {
                mask = try await session.mask(of: object.id, at: frame)?.mask
            } else if object.mask.values.contains(1) {
                mask = RunLengthMask(object.mask)
            }
            objects.append(
                .init(
                    id: object.id, rle: mask, confidence: object.confidence, anchor: result.anchored.contains(object.id),
                    outdated: result.outdated.contains(object.id), points: object.points.map { .init($0) },
                    prompts: prompts(of: object.id, at: frame)))
        }
        return MasksAnswer(frame: frame, objects: objects)
    }

    private func prompts(of object: ObjectID, at frame: Int) -> MasksAnswer.Prompts {
        guard let anchor = session.state.object(object)?.anchors[frame] else { return .init() }
        return .init(
            points: anchor.points.map { .init(id: $0.id, x: $0.position.x, y: $0.position.y, positive: $0.isPositive) },
            box: anchor.box.map { [$0.x0, $0.y0, $0.x1, $0.y1] }, strokes: anchor.strokes.count, hasMask: anchor.mask != nil,
            choice: anchor.choice?.index)
    }

    func tracksAnswer(_ object: ObjectID, _ frames: ClosedRange<Int>) async throws -> TracksAnswer {
        try check(frame: frames.lowerBound)
        try check(frame: frames.upperBound)
        let tracks = try await session.tracks(of: object, in: frames)
        return TracksAnswer(frames: Dictionary(uniqueKeysWithValues: tracks.map { (String($0.key), $0.value.map { .init($0) }) }))
    }
}

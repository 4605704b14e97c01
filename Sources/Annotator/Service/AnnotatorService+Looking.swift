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
                name: video.name, path: project.videoPath, key: project.videoKey, width: video.size.width, height: video.size.height,
                frames: video.frameCount,
                rate: rate),
            models: .init(segmenter: project.segmenterName, tracker: project.trackerName, missing: project.missingModels),
            formats: project.formats.map {
                .init(
                    name: $0.name, title: $0.title, isFolder: $0.isFolder, fileExtension: $0.fileExtension, loses: $0.loses,
                    reads: $0.isReadable)
            },
            version: project.version)
    }

    func stateAnswer() -> StateAnswer {
        let version = frameNews.version
        let state = session.state
        let progress = tracking.progress
        let propagation =
            !tracking.isRunning
            ? nil
            : StateAnswer.Propagation(
                number: progress?.number ?? 0, done: progress?.framesDone ?? 0, total: progress?.framesTotal ?? 0,
                seconds: progress?.secondsElapsed ?? 0)
        return StateAnswer(
            version: version, revision: revision,
            objects: state.objects.map {
                .init(id: $0.id, name: $0.name, color: color(of: $0), category: $0.category, anchors: $0.anchors.keys.sorted())
            },
            order: state.order, canUndo: session.canUndo, canRedo: session.canRedo, propagation: propagation)
    }

    private func color(of object: SessionObject) -> String { (object.color ?? .object(Int(object.id) - 1)).hex }

    func timelineAnswer() async throws -> TimelineAnswer {
        var strips: [TimelineAnswer.Strip] = []
        for object in session.state.objects {
            let known = try await ifThere(object.id) { [session] in
                (outdated: try await session.outdated(of: object.id), summaries: try await session.summaries(of: object.id))
            }
            guard let known else { continue }
            strips.append(
                .init(
                    id: object.id, frames: Self.bytes(known.summaries).base64EncodedString(),
                    outdated: known.outdated.map { [$0.lowerBound, $0.upperBound] }, anchors: object.anchors.keys.sorted()))
        }
        let review = try await session.review(count: 24)
        return TimelineAnswer(
            revision: revision, objects: strips,
            review: review.map {
                .init(frame: $0.frameIndex, object: ObjectID($0.objectID), confidence: $0.confidence, reason: $0.reason.rawValue)
            })
    }

    /// What is asked about an object, or nil: it may be taken away before all is asked.
    private func ifThere<Value: Sendable>(_ object: ObjectID, _ ask: @Sendable () async throws -> Value) async throws -> Value? {
        do { return try await ask() } catch SessionError.unknownObject(object) { return nil }
    }

    /// As `TimelineAnswer.Strip.frames` has them. What a person gave is sure.
    static func bytes(_ frames: [FrameSummary?]) -> Data {
        Data(
            frames.map { frame in
                guard let frame else { return 0 }
                let confidence = frame.confidence.map { $0.isNaN ? 0 : max(0, min(1, $0)) } ?? 1
                return frame.isPresent ? UInt8(2 + 253 * confidence) : 1
            })
    }

    @discardableResult func computeAhead(_ frame: Int) -> Task<MasksAnswer, any Error> {
        // Read first: what changes while they are computed is not in them.
        let version = frameNews.version
        let work = Task { try await computedMasks(frame, isWhole: false) }
        masksAhead.withLock { ahead in
            // Nobody waits for what an edit has made old; who does all the same asks anew.
            ahead?.work.cancel()
            ahead = MasksAhead(frame: frame, version: version, work: work)
        }
        return work
    }

    /// - Returns: nil where they take longer, or cannot be made; who asks for them is told.
    func masksSoon(_ frame: Int, patience: Duration = .milliseconds(300)) async -> MasksAnswer? {
        let work = computeAhead(frame)
        let (first, outcomes) = AsyncStream.makeStream(of: MasksAnswer?.self)
        Task { outcomes.yield(try? await work.value) }
        let timer = Task {
            try await Task.sleep(for: patience)
            outcomes.yield(nil)
        }
        defer { timer.cancel() }
        return await first.first { _ in true } ?? nil
    }

    /// - Parameter isWhole: overlaps are left as they are.
    func masksAnswer(_ frame: Int, isWhole: Bool) async throws -> MasksAnswer {
        let (version, ahead) = (frameNews.version, masksAhead.withLock { $0 })
        if !isWhole, let ahead, ahead.frame == frame, ahead.version == version, let found = try? await ahead.work.value { return found }
        return try await computedMasks(frame, isWhole: isWhole)
    }

    private func computedMasks(_ frame: Int, isWhole: Bool) async throws -> MasksAnswer {
        let version = frameNews.version
        let result = try await session.result(at: frame)
        var objects: [MasksAnswer.Object] = []
        for object in result.objects {
            var mask: RunLengthMask?
            if isWhole {
                mask = try await ifThere(object.id) { [session] in try await session.mask(of: object.id, at: frame)?.mask } ?? nil
            } else if object.mask.values.contains(1) {
                mask = RunLengthMask(object.mask)
            }
            objects.append(
                .init(
                    id: object.id, rle: mask, confidence: object.confidence, anchor: result.anchored.contains(object.id),
                    outdated: result.outdated.contains(object.id), points: object.points.map { .init($0) },
                    prompts: prompts(of: object.id, at: frame)))
        }
        return MasksAnswer(frame: frame, version: version, objects: objects)
    }

    private func prompts(of object: ObjectID, at frame: Int) -> MasksAnswer.Prompts {
        guard let anchor = session.state.object(object)?.anchors[frame] else { return .init() }
        return .init(
            points: anchor.points.map { .init(id: $0.id, x: $0.position.x, y: $0.position.y, positive: $0.isPositive) },
            box: anchor.box.map { [$0.x0, $0.y0, $0.x1, $0.y1] }, strokes: anchor.strokes.map { .init($0) },
            hasMask: anchor.mask != nil, choice: anchor.choice?.index)
    }

    func tracksAnswer(_ object: ObjectID, _ frames: ClosedRange<Int>) async throws -> TracksAnswer {
        try check(frame: frames.lowerBound)
        try check(frame: frames.upperBound)
        // A page that does not know yet that its object was taken back asks for what is left of it: nothing.
        let tracks = try await ifThere(object) { [session] in try await session.tracks(of: object, in: frames) } ?? [:]
        return TracksAnswer(frames: Dictionary(uniqueKeysWithValues: tracks.map { (String($0.key), $0.value.map { .init($0) }) }))
    }
}

struct MasksAhead: Sendable {
    var frame: Int
    /// As `FrameNews` numbers changes: masks of before are not those that are asked for.
    var version: Int
    var work: Task<MasksAnswer, any Error>
}

import Foundation
import Media
import SAMPT
import SegmentationJobs
import Segmenters

/// What a program that drives a session may ask between edits: `{"ask":"mask","object":1,"frame":40}`. Nothing is logged.
struct SessionQuestion: Decodable {
    enum Kind: String, Decodable, CaseIterable {
        /// All objects with their anchors.
        case state
        /// One object in a frame, whole.
        case mask
        /// All objects in a frame, overlaps resolved.
        case result
        /// The segmenter's answers to a frame's prompts, and the edits that choose them.
        case candidates
        case tracks
        case confidence
        case spans
        case review
    }

    var ask: Kind
    var object: ObjectID?
    var frame: Int?
    var count: Int?

    /// Nil for a line that asks nothing.
    /// - Throws: `CommandError.invalidInput` for a question that is not known.
    init?(_ line: Data) throws {
        struct Mark: Decodable { var ask: String? }
        guard let ask = try? JSONDecoder().decode(Mark.self, from: line).ask else { return nil }
        let known = Kind.allCases.map(\.rawValue)
        guard known.contains(ask) else {
            throw CommandError.invalidInput("There is no question \"\(ask)\". Known are \(known.joined(separator: ", ")).")
        }
        do { self = try JSONDecoder().decode(Self.self, from: line) } catch {
            throw CommandError.invalidInput("The question \(ask) takes whole numbers as object, frame and count.")
        }
    }

    /// The answer as a line of JSON.
    /// - Throws: `CommandError.invalidInput` where the question lacks something; what the session throws.
    func answer(from session: AnnotationSession) async throws -> String {
        switch ask {
        case .state:
            return try SessionReply.answer(StateAnswer(session.state))
        case .mask:
            let frame = try needed(frame, "frame")
            let found = try await session.mask(of: try needed(object, "object"), at: frame)
            return try SessionReply.answer(MaskAnswer(frame: frame, object: found.map { ObjectAnswer(id: object ?? 0, $0) }))
        case .result:
            let result = try await session.result(at: try needed(frame, "frame"))
            return try SessionReply.answer(
                ResultAnswer(
                    frame: result.frameIndex, objects: result.objects.map(ObjectAnswer.init), anchored: result.anchored.sorted(),
                    outdated: result.outdated.sorted()))
        case .candidates:
            let place = AnchorPlace(object: try needed(object, "object"), frame: try needed(frame, "frame"))
            let candidates = try await session.candidates(of: place.object, at: place.frame)
            let edits = try candidates.map { try Edit.choose(place, $0).json }
            let described = candidates.map { CandidateAnswer(score: $0.score, mask: $0.mask, area: $0.mask.area) }
            let fields = try SessionReply.answer(CandidatesAnswer(frame: place.frame, object: place.object, candidates: described))
            return fields.dropLast() + ",\"edits\":[" + edits.joined(separator: ",") + "]}"
        case .tracks:
            let frame = try needed(frame, "frame")
            let points = try await session.tracks(of: try needed(object, "object"), in: frame...frame)[frame] ?? []
            return try SessionReply.answer(TracksAnswer(frame: frame, points: points.map(TracksAnswer.Point.init)))
        case .confidence:
            let object = try needed(object, "object")
            return try SessionReply.answer(ConfidenceAnswer(object, try await session.summaries(of: object)))
        case .spans:
            let object = try needed(object, "object")
            let spans = try await session.spans(of: object).map(SpansAnswer.Span.init)
            return try SessionReply.answer(SpansAnswer(object: object, spans: spans))
        case .review:
            guard let count, (1...1000).contains(count) else {
                throw CommandError.invalidInput("The question review needs a count from 1 to 1000.")
            }
            return try SessionReply.answer(ReviewAnswer(review: try await session.review(count: count).map(ReviewAnswer.Entry.init)))
        }
    }

    private func needed(_ value: Int?, _ name: String) throws -> Int {
        guard let value else { throw CommandError.invalidInput("The question \(ask.rawValue) lacks the field \"\(name)\".") }
        return value
    }
}

private struct StateAnswer: Encodable {
    struct Object: Encodable { var id: ObjectID, name: String, category: String?, anchors: [Int] }
    var objects: [Object]
    var order: [ObjectID]?

    init(_ state: SessionState) {
        objects = state.objects.map { Object(id: $0.id, name: $0.name, category: $0.category, anchors: $0.anchors.keys.sorted()) }
        order = state.order
    }
}

private struct ObjectAnswer: Encodable {
    var id: ObjectID
    var mask: RunLengthMask?
    var area: Int
    var score: Float?
    var confidence: Float?

    init(id: ObjectID, _ frame: SpanFrame) {
        (self.id, mask, area) = (id, frame.mask, frame.mask?.area ?? 0)
        (score, confidence) = (frame.predictedIoU?.finite, frame.confidence?.finite)
    }

    init(_ object: ObjectResult) {
        let runs = RunLengthMask(object.mask)
        (id, mask, area) = (object.id, runs, runs.area)
        (score, confidence) = (object.predictedIoU?.finite, object.confidence?.finite)
    }
}

private struct MaskAnswer: Encodable { var frame: Int, object: ObjectAnswer? }
private struct ResultAnswer: Encodable { var frame: Int, objects: [ObjectAnswer], anchored: [ObjectID], outdated: [ObjectID] }
private struct CandidateAnswer: Encodable { var score: Float, mask: RunLengthMask, area: Int }
private struct CandidatesAnswer: Encodable { var frame: Int, object: ObjectID, candidates: [CandidateAnswer] }

private struct ConfidenceAnswer: Encodable {
    var object: ObjectID
    var confidence: [Float?]
    var present: [Bool?]

    init(_ object: ObjectID, _ summaries: [FrameSummary?]) {
        self.object = object
        (confidence, present) = (summaries.map { $0?.confidence?.finite }, summaries.map { $0?.isPresent })
    }
}

private struct TracksAnswer: Encodable {
    struct Point: Encodable {
        var id: Int, x: Float?, y: Float?, positive: Bool, visible: Bool, confidence: Float?

        init(_ point: PromptPoint) {
            (id, x, y) = (point.id, point.position.x.finite, point.position.y.finite)
            (positive, visible, confidence) = (point.isPositive, point.isVisible, point.confidence.finite)
        }
    }
    var frame: Int
    var points: [Point]
}

private struct SpansAnswer: Encodable {
    struct Span: Encodable {
        var frames: [Int], progress: SpanStatus.Progress, seam: Int?

        init(_ span: SpanStatus) {
            (frames, progress, seam) = ([span.frames.lowerBound, span.frames.upperBound], span.progress, span.seam)
        }
    }
    var object: ObjectID
    var spans: [Span]
}

private struct ReviewAnswer: Encodable {
    struct Entry: Encodable {
        var frame: Int, time: Double, object: ObjectID, confidence: Float, reason: ReviewReason

        init(_ entry: FrameReview.Entry) {
            (frame, time, object) = (entry.frameIndex, entry.seconds.rounded(decimals: 3), entry.objectID)
            (confidence, reason) = (entry.confidence, entry.reason)
        }
    }
    var review: [Entry]
}

extension Float {
    /// JSON has no numbers for the others.
    fileprivate var finite: Float? { isFinite ? self : nil }
}

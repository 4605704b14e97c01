import Media
import PointTrackers
import Segmenters

/// Steps 2 to 4 of SAM-PT in one direction of time: track the points, prompt the segmenter with the visible ones, re-initialise.
///
/// All objects share one tracking session; each keeps its own points, memory and history in an `ObjectTrack`.
final class TrackingPass {
    private let segmenter: any PromptableSegmenter
    private let options: VideoSegmenterOptions
    private let video: FrameStore
    private let session: any TrackingSession
    /// By object index.
    private var tracks: [Int: ObjectTrack] = [:]

    init(
        segmenter: any PromptableSegmenter, tracker: any PointTracker, options: VideoSegmenterOptions, video: FrameStore,
        frame: Int, direction: TimeDirection
    ) throws {
        self.segmenter = segmenter
        self.options = options
        self.video = video
        session = try tracker.start(on: video, at: frame, direction: direction)
    }

    /// Starts following an object in the current frame, its query frame.
    /// - Returns: the object's outcome in this frame.
    @discardableResult
    func begin(_ object: Int, start: ObjectStart, generator: SeededGenerator) throws -> ObjectOutcome {
        var track = ObjectTrack(object: object, start: start, options: options, generator: generator)
        try track.addPoints(positives: start.positives, negatives: start.negatives, seededAt: session.frame, to: session)
        var outcome = start.outcome
        outcome.points = track.promptPoints(session.points, in: video.size)
        tracks[object] = track
        return outcome
    }

    /// Moves on by one frame.
    /// - Returns: the outcomes by object index of all objects that have begun.
    func advance() throws -> [Int: ObjectOutcome] {
        try session.advance()
        let tracked = session.points
        var candidates: [FrameCandidate] = []
        for object in tracks.keys.sorted() {
            if let candidate = tracks[object]?.candidate(tracked, in: video.size) { candidates.append(candidate) }
        }
        if options.usesOtherObjectsAsNegatives { shareNegatives(&candidates) }

        // No object to ask for: the image encoder need not run on this frame.
        if candidates.contains(where: \.isPromptable) {
            let frame = try segmenter.frame(session.frame, of: video)
            try decode(&candidates, on: frame)
        }
        var outcomes: [Int: ObjectOutcome] = [:]
        for candidate in candidates {
            outcomes[candidate.object] = try tracks[candidate.object]?.conclude(
                candidate, tracked: tracked, session: session, video: video, segmenter: segmenter)
        }
        return outcomes
    }

    /// The two passes and the refinement iterations (paper, section 3.3), all objects in one batch.
    private func decode(_ candidates: inout [FrameCandidate], on frame: any SegmentableFrame) throws {
        if let frame = frame as? any BoxPromptable {
            let asked = candidates.indices.filter { candidates[$0].isPromptable }
            let predictions = try frame.predictRefined(
                asked.map { candidates[$0].prompt(iteration: 1) }, separatesPositives: options.negativePoints > 0,
                refinements: options.refinementIterations)
            for (index, prediction) in zip(asked, predictions) { candidates[index].prediction = prediction }
            return
        }
        for iteration in 0...options.refinementIterations {
            let asked = candidates.indices.filter { candidates[$0].needsPass(iteration) }
            guard !asked.isEmpty else { continue }
            let predictions = try frame.predict(asked.map { candidates[$0].prompt(iteration: iteration) })
            for (index, prediction) in zip(asked, predictions) { candidates[index].prediction = prediction }
        }
    }

    /// Visible positive points of an object are negative points of the others.
    private func shareNegatives(_ candidates: inout [FrameCandidate]) {
        guard candidates.count > 1 else { return }
        let positives = candidates.map(\.positives)
        for index in candidates.indices {
            var others = positives.indices.filter { $0 != index }.flatMap { positives[$0] }
            if let limit = options.maximumOtherNegatives, others.count > limit {
                others = (tracks[candidates[index].object]?.pick(limit, of: others)) ?? []
            }
            candidates[index].negatives += others
        }
    }
}

/// What is known of one object in the frame at hand, and what the segmenter answers.
struct FrameCandidate {
    var object: Int
    var positives: [SIMD2<Float>]
    var negatives: [SIMD2<Float>]
    var memory: AppearanceMemory?
    /// No positive point is visible: the mask must come from the memory alone.
    var isRecovery: Bool
    /// The logits of the frame before, in place of the first pass.
    var previousLogits: MaskLogits?
    var prediction: MaskPrediction?

    var isPromptable: Bool { !positives.isEmpty || isRecovery }

    /// Pass 0 takes positive points alone, unless the frame before has logits to offer; later passes take all points with the logits of
    /// the pass before.
    func needsPass(_ iteration: Int) -> Bool {
        if isRecovery { return iteration == 0 }
        return !positives.isEmpty && (iteration > 0 || previousLogits == nil)
    }

    func prompt(iteration: Int) -> ObjectPrompt {
        var points = positives.map { PointPrompt($0, isPositive: true) }
        if iteration > 0 || isRecovery { points += negatives.map { PointPrompt($0, isPositive: false) } }
        return ObjectPrompt(points: points, previousLogits: iteration == 0 ? nil : prediction?.logits ?? previousLogits, memory: memory)
    }
}

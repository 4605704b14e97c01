import Media
import PointTrackers
import Segmenters
import Support

/// An editable run: objects are marked in any frame, propagated, corrected, and only what a correction touches is computed again.
///
///     let session = try AnnotationSession(.builtIn(), video: VideoReader(path: "dance.mp4"))
///     let dancer = try await session.apply(.addObject(object: nil, name: "dancer")).objects[0]
///     func click(_ frame: Int, _ x: Float, _ y: Float) async throws {
///         let place = AnchorPlace(object: dancer, frame: frame)
///         try await session.apply(.addPoint(place, point: nil, position: SIMD2(x, y), isPositive: true))
///     }
///     try await click(0, 320, 240)
///     for try await news in session.propagate(Propagation()) { print(news.framesDone, "of", news.framesTotal) }
///     let worst = try await session.review(count: 1)[0].frameIndex
///     try await click(worst, 300, 90)
///     for try await _ in session.propagate(Propagation()) {}                 // the two spans beside the corrected frame
///     try await session.apply(.undo)                                         // as before; nothing is computed
///     let masks = try await session.result(at: worst).objects
///
/// The session's state is the replay of its log; equal logs give equal masks, bit by bit, at the same precision and kind of processor.
/// Networks and files run on threads of the session's own. Methods may be called from several tasks at a time.
public final class AnnotationSession: Sendable {
    let core: SessionCore

    /// Reads the log and computes nothing. It blocks as long as that takes: call it off the threads that tasks share (`onThread`).
    /// - Parameters:
    ///   - segmenter: models and options; one without models (`init(missing:)`) is enough to look, edit and export.
    ///   - store: log and results of before are taken up.
    ///   - models: tells apart models that give different results (checkpoints, precision), in the keys of results; nil: their names.
    ///   - featureBudget: the most bytes in the temporary folder for what the image encoder made of visited frames.
    /// - Throws: `SessionError.invalidLog`, `QueryError.invalidOption`, and what the store throws.
    public init(
        _ segmenter: VideoSegmenter, video: any FrameSource, store: any SessionStore = InMemorySessionStore(), models: String? = nil,
        featureBudget: UInt64 = 4 << 30
    ) throws {
        core = try SessionCore(segmenter, video: video, store: store, modelNames: models, featureBudget: featureBudget)
    }

    public var video: any FrameSource { core.frames.source }

    /// What a person has said, as of now.
    public var state: SessionState { core.history.state }
    /// How many entries the log has.
    public var logCount: Int { core.history.count }
    /// The number that the next new object gets.
    public var nextObject: ObjectID { core.history.numbering.nextObject }
    public var canUndo: Bool { core.history.canUndo }
    public var canRedo: Bool { core.history.canRedo }
    /// Whether what an undo would take back is a propagation that runs, or was stopped before its end.
    public var isAtUnfinishedPropagation: Bool { core.history.isAtUnfinishedPropagation }

    // MARK: Edits

    /// Logs an edit, undo and redo included, and takes note of it. When this returns, the edit is as durable as the store makes it. No
    /// network runs.
    ///
    /// Propagations are no edits to apply: ask `propagate(_:)`.
    /// - Throws: `SessionError`, and what the store throws; nothing has changed then.
    @discardableResult
    public func apply(_ edit: Edit) async throws -> SessionChange { try await onThread { [core] in try core.apply(edit) } }

    /// Chooses one of the segmenter's answers to the prompts of a frame (`candidates`), or its first one again.
    /// - Parameter index: as `MaskCandidate.index`; nil: none is chosen.
    @discardableResult
    public func choose(_ index: Int?, of object: ObjectID, at frame: Int) async throws -> SessionChange {
        try await onThread { [core] in
            let place = AnchorPlace(object: object, frame: frame)
            guard let index else { return try core.apply(.choose(place, nil)) }
            guard let found = try core.candidates(of: object, at: frame, adding: nil).first(where: { $0.index == index }) else {
                throw SessionError.unknownCandidate(index, object: object, frame: frame)
            }
            return try core.apply(.choose(place, found))
        }
    }

    // MARK: Looking

    /// An object in a frame, whole (overlaps not resolved): in an anchor what its prompts give, at once; elsewhere what was propagated.
    /// nil where nothing is known of the object.
    public func mask(of object: ObjectID, at frame: Int) async throws -> SpanFrame? {
        try await onThread { [core] in try core.mask(of: object, at: frame) }
    }

    /// The segmenter's answers to the prompts of a frame, for a person to choose from (`choose`), the most likely first: SAM's three masks,
    /// of segmenters that have one, that first, and what they say to points spread where they are sure of it, and where they are not quite
    /// so (a part, something larger). None where there is nothing to ask with.
    /// - Parameter point: one more click, which is not placed yet.
    public func candidates(of object: ObjectID, at frame: Int, adding point: PointPrompt? = nil) async throws -> [MaskCandidate] {
        try await onThread { [core] in try core.candidates(of: object, at: frame, adding: point) }
    }

    /// What a click would give that is not placed yet. Nothing is logged or kept.
    /// - Parameter object: nil: of a new object.
    public func preview(of object: ObjectID?, at frame: Int, adding point: PointPrompt) async throws -> SpanFrame? {
        try await onThread { [core] in try core.preview(of: object, at: frame, adding: point) }
    }

    /// Runs the segmenter's encoder on a frame and loads what a click and its propagation ask, so that the first click in it need not wait
    /// for that. Nothing is logged.
    public func prepare(_ frame: Int) async throws { try await onThread { [core] in try core.prepare(frame) } }

    /// All objects in a frame, overlaps resolved: by logits, or by the order in which a person put the objects.
    /// - Throws: `SessionError.resultMissing`, `.modelsMissing` where logits have to decide, and errors of networks and store.
    public func result(at frame: Int) async throws -> SessionFrame { try await onThread { [core] in try core.result(at: frame) } }

    /// An object's points in some frames, by frame.
    public func tracks(of object: ObjectID, in frames: ClosedRange<Int>) async throws -> [Int: [PromptPoint]] {
        try await onThread { [core] in try core.tracks(of: object, in: frames) }
    }

    /// Every frame of the video: whether an object is seen there, and how good its mask is likely to be; nil where nothing is known. No
    /// mask is read, so that it comes in milliseconds for ten thousand frames.
    public func summaries(of object: ObjectID) async throws -> [FrameSummary?] {
        try await onThread { [core] in try core.summaries(of: object) }
    }

    /// Frames to look at, least sure first (`FrameReview`); anchors are not among them.
    public func review(count: Int) async throws -> [FrameReview.Entry] {
        try await onThread { [core] in try core.review(count: count) }
    }

    /// The object's spans from the first frame to the last, and which are out of date; none of an object that is marked nowhere.
    public func spans(of object: ObjectID) async throws -> [SpanStatus] { try await onThread { [core] in try core.spans(of: object) } }

    /// The stretches of frames in which something of an object is left to compute: nothing was yet, or a correction was made since. None
    /// for an object without anchors.
    public func outdated(of object: ObjectID) async throws -> [ClosedRange<Int>] {
        try await onThread { [core] in try core.outdated(of: object) }
    }

    // MARK: Computing

    /// Logs a propagation and computes what it wants that is out of date, frame by frame. Ending the iteration or cancelling its task stops
    /// the work; what is done is kept, and the same propagation goes on from there, as long as nothing was said meanwhile.
    /// - Throws (while iterating): `SessionError.isPropagating` while another one runs, `.nothingToPropagate`, `.modelsMissing`, errors of
    ///   the video, the networks and the store, `CancellationError`.
    public func propagate(_ propagation: Propagation) -> AsyncThrowingStream<PropagationProgress, any Error> {
        news { [core] token in [try core.begin(propagation, token)] }
    }

    /// Computes what the log says has been computed and the store does not have, such as after a log was read without its results.
    /// - Throws (while iterating): as `propagate`, and `SessionError.otherModels` where models or options are not those of the log.
    public func restore() -> AsyncThrowingStream<PropagationProgress, any Error> {
        news { [core] token in try core.missing(token) }
    }

    private func news(
        _ begin: @escaping @Sendable (PropagationToken) throws -> [PropagationRun]
    ) -> AsyncThrowingStream<PropagationProgress, any Error> {
        let token = PropagationToken()
        let abandonment = Abandonment(token)
        var runs: [PropagationRun]?
        let lane = ProductionLane<PropagationProgress>(ahead: 1, waitsAtEnd: false) {
            if runs == nil { runs = try begin(token) }
            while let run = runs?.first {
                if let news = try run.next() { return news }
                runs?.removeFirst()
            }
            return nil
        }
        return AsyncThrowingStream {
            withExtendedLifetime(abandonment) {}
            return try await lane.nextElement()
        }
    }
}

/// Tells a token that nobody waits any more, when it goes with the stream that holds it.
private final class Abandonment: Sendable {
    private let token: PropagationToken
    init(_ token: PropagationToken) { self.token = token }
    deinit { token.abandon() }
}

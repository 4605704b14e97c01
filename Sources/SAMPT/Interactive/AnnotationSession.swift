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
    public let video: any FrameSource
    private let store: any SessionStore

    /// Reads the log and computes nothing. It blocks as long as that takes: call it off the threads that tasks share (`onThread`).
    /// - Parameters:
    ///   - segmenter: models and options; one without models (`init(missing:)`) is enough to look, edit and export.
    ///   - store: log and results of before are taken up.
    ///   - models: tells apart models that give different results (checkpoints, precision), in the keys of results; nil: their names.
    ///   - featureBudget: the most bytes in the temporary folder for what the image encoder made of visited frames.
    /// - Throws: `SessionError.invalidLog`, and what the store throws.
    public init(
        _ segmenter: VideoSegmenter, video: any FrameSource, store: any SessionStore = InMemorySessionStore(), models: String? = nil,
        featureBudget: UInt64 = 4 << 30
    ) throws {
        (self.video, self.store) = (video, store)
    }

    /// What a person has said, as of now.
    public var state: SessionState { SessionState() }

    /// Logs an edit, undo and redo included, and takes note of it. When this returns, the edit is as durable as the store makes it.
    ///
    /// `propagate` starts no work here; ask `propagate(_:)`.
    /// - Throws: `SessionError`, and what the store throws; nothing has changed then.
    @discardableResult
    public func apply(_ edit: Edit) async throws -> SessionChange { throw SessionError.nothingToUndo }

    /// An object in a frame, whole (overlaps not resolved): in an anchor what its prompts give, at once; elsewhere what was propagated.
    /// nil where nothing is known of the object.
    public func mask(of object: ObjectID, at frame: Int) async throws -> SpanFrame? { nil }

    /// The segmenter's answers to the prompts of a frame, for a person to choose from (`Edit.choose`), the most likely first.
    /// - Parameter point: one more click, which is not placed yet.
    public func candidates(of object: ObjectID, at frame: Int, adding point: PointPrompt? = nil) async throws -> [MaskCandidate] { [] }

    /// What a click would give that is not placed yet. Nothing is logged.
    /// - Parameter object: nil: of a new object.
    public func preview(of object: ObjectID?, at frame: Int, adding point: PointPrompt) async throws -> SpanFrame? { nil }

    /// All objects in a frame, overlaps resolved.
    public func result(at frame: Int) async throws -> SessionFrame { throw SessionError.nothingToUndo }

    /// An object's points in some frames, by frame.
    public func tracks(of object: ObjectID, in frames: ClosedRange<Int>) async throws -> [Int: [PromptPoint]] { [:] }

    /// How good an object's mask is likely to be in every frame of the video (`ObjectResult.confidence`).
    public func confidences(of object: ObjectID) async throws -> [Float?] { [] }

    /// Frames to look at, least sure first (`FrameReview`).
    public func review(count: Int) async throws -> [FrameReview.Entry] { [] }

    /// The object's spans from the first frame to the last, and which are out of date.
    public func spans(of object: ObjectID) async throws -> [SpanStatus] { [] }

    /// Logs a propagation and computes what it wants that is out of date, frame by frame. Ending the iteration or cancelling its task stops
    /// the work; what is done is kept.
    /// - Throws (while iterating): `SessionError.isPropagating` while another one runs, `.nothingToPropagate`, `.modelsMissing`, errors of
    ///   the video, the networks and the store, `CancellationError`.
    public func propagate(_ propagation: Propagation) -> AsyncThrowingStream<PropagationProgress, any Error> { .init { nil } }

    /// Computes what the log says has been computed and the store does not have, such as after a replay of a log alone.
    public func restore() -> AsyncThrowingStream<PropagationProgress, any Error> { .init { nil } }
}

import Media
import Support

/// Why an edit, a propagation or a look at a result is refused. The session is as before.
public enum SessionError: Error, Sendable, Equatable {
    case unknownObject(ObjectID)
    case objectExists(ObjectID)
    case invalidObjectNumber(Int)
    /// Where an order does not name every object once.
    case incompleteOrder
    case frameOutOfRange(frame: Int, frameCount: Int)
    case pointOutside(x: Float, y: Float, size: ImageSize)
    case boxOutside(size: ImageSize)
    case maskSizeDiffers(mask: ImageSize, frame: ImageSize)
    case pointExists(Int, object: ObjectID)
    case unknownPoint(Int, object: ObjectID, frame: Int)
    case unknownTrack(Int, object: ObjectID, frame: Int)
    case unknownCandidate(Int, object: ObjectID, frame: Int)
    case noAnchor(object: ObjectID, frame: Int)
    case invalidStroke(reason: String)
    case invalidName
    case invalidGroup(reason: String)
    case nothingToUndo
    case nothingToRedo
    /// Another one is running.
    case isPropagating
    case nothingToPropagate
    case invalidRange(ClosedRange<Int>, frameCount: Int)
    /// An entry that only the session itself writes, such as `reached`.
    case reserved(String)
    /// What is needed to compute anything is not there.
    case modelsMissing(reason: String)
    /// A result that the log speaks of is not in the store, or cannot be read.
    case resultMissing(object: ObjectID, frame: Int)
    case damagedFrame(reason: String)
    /// What the log speaks of was computed with other models or options, and cannot be computed again with these.
    case otherModels(propagation: Int)
    /// A log in which an entry cannot follow those before it.
    case invalidLog(number: Int, reason: String)
}

extension SessionError: DescribedError {
    public var description: String {
        switch self {
        case .unknownObject(let id): "There is no object \(id)."
        case .objectExists(let id): "There is, or was, an object \(id) already. Take another number, or none to get the next free one."
        case .invalidObjectNumber(let id): "Object number \(id) is not between 1 and 65535."
        case .incompleteOrder: "An order of objects must name every object once."
        case .frameOutOfRange(let frame, let count):
            "Frame \(frame) does not exist: the video has \(count) frame\(count == 1 ? "" : "s") (0 to \(count - 1))."
        case .pointOutside(let x, let y, let size): "The point (\(x), \(y)) lies outside the frame of \(size) pixels."
        case .boxOutside(let size): "The box is less than a pixel wide or high, or lies outside the frame of \(size) pixels."
        case .maskSizeDiffers(let mask, let frame): "The mask is \(mask), the video \(frame). They must have one size."
        case .pointExists(let point, let object): "Object \(object) has, or had, a point \(point) already. Take another number, or none."
        case .unknownPoint(let point, let object, let frame): "Object \(object) has no point \(point) in frame \(frame)."
        case .unknownTrack(let track, let object, let frame): "Object \(object) has no visible tracked point \(track) in frame \(frame)."
        case .unknownCandidate(let index, let object, let frame):
            "The segmenter has no answer number \(index) for object \(object) in frame \(frame)."
        case .noAnchor(let object, let frame): "Nothing was said about object \(object) in frame \(frame)."
        case .invalidStroke(let reason): "The stroke cannot be painted: \(reason)."
        case .invalidName: "A name or category must be at most 200 characters of text on one line, and a name not empty."
        case .invalidGroup(let reason): "The group of edits cannot be taken: \(reason)."
        case .nothingToUndo: "There is nothing to undo."
        case .nothingToRedo: "There is nothing to redo."
        case .isPropagating: "A propagation is running. Wait for its end or cancel it first."
        case .nothingToPropagate: "There is nothing to propagate from: no object has a mask, clicks or a box in any frame. Mark one first."
        case .invalidRange(let range, let count):
            "Frames \(range.lowerBound) to \(range.upperBound) are not all in the video, which has \(count) (0 to \(count - 1))."
        case .reserved(let kind): "An entry of the kind \(kind) is no edit to apply: the session writes it when it propagates."
        case .modelsMissing(let reason): "The models are not there: \(reason)"
        case .resultMissing(let object, let frame):
            "The result of object \(object) in frame \(frame) is not in the project, though its log speaks of it. Propagate again."
        case .damagedFrame(let reason): "A stored result cannot be read: \(reason)."
        case .otherModels(let propagation):
            "Propagation \(propagation) of the log was computed with other models or options. Open the session with those, or propagate again."
        case .invalidLog(let number, let reason): "Entry \(number) of the log cannot follow those before it: \(reason)"
        }
    }
}

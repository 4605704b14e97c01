import Media

/// One thing that a person does in an annotation session: the entries of its log.
///
/// As JSON an edit is one flat object on one line, with the version of the form and the edit's kind:
///
///     {"v":1,"edit":"add-object","object":1,"name":"dancer","color":"#E0A030"}
///     {"v":1,"edit":"add-point","object":1,"frame":0,"x":320,"y":240,"positive":true}
///     {"v":1,"edit":"propagate","policy":"anchored","direction":"both"}
///     {"v":1,"edit":"undo"}
///
/// What is optional is filled in by the session before the edit enters the log: a new object's or point's number, what a correction
/// started from (`CorrectionBase`), what a propagation decided. Fields that this version does not know are an error that names them, and
/// so are edits of a later version (`EditError`): leaving out what a later version meant would give other masks.
///
/// Coordinates are pixels of the frame, x to the right, y down, pixel centres at +0.5.
public enum Edit: Sendable, Equatable {
    // MARK: Objects

    /// A new object. Its number is 1 to 65535 and never used again in the log; nil: the next free one.
    case addObject(object: ObjectID?, name: String? = nil, color: Color? = nil, category: String? = nil)
    case renameObject(object: ObjectID, name: String)
    /// nil: the colour that objects of this number have by default.
    case recolorObject(object: ObjectID, color: Color?)
    /// nil: none.
    case categorizeObject(object: ObjectID, category: String?)
    /// The object and its anchors are gone; what was computed for others stays.
    case removeObject(object: ObjectID)
    /// The order of all objects, the topmost first: where objects overlap, a pixel belongs to the topmost. Until a person gives an order,
    /// it belongs to the one with the larger logit.
    case orderObjects([ObjectID])

    // MARK: Prompts

    /// A click on the object or beside it. Its number counts within the object; nil: the next free one.
    case addPoint(AnchorPlace, point: Int?, position: SIMD2<Float>, isPositive: Bool, base: CorrectionBase? = nil)
    case movePoint(AnchorPlace, point: Int, position: SIMD2<Float>)
    /// A frame without any prompt is no anchor any more.
    case removePoint(AnchorPlace, point: Int)
    /// Drags a tracked point to where it should be: from this frame on the person's position counts.
    case moveTrack(AnchorPlace, track: Int, position: SIMD2<Float>, base: CorrectionBase? = nil)
    /// Takes a tracked point away from this frame on.
    case removeTrack(AnchorPlace, track: Int, base: CorrectionBase? = nil)
    /// nil takes the frame's box away.
    case setBox(AnchorPlace, Box?, base: CorrectionBase? = nil)
    /// Paints on the mask of the frame, or erases from it, with a brush or a lasso.
    case addStroke(AnchorPlace, BrushStroke, base: CorrectionBase? = nil)
    /// The object's pixels in the frame, as drawn or computed elsewhere. An empty mask says that the object is not to be seen.
    case setMask(AnchorPlace, RunLengthMask?)
    /// One of the segmenter's several answers (`AnnotationSession.candidates`); nil goes back to its first one.
    case choose(AnchorPlace, MaskCandidate?)
    /// Takes away everything that was said in a frame about an object.
    case clearAnchor(AnchorPlace)

    // MARK: Results

    /// Computes what is out of date. Logged when it starts; how far it comes is told by `reached`.
    case propagate(Propagation)
    /// How far a propagation has come. Written by the session; no step of its own for undo.
    case reached(PropagationReach)

    // MARK: History

    /// Several edits as one step: all are taken, one after the other, or none is, and undo takes back all. No propagations, steps of the
    /// history or groups are among them.
    case group([Edit])
    case undo
    case redo
}

extension Edit {
    /// The edits of a group; of another edit, that one.
    public var parts: [Edit] { if case .group(let edits) = self { edits } else { [self] } }

    /// - Throws: `SessionError.invalidGroup`, `.reserved`.
    func checkParts() throws {
        guard case .group(let edits) = self else { return }
        guard !edits.isEmpty else { throw SessionError.invalidGroup(reason: "it has no edits") }
        for edit in edits {
            switch edit {
            case .group, .undo, .redo: throw SessionError.invalidGroup(reason: "an edit \(edit.kind) cannot be in one")
            case .propagate, .reached: throw SessionError.reserved(edit.kind)
            default: break
            }
        }
    }
}

/// An object in a frame: where a prompt belongs.
public struct AnchorPlace: Sendable, Hashable {
    public var object: ObjectID
    public var frame: Int

    public init(object: ObjectID, frame: Int) { (self.object, self.frame) = (object, frame) }
}

/// A stroke of a brush or an eraser, or a lasso.
public struct BrushStroke: Sendable, Equatable {
    /// The middle of the brush, from point to point in straight lines; a single one is a dot.
    public var path: [SIMD2<Float>]
    /// In pixels of the frame, at least 0.5: pixels whose centre is no farther from the path belong to the stroke.
    public var radius: Float
    public var erases: Bool
    /// A lasso: the path ends where it began, and pixels whose centre it encloses (even and odd crossings) belong to the stroke; the radius
    /// says nothing.
    public var isLasso: Bool

    public init(path: [SIMD2<Float>], radius: Float, erases: Bool = false) {
        (self.path, self.radius, self.erases, isLasso) = (path, radius, erases, false)
    }

    public init(lasso path: [SIMD2<Float>], erases: Bool = false) {
        (self.path, radius, self.erases, isLasso) = (path, 1, erases, true)
    }
}

/// What a correction started from, by value: the tracked points that prompted beside the person's, and the mask of before. So later
/// changes of neighbouring anchors do not alter this one.
public struct CorrectionBase: Sendable, Equatable, Codable {
    /// The object's visible points in the frame, as tracked.
    public var points: [PromptPoint]
    /// The frame's mask of before; nil where there was none.
    public var logits: RoundedLogits?
    /// The same mask's pixels.
    public var mask: RunLengthMask?

    public init(points: [PromptPoint] = [], logits: RoundedLogits? = nil, mask: RunLengthMask? = nil) {
        (self.points, self.logits, self.mask) = (points, logits, mask)
    }
}

/// One of a segmenter's answers to prompts that leave open how much is meant.
public struct MaskCandidate: Sendable, Equatable, Codable {
    /// Counts from 0, the most likely first.
    public var index: Int
    /// The segmenter's estimate of the mask's intersection over union with what is meant, about 0 to 1.
    public var score: Float
    public var logits: RoundedLogits
    /// The frame's pixels.
    public var mask: RunLengthMask

    public init(index: Int, score: Float, logits: RoundedLogits, mask: RunLengthMask) {
        (self.index, self.score, self.logits, self.mask) = (index, score, logits, mask)
    }
}

/// What a correction does to other frames.
public enum CorrectionPolicy: String, Sendable, CaseIterable, Codable {
    /// As in section 4.6 of the paper: a new point is followed forwards from its frame, beside the points that there are; a point that is
    /// taken away is gone from that frame on. Frames whose visible points changed are segmented again, each by itself.
    case paper
    /// The corrected mask is a query mask: points are sampled anew from it and followed both ways, up to the neighbouring anchors.
    case anchored
}

/// The directions in which a propagation goes from its anchors.
public enum PropagationDirection: String, Sendable, CaseIterable, Codable {
    case forward, backward, both
}

import Media

/// Everything that a person has said, as of one place in a session's log: the replay of the edits up to there that are not undone.
public struct SessionState: Sendable, Equatable {
    /// In the order in which they were added.
    public internal(set) var objects: [SessionObject] = []
    /// The order in which a person put the objects, the topmost first; nil: nobody did.
    public internal(set) var order: [ObjectID]?

    public init() {}

    public func object(_ id: ObjectID) -> SessionObject? { objects.first { $0.id == id } }
}

/// An object of a session.
public struct SessionObject: Sendable, Equatable {
    public let id: ObjectID
    public internal(set) var name: String
    /// nil: the one that objects of this number have by default.
    public internal(set) var color: Color?
    public internal(set) var category: String?
    /// By frame: where a person said something about the object.
    public internal(set) var anchors: [Int: ObjectAnchor] = [:]
    /// The frame in which the object was marked first: its query frame with the policy `paper`.
    public internal(set) var queryFrame: Int?
    /// What propagations gave the object.
    var results = ObjectResults()
    /// Where the anchors are, in order.
    var anchorFrames: [Int] { anchors.keys.sorted() }
    /// The number of its next point.
    var nextPoint = 1
}

/// All that a person said about an object in one frame.
public struct ObjectAnchor: Sendable, Equatable {
    /// Clicks, in the order in which they were made; dragged tracked points are among them.
    public internal(set) var points: [AnchorPoint] = []
    public internal(set) var box: Box?
    public internal(set) var strokes: [BrushStroke] = []
    /// The mask that was given.
    public internal(set) var mask: RunLengthMask?
    /// The candidate that was chosen.
    public internal(set) var choice: MaskCandidate?
    /// Whether something was said after the choice, so that the choice is where the answer starts from, and not the answer.
    public internal(set) var refinesChoice = false
    /// Of an anchor that corrects a result: what it started from.
    public internal(set) var base: CorrectionBase?
    /// Tracked points that were taken away, or dragged, from this frame on.
    public internal(set) var removedTracks: [Int] = []
    /// Of everything above that masks depend on.
    private(set) var digest = ""

    /// Whether this is an anchor that says the object is not to be seen, so that nothing goes out from it.
    var isAbsence: Bool { mask?.area == 0 && points.isEmpty && box == nil && strokes.isEmpty }

    /// Whether it corrects a result by clicks, and the answer keeps to nothing else. (Strokes are painted on the answer.)
    var correctsByClicks: Bool { base != nil && !points.isEmpty && box == nil && mask == nil && choice == nil }

    var isEmpty: Bool {
        points.isEmpty && box == nil && strokes.isEmpty && mask == nil && choice == nil && removedTracks.isEmpty
    }

    /// To be called after every change.
    mutating func updateDigest() {
        func text(_ position: SIMD2<Float>) -> String { "\(position.x.bitPattern),\(position.y.bitPattern)" }
        func text(_ logits: RoundedLogits?) -> String {
            guard let logits else { return "" }
            return "\(logits.width)x\(logits.height):" + logits.levels.withUnsafeBytes { SHA256Digest(Array($0)).hex }
        }
        func text(_ mask: RunLengthMask?) -> String { mask.map { "\($0.size):\($0.compressed)" } ?? "" }
        func text(_ stroke: BrushStroke) -> String {
            "\(stroke.isLasso ? "lasso" : "\(stroke.radius.bitPattern)"),\(stroke.erases):"
                + stroke.path.map { text($0) }.joined(separator: " ")
        }
        func text(_ box: Box) -> String { [box.x0, box.y0, box.x1, box.y1].map { String($0.bitPattern) }.joined(separator: ",") }
        let clicks = points.map { text($0.position) + ",\($0.isPositive)" }
        let tracked = (base?.points ?? []).map { "\($0.id)," + text($0.position) + ",\($0.isPositive)" }
        var parts: [String] = [clicks.joined(separator: ";"), box.map { text($0) } ?? ""]
        parts.append(strokes.map { text($0) }.joined(separator: ";"))
        parts += [text(mask), text(choice?.logits), text(choice?.mask)]
        parts.append("\(choice?.score.bitPattern ?? 0),\(refinesChoice)")
        parts += [tracked.joined(separator: ";"), text(base?.logits), text(base?.mask)]
        parts.append(removedTracks.map { String($0) }.joined(separator: ","))
        digest = String(SHA256Digest(parts.joined(separator: "|")).hex.prefix(32))
    }
}

/// A person's click.
public struct AnchorPoint: Sendable, Equatable {
    /// Unique within the object.
    public let id: Int
    public internal(set) var position: SIMD2<Float>
    public let isPositive: Bool
}

/// The frames of a run that a person should look at: where objects' masks are least likely to be right, spread over time.
///
/// Frames come in order. Of each object the least sure frame of every stretch of time is a candidate, one of each time that the object is
/// lost; so many candidates are kept as the answer can need, whatever the video's length.
public struct FrameReview: Sendable {
    /// A frame to look at for the sake of one object.
    public struct Entry: Sendable, Equatable {
        public var frameIndex: Int
        /// From the start of the video.
        public var seconds: Double
        /// Of the object.
        public var objectID: Int
        public var confidence: Float
        public var reason: ReviewReason
    }

    /// At most so many entries are given.
    public let count: Int
    /// Entries of one object are at least so many seconds apart.
    public let spacing: Double
    private var pools: [Int: Pool] = [:]

    /// The candidates of one object.
    fileprivate struct Pool {
        /// Of the stretches that are over.
        var closed: [Entry] = []
        var open: (entry: Entry, stretch: Int, isLost: Bool)?
    }

    /// - Parameters:
    ///   - count: how many frames to look at.
    ///   - duration: of the video in seconds. Entries are at least a second or a twentieth of it apart, whichever is less.
    public init(count: Int, duration: Double) {
        self.count = max(0, count)
        spacing = max(1e-3, min(1, duration.isFinite ? duration / 20 : 1))
    }

    /// Takes note of a frame. Given masks are not worth a look.
    public mutating func add(_ result: FrameResult, seconds: Double) {
        guard count > 0 else { return }
        for object in result.objects {
            if let evidence = object.evidence { add(evidence, of: object.id, at: result.frameIndex, seconds: seconds) }
        }
    }

    /// Takes note of an object in a frame.
    private mutating func add(_ evidence: MaskEvidence, of objectID: ObjectID, at frameIndex: Int, seconds: Double) {
        guard evidence.origin != .given else { return }
        add(confidence: evidence.confidence, evidence.weakness, of: objectID, at: frameIndex, seconds: seconds)
    }

    /// The same of what is known without the mask.
    mutating func add(_ summary: FrameSummary, of objectID: ObjectID, seconds: Double) {
        guard let confidence = summary.confidence, let weakness = summary.weakness else { return }
        add(confidence: confidence, weakness, of: objectID, at: summary.index, seconds: seconds)
    }

    private mutating func add(
        confidence: Float, _ reason: ReviewReason, of objectID: ObjectID, at frameIndex: Int, seconds: Double
    ) {
        guard count > 0 else { return }
        let entry = Entry(
            frameIndex: frameIndex, seconds: seconds, objectID: objectID, confidence: confidence.isNaN ? 0 : confidence, reason: reason)
        pools[objectID, default: Pool()].add(
            entry, stretch: Int(min(seconds / spacing, 1e15)), isLost: reason == .lost, count: count)
    }

    /// Frames that may still become entries.
    public var candidates: Set<Int> { candidates(first: count) }

    /// Frames that may still become one of the first `count` entries.
    public func candidates(first count: Int) -> Set<Int> {
        Set(pools.values.flatMap { $0.leastSure(count) }.map(\.frameIndex))
    }

    /// The frames to look at so far, least sure first.
    public var entries: [Entry] {
        var chosen: [Entry] = []
        for entry in pools.values.flatMap(\.all).sorted(by: Self.isLessSure) where chosen.count < count {
            if chosen.allSatisfy({ $0.objectID != entry.objectID || abs($0.seconds - entry.seconds) >= spacing }) { chosen.append(entry) }
        }
        return chosen
    }

    fileprivate static func isLessSure(_ a: Entry, _ b: Entry) -> Bool {
        (a.confidence, a.frameIndex, a.objectID) < (b.confidence, b.frameIndex, b.objectID)
    }
}

extension FrameReview.Pool {
    var all: [FrameReview.Entry] { closed + [open?.entry].compactMap { $0 } }

    /// An entry rules out at most two others before and two after it, so so many suffice for every wanted one.
    private static let perEntry = 5

    /// Those that the first `count` entries are among.
    func leastSure(_ count: Int) -> [FrameReview.Entry] {
        closed.sorted(by: FrameReview.isLessSure).prefix(Self.perEntry * count) + [open?.entry].compactMap { $0 }
    }

    /// - Parameter count: how many entries are wanted.
    mutating func add(_ entry: FrameReview.Entry, stretch: Int, isLost: Bool, count: Int) {
        guard let current = open else {
            open = (entry, stretch, isLost)
            return
        }
        if stretch == current.stretch || isLost && current.isLost {
            open = (entry.confidence < current.entry.confidence ? entry : current.entry, current.stretch, isLost)
            return
        }
        closed.append(current.entry)
        open = (entry, stretch, isLost)
        guard closed.count > Self.perEntry * count, let surest = closed.indices.max(by: { closed[$0].confidence < closed[$1].confidence })
        else { return }
        closed.remove(at: surest)
    }
}

import Media

/// What is to be computed, and, once it is in the log, what that came to mean.
public struct Propagation: Sendable, Equatable {
    /// nil: all objects that have an anchor.
    public var objects: [ObjectID]?
    /// The frames that are wanted; nil: all. Where an anchor lies outside, the frames between it and the range are computed as well.
    public var range: ClosedRange<Int>?
    public var direction: PropagationDirection
    public var policy: CorrectionPolicy
    /// Whether spans are computed again that are up to date, for instance because other objects' points have changed since.
    public var recomputesAll: Bool
    /// Filled in by the session.
    public var plan: PropagationPlan?

    public init(
        objects: [ObjectID]? = nil, range: ClosedRange<Int>? = nil, direction: PropagationDirection = .both,
        policy: CorrectionPolicy = .anchored, recomputesAll: Bool = false, plan: PropagationPlan? = nil
    ) {
        (self.objects, self.range, self.direction, self.policy) = (objects, range, direction, policy)
        (self.recomputesAll, self.plan) = (recomputesAll, plan)
    }
}

/// What a propagation computes, by value, so that equal logs give equal masks.
public struct PropagationPlan: Sendable, Equatable {
    /// Counts the propagations of a log from 1.
    public var number: Int
    public var spans: [PlannedSpan]
    /// The results of objects outside that gave negative points, by object.
    public var rivals: [ObjectID: [SpanKey]]

    public init(number: Int, spans: [PlannedSpan], rivals: [ObjectID: [SpanKey]]) {
        (self.number, self.spans, self.rivals) = (number, spans, rivals)
    }
}

/// One object's frames in one direction from one anchor, up to the next.
public struct PlannedSpan: Sendable, Equatable {
    public var object: ObjectID
    /// The anchor's frame.
    public var anchor: Int
    /// Its frames between this anchor and the next one, or the end of the video; the anchor's own frame included.
    public var frames: ClosedRange<Int>
    public var direction: PropagationDirection
    /// What the result is saved under.
    public var key: SpanKey
    /// Of a correction with the policy `paper`: where frames are looked up that it did not change.
    public var base: SpanKey?

    public init(
        object: ObjectID, anchor: Int, frames: ClosedRange<Int>, direction: PropagationDirection, key: SpanKey, base: SpanKey? = nil
    ) {
        (self.object, self.anchor, self.frames, self.direction, self.key, self.base) = (object, anchor, frames, direction, key, base)
    }
}

/// How far a propagation has come. Later entries of a log about the same propagation say more than earlier ones.
public struct PropagationReach: Sendable, Equatable {
    /// As `PropagationPlan.number`.
    public var number: Int
    /// The frames that are there, of each span that has any.
    public var spans: [SpanKey: ClosedRange<Int>]
    /// How it ended; nil: it goes on.
    public var ending: Ending?

    public enum Ending: String, Sendable, Codable {
        case complete, cancelled, failed
    }

    public init(number: Int, spans: [SpanKey: ClosedRange<Int>], ending: Ending?) {
        (self.number, self.spans, self.ending) = (number, spans, ending)
    }
}

/// What a span's result is known by: a hash of all that it depends on (object, anchors' content, frames, models, options, seed, precision,
/// the objects computed together with it, and the keys of the rivals whose points were its negatives).
public struct SpanKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 32 hexadecimal digits.
    public let description: String

    /// - Returns: nil unless the text is 32 hexadecimal digits.
    public init?(_ text: String) {
        guard text.utf8.count == 32, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
        description = text
    }

    /// Of all that a result depends on, as text.
    init(of content: String) { description = String(SHA256Digest(content).hex.prefix(32)) }

    public static func < (a: SpanKey, b: SpanKey) -> Bool { a.description < b.description }
}

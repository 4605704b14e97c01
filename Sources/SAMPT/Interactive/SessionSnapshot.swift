/// What is known at one moment: what was said, and which results are there.
struct SessionSnapshot: Sendable {
    var state: SessionState
    /// The frames that are there, by result.
    var reached: [SpanKey: ClosedRange<Int>]
    var frameCount: Int

    var lastFrame: Int { frameCount - 1 }

    func has(_ key: SpanKey, _ frame: Int) -> Bool { reached[key]?.contains(frame) ?? false }
}

extension ClosedRange<Int> {
    /// Of two ranges of a result's frames, which lie beside each other or overlap.
    func union(_ other: ClosedRange<Int>) -> ClosedRange<Int> {
        Swift.min(lowerBound, other.lowerBound)...Swift.max(upperBound, other.upperBound)
    }
}

extension SessionObject {
    /// The frames that an anchor's result has in a direction: up to the next anchor, or the end of the video.
    func frames(from anchor: Int, _ direction: PropagationDirection, lastFrame: Int) -> ClosedRange<Int> {
        let next = anchorFrames.first { $0 > anchor }.map { $0 - 1 } ?? lastFrame
        let previous = anchorFrames.last { $0 < anchor }.map { $0 + 1 } ?? 0
        return switch direction {
        case .forward: anchor...next
        case .backward: previous...anchor
        case .both: previous...next
        }
    }

    /// Whether a result with the policy `anchored` is of the anchors as they are.
    func isCurrent(_ result: ResultSpan, lastFrame: Int) -> Bool {
        guard result.policy == .anchored, let said = anchors[result.span.anchor], result.digest == said.digest else { return false }
        return result.span.frames == frames(from: result.span.anchor, result.span.direction, lastFrame: lastFrame)
    }

    /// The latest result, of the anchors as they are, from one of them in a direction.
    func current(from anchor: Int, _ direction: PropagationDirection, lastFrame: Int) -> ResultSpan? {
        results.spans.last { result in
            let isWanted = result.span.direction == direction || result.span.direction == .both
            return isWanted && result.span.anchor == anchor && isCurrent(result, lastFrame: lastFrame)
        }
    }

    /// The results with the policy `paper` that build on each other, the latest first.
    func chain(from result: ResultSpan) -> [ResultSpan] {
        var (chain, next) = ([result], result.span.base)
        while let key = next, let base = results.spans.last(where: { $0.span.key == key }), chain.count <= results.spans.count {
            chain.append(base)
            next = base.span.base
        }
        return chain
    }
}

extension ObjectAnchor {
    /// Whether anything can go out from the anchor: it says where the object is, and not only where it is not.
    var canStart: Bool {
        if isAbsence { return false }
        let says = points.contains(where: \.isPositive) || box != nil || strokes.contains { !$0.erases } || mask != nil || choice != nil
        return says || base.map { $0.mask != nil || $0.points.contains(where: \.isPositive) } ?? false
    }
}

import Support

/// Reads results of a store, by what a snapshot knows of them.
final class SpanReader: Sendable {
    let store: any SessionStore
    private let seams = Protected<[Seam: Int]>([:])

    /// What a seam depends on.
    private struct Seam: Hashable {
        var forward: SpanKey
        var backward: SpanKey
        /// Where both are there.
        var frames: ClosedRange<Int>
    }

    init(_ store: any SessionStore) { self.store = store }

    /// An object in a frame as it was propagated; nil where it was not.
    /// - Throws: `SessionError.resultMissing` when the log speaks of it and the store does not have it.
    func frame(of object: SessionObject, at frame: Int, _ snapshot: SessionSnapshot) throws -> (frame: SpanFrame, isCurrent: Bool)? {
        guard let (key, isCurrent) = try key(of: object, at: frame, snapshot) else { return nil }
        guard let found = try store.frame(frame, of: key) else { throw SessionError.resultMissing(object: object.id, frame: frame) }
        return (found, isCurrent)
    }

    /// Which result a frame is taken from.
    func key(of object: SessionObject, at frame: Int, _ snapshot: SessionSnapshot) throws -> (key: SpanKey, isCurrent: Bool)? {
        guard let (choice, isCurrent) = snapshot.choice(for: object, at: frame) else { return nil }
        switch choice {
        case .one(let key): return (key, isCurrent)
        case .either(let forward, let backward):
            let seam = try seam(between: forward.span, backward.span, snapshot)
            return (frame < seam ? forward.span.key : backward.span.key, isCurrent)
        }
    }

    /// The first frame of the backward result, where both are there: the sum of confidences is largest, and the frame the first of equals.
    func seam(between forward: PlannedSpan, _ backward: PlannedSpan, _ snapshot: SessionSnapshot) throws -> Int {
        guard let there = snapshot.reached[forward.key], let back = snapshot.reached[backward.key],
            max(there.lowerBound + 1, back.lowerBound) <= min(there.upperBound, back.upperBound - 1)
        else { return backward.anchor }
        let frames = max(there.lowerBound + 1, back.lowerBound)...min(there.upperBound, back.upperBound - 1)
        let place = Seam(forward: forward.key, backward: backward.key, frames: frames)
        if let known = seams.withLock({ $0[place] }) { return known }
        let (left, right) = (try store.confidences(of: forward.key), try store.confidences(of: backward.key))
        // The sum of a seam at the first frame; each step to the right exchanges one frame.
        var (gain, best, seam) = (0.0, 0.0, frames.lowerBound)
        for frame in frames {
            gain += Double((left[frame] ?? nil) ?? 0) - Double((right[frame] ?? nil) ?? 0)
            if gain > best { (best, seam) = (gain, frame + 1) }
        }
        seams.withLock { $0[place] = seam }
        return seam
    }
}

import Support

/// Reads results of a store, by what a snapshot knows of them.
final class SpanReader: Sendable {
    let store: any SessionStore
    private let seams = Protected<[Seam: Int]>([:])
    private let known = Protected(KnownSummaries())

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
        guard let (choice, isCurrent) = ObjectLookup(object, snapshot).choice(at: frame) else { return nil }
        switch choice {
        case .one(let key): return (key, isCurrent)
        case .either(let forward, let backward):
            let seam = try seam(between: forward.span, backward.span, snapshot)
            return (frame < seam ? forward.span.key : backward.span.key, isCurrent)
        }
    }

    /// What is known of an object in every frame of the video as it was propagated, and whether that is of the anchors as they are; nil
    /// where nothing is known, or the store does not have what the log speaks of.
    func summaries(of object: SessionObject, _ snapshot: SessionSnapshot) throws -> [(summary: FrameSummary, isCurrent: Bool)?] {
        var found = [(summary: FrameSummary, isCurrent: Bool)?](repeating: nil, count: snapshot.frameCount)
        func take(_ key: SpanKey, _ frames: some Sequence<Int>, isCurrent: Bool) throws {
            guard let there = snapshot.reached[key] else { return }
            let summaries = try summaries(of: key, in: there)
            for frame in frames { found[frame] = summaries[frame].map { ($0, isCurrent) } }
        }
        for stretch in ObjectLookup(object, snapshot).stretches(tracksBackward: false) {
            switch stretch.choice {
            case nil: break
            case .one(let key): try take(key, stretch.frames, isCurrent: stretch.isCurrent)
            case .either(let forward, let backward):
                let seam = try seam(between: forward.span, backward.span, snapshot)
                try take(forward.span.key, stretch.frames.prefix { $0 < seam }, isCurrent: stretch.isCurrent)
                try take(backward.span.key, stretch.frames.drop { $0 < seam }, isCurrent: stretch.isCurrent)
            }
        }
        return found
    }

    /// What is known of the frames of a result that are there.
    func summaries(of key: SpanKey, in frames: ClosedRange<Int>) throws -> SpanSummaries {
        let before = known.withLock { $0[key] }
        if let before, before.frames.contains(frames) { return before }
        var all = before ?? SpanSummaries(frames: frames)
        for missing in all.extend(to: frames) { all.add(try store.summaries(of: key, in: missing)) }
        // Where the store lacks frames, it may get them yet.
        if all.isWhole { known.withLock { $0[key] = all } }
        return all
    }

    /// The first frame of the backward result, where both are there: the sum of confidences is largest, and the frame the first of equals.
    func seam(between forward: PlannedSpan, _ backward: PlannedSpan, _ snapshot: SessionSnapshot) throws -> Int {
        guard let there = snapshot.reached[forward.key], let back = snapshot.reached[backward.key],
            max(there.lowerBound + 1, back.lowerBound) <= min(there.upperBound, back.upperBound - 1)
        else { return backward.anchor }
        let frames = max(there.lowerBound + 1, back.lowerBound)...min(there.upperBound, back.upperBound - 1)
        let place = Seam(forward: forward.key, backward: backward.key, frames: frames)
        if let known = seams.withLock({ $0[place] }) { return known }
        let (left, right) = (try summaries(of: forward.key, in: there), try summaries(of: backward.key, in: back))
        // The sum of a seam at the first frame; each step to the right exchanges one frame.
        var (gain, best, seam) = (0.0, 0.0, frames.lowerBound)
        for frame in frames {
            gain += Double(left[frame]?.confidence ?? 0) - Double(right[frame]?.confidence ?? 0)
            if gain > best { (best, seam) = (gain, frame + 1) }
        }
        seams.withLock { $0[place] = seam }
        return seam
    }
}

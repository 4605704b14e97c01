/// What is known at one moment: what was said, and which results are there.
struct SessionSnapshot: Sendable {
    var state: SessionState
    /// The frames that are there, by result.
    var reached: [SpanKey: ClosedRange<Int>]
    var frameCount: Int

    var lastFrame: Int { frameCount - 1 }

    func has(_ key: SpanKey, _ frame: Int) -> Bool { reached[key]?.contains(frame) ?? false }
}

/// The two anchors that a frame lies between. In an anchor's own frame it is the left one.
struct Neighbours: Sendable, Equatable {
    var left: Int?
    var right: Int?
}

extension SessionObject {
    func neighbours(of frame: Int) -> Neighbours {
        let frames = anchorFrames
        return Neighbours(left: frames.last { $0 <= frame }, right: frames.first { $0 > frame })
    }

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

    /// The latest result, of the anchors as they are, from one of them in a direction.
    func current(from anchor: Int?, _ direction: PropagationDirection, lastFrame: Int) -> ResultSpan? {
        guard let anchor, let said = anchors[anchor] else { return nil }
        return results.spans.last { result in
            guard result.policy == .anchored, result.span.anchor == anchor, result.digest == said.digest else { return false }
            let isWanted = result.span.direction == direction || result.span.direction == .both
            return isWanted && result.span.frames == frames(from: anchor, result.span.direction, lastFrame: lastFrame)
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

/// Where an object's frame is found.
enum FrameSourceChoice: Sendable, Equatable {
    case one(SpanKey)
    /// Both anchors' results have it; the seam between them decides.
    case either(forward: ResultSpan, backward: ResultSpan)
}

extension SessionSnapshot {
    /// Where the object's frame is, and whether it is of the anchors as they are; nil where there is nothing.
    func choice(for object: SessionObject, at frame: Int) -> (choice: FrameSourceChoice, isCurrent: Bool)? {
        if object.results.policy == .paper { return paperChoice(for: object, at: frame) }
        let neighbours = object.neighbours(of: frame)
        let forward = object.current(from: neighbours.left, .forward, lastFrame: lastFrame)
        let backward = object.current(
            from: neighbours.left == frame ? frame : neighbours.right, .backward, lastFrame: lastFrame)
        switch (forward.flatMap { has($0.span.key, frame) ? $0 : nil }, backward.flatMap { has($0.span.key, frame) ? $0 : nil }) {
        case (let forward?, let backward?):
            let isOne = forward.span.key == backward.span.key || neighbours.left == frame
            return (isOne ? .one(forward.span.key) : .either(forward: forward, backward: backward), true)
        case (let found?, nil), (nil, let found?):
            return (.one(found.span.key), true)
        case (nil, nil):
            return object.results.spans.last { has($0.span.key, frame) }.map { (.one($0.span.key), false) }
        }
    }

    private func paperChoice(for object: SessionObject, at frame: Int) -> (choice: FrameSourceChoice, isCurrent: Bool)? {
        guard let latest = object.results.spans.last(where: { $0.policy == .paper }) else { return nil }
        var isCurrent = latest.corrections == object.paperCorrections && object.queryFrame == paperAnchor(latest, object)
        for result in object.chain(from: latest) {
            if has(result.span.key, frame) { return (.one(result.span.key), isCurrent) }
            // It should be in there, and has not been reached.
            if result.span.frames.contains(frame) { isCurrent = false }
        }
        return nil
    }

    /// The query frame of a result, as long as what was said in it is what it was.
    private func paperAnchor(_ result: ResultSpan, _ object: SessionObject) -> Int? {
        object.anchors[result.span.anchor]?.digest == result.digest ? result.span.anchor : nil
    }

    /// Whether nothing is left to compute of a frame.
    func isCurrent(_ object: SessionObject, _ frame: Int, tracksBackward: Bool) -> Bool {
        if object.results.policy == .paper { return choice(for: object, at: frame)?.isCurrent ?? false }
        let neighbours = object.neighbours(of: frame)
        func isThere(_ anchor: Int?, _ direction: PropagationDirection) -> Bool {
            guard let anchor, let said = object.anchors[anchor], said.canStart else { return true }
            return object.current(from: anchor, direction, lastFrame: lastFrame).map { has($0.span.key, frame) } ?? false
        }
        guard neighbours.left != frame else { return true }
        return isThere(neighbours.left, .forward) && (!tracksBackward || isThere(neighbours.right, .backward))
    }
}

extension SessionSnapshot {
    /// The stretches of frames in which something is left to compute; none for an object without anchors.
    func outdated(_ object: SessionObject, tracksBackward: Bool) -> [ClosedRange<Int>] {
        guard !object.anchors.isEmpty else { return [] }
        var ranges: [ClosedRange<Int>] = []
        for frame in 0..<frameCount where object.anchors[frame] == nil && !isCurrent(object, frame, tracksBackward: tracksBackward) {
            if let last = ranges.last, last.upperBound == frame - 1 {
                ranges[ranges.count - 1] = last.lowerBound...frame
            } else {
                ranges.append(frame...frame)
            }
        }
        return ranges
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

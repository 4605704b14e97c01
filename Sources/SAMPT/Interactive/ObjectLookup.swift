/// Where an object's frame is found.
enum FrameSourceChoice: Sendable, Equatable {
    case one(SpanKey)
    /// Both anchors' results have it; the seam between them decides.
    case either(forward: ResultSpan, backward: ResultSpan)
}

/// Frames of an object that are found in one place.
struct FrameStretch: Sendable {
    var frames: ClosedRange<Int>
    /// nil: nothing is known of them.
    var choice: FrameSourceChoice?
    /// Whether what is found is of the anchors as they are.
    var isCurrent: Bool
    /// Whether nothing is left to compute.
    var isComplete: Bool
}

/// Where one object's frames are found, as of a snapshot. Looked up once, it answers for one frame or for all of a long video.
struct ObjectLookup {
    private let object: SessionObject
    private let lastFrame: Int
    private let anchorFrames: [Int]
    /// The object's results with the frames of each that are there.
    private let results: [(result: ResultSpan, reached: ClosedRange<Int>?)]
    /// The latest results of the anchors as they are, by anchor.
    private var forward: [Int: Int] = [:]
    private var backward: [Int: Int] = [:]
    /// With the policy `paper`: the results that build on each other, the latest first.
    private var chain: [(result: ResultSpan, reached: ClosedRange<Int>?)] = []
    private var isChainCurrent = false

    init(_ object: SessionObject, _ snapshot: SessionSnapshot) {
        (self.object, lastFrame, anchorFrames) = (object, snapshot.lastFrame, object.anchorFrames)
        results = object.results.spans.map { ($0, snapshot.reached[$0.span.key]) }
        guard object.results.policy == .paper else {
            for (place, entry) in results.enumerated() where object.isCurrent(entry.result, lastFrame: lastFrame) {
                let span = entry.result.span
                if span.direction != .backward { forward[span.anchor] = place }
                if span.direction != .forward { backward[span.anchor] = place }
            }
            return
        }
        guard let latest = object.results.spans.last(where: { $0.policy == .paper }) else { return }
        chain = object.chain(from: latest).map { ($0, snapshot.reached[$0.span.key]) }
        // The query frame, as long as what was said in it is what it was.
        let query = object.anchors[latest.span.anchor]?.digest == latest.digest ? latest.span.anchor : nil
        isChainCurrent = latest.corrections == object.paperCorrections && object.queryFrame == query
    }

    /// Where a frame is, and whether it is of the anchors as they are; nil where there is nothing.
    func choice(at frame: Int) -> (choice: FrameSourceChoice, isCurrent: Bool)? {
        if object.results.policy == .paper { return paperChoice(at: frame) }
        let (left, right) = neighbours(of: frame)
        // In an anchor's own frame both are that anchor's.
        let found = (result(forward, left, at: frame), result(backward, left == frame ? frame : right, at: frame))
        switch found {
        case (let forward?, let backward?):
            let isOne = forward.span.key == backward.span.key || left == frame
            return (isOne ? .one(forward.span.key) : .either(forward: forward, backward: backward), true)
        case (let found?, nil), (nil, let found?):
            return (.one(found.span.key), true)
        case (nil, nil):
            return results.last { $0.reached?.contains(frame) ?? false }.map { (.one($0.result.span.key), false) }
        }
    }

    private func paperChoice(at frame: Int) -> (choice: FrameSourceChoice, isCurrent: Bool)? {
        var isCurrent = isChainCurrent
        for (result, reached) in chain {
            if reached?.contains(frame) ?? false { return (.one(result.span.key), isCurrent) }
            // It should be in there, and has not been reached.
            if result.span.frames.contains(frame) { isCurrent = false }
        }
        return nil
    }

    /// Whether nothing is left to compute of a frame.
    /// - Parameter tracksBackward: whether the method follows objects to frames before their anchors.
    func isComplete(_ frame: Int, tracksBackward: Bool) -> Bool {
        if object.results.policy == .paper { return paperChoice(at: frame)?.isCurrent ?? false }
        let (left, right) = neighbours(of: frame)
        func isThere(_ latest: [Int: Int], _ anchor: Int?) -> Bool {
            guard let anchor, object.anchors[anchor]?.canStart ?? false else { return true }
            return result(latest, anchor, at: frame) != nil
        }
        return left == frame || isThere(forward, left) && (!tracksBackward || isThere(backward, right))
    }

    /// The video's frames in order, without a gap.
    func stretches(tracksBackward: Bool) -> [FrameStretch] {
        guard lastFrame >= 0 else { return [] }
        var starts: Set<Int> = [0]
        starts.formUnion(anchorFrames.flatMap { [$0, $0 + 1] })
        for entry in results {
            for frames in [entry.reached, entry.result.span.frames] {
                if let frames { starts.formUnion([frames.lowerBound, frames.upperBound + 1]) }
            }
        }
        let sorted = starts.filter { (0...lastFrame).contains($0) }.sorted()
        return zip(sorted, sorted.dropFirst() + [lastFrame + 1]).map { first, next in
            let found = choice(at: first)
            return FrameStretch(
                frames: first...(next - 1), choice: found?.choice, isCurrent: found?.isCurrent ?? false,
                isComplete: isComplete(first, tracksBackward: tracksBackward))
        }
    }

    /// The stretches of frames in which something is left to compute; none for an object without anchors.
    func outdated(tracksBackward: Bool) -> [ClosedRange<Int>] {
        guard !object.anchors.isEmpty else { return [] }
        var ranges: [ClosedRange<Int>] = []
        for stretch in stretches(tracksBackward: tracksBackward)
        where !stretch.isComplete && object.anchors[stretch.frames.lowerBound] == nil {
            if let last = ranges.last, last.upperBound == stretch.frames.lowerBound - 1 {
                ranges[ranges.count - 1] = last.lowerBound...stretch.frames.upperBound
            } else {
                ranges.append(stretch.frames)
            }
        }
        return ranges
    }

    /// A latest result that has a frame.
    private func result(_ latest: [Int: Int], _ anchor: Int?, at frame: Int) -> ResultSpan? {
        guard let anchor, let place = latest[anchor], results[place].reached?.contains(frame) ?? false else { return nil }
        return results[place].result
    }

    /// The two anchors that a frame lies between. In an anchor's own frame it is the left one.
    private func neighbours(of frame: Int) -> (left: Int?, right: Int?) {
        var (low, high) = (0, anchorFrames.count)
        while low < high {
            let middle = (low + high) / 2
            if anchorFrames[middle] <= frame { low = middle + 1 } else { high = middle }
        }
        return (low > 0 ? anchorFrames[low - 1] : nil, low < anchorFrames.count ? anchorFrames[low] : nil)
    }
}

import Media
import Support

extension SuperGlueTracker {
    /// How `drawPoints` chooses points among the key points of the query frame.
    public enum Drawing: Sendable {
        /// Once, in the query frame, without repetition: a point stays the same key point, visible wherever it is matched.
        case once
        /// In every frame anew among its matched key points, possibly one of them several times, as in the reference: the points of two
        /// frames have nothing to do with each other, and none is visible in the query frame.
        /// - Parameter filtersBothImages: whether a point must also lie on its side of the query frame's mask where it is in its own frame,
        ///   as the reference would have it. That leaves out points of what moves.
        case everyFrame(filtersBothImages: Bool = false)
    }

    /// Points for each of several masks that lie on key points, in every frame of a video: SAM-PT's own way to use SuperGlue, in which
    /// points are not chosen beforehand.
    /// - Parameters:
    ///   - masks: of the objects in the query frame, of the frame's size.
    ///   - queryFrame: any frame; others are matched with it.
    ///   - positives: points inside of a mask, for each.
    ///   - negatives: points outside of a mask, for each.
    ///   - generator: makes all choices; seeded, they repeat.
    /// - Returns: by frame, mask by mask, positive points first; ids are places in that order. Where there are too few key points, the rest
    ///   is hidden at (-0.5, -0.5). A point's confidence is its match's score.
    /// - Throws: `MediaError.frameOutOfRange`, `TrackerError.invalidQuery` for a mask of another size, `MediaError` when a frame cannot be
    ///   decoded, `CancellationError` between frames when the task is cancelled.
    public func drawPoints(
        masks: [Mask], queryFrame: Int, in video: FrameStore, positives: Int, negatives: Int, drawing: Drawing = .once,
        using generator: inout some RandomNumberGenerator
    ) throws -> [[TrackedPoint]] {
        try video.check(frame: queryFrame)
        guard positives >= 0, negatives >= 0 else {
            throw TrackerError.invalidQuery(
                "\(positives) positive and \(negatives) negative points were asked for. Neither can be below 0.")
        }
        for mask in masks where mask.size != video.size {
            throw TrackerError.invalidQuery("A mask is \(mask.size), the video \(video.size). They must have one size.")
        }
        let kinds = masks.flatMap { [Kind(mask: $0, isInside: true, count: positives), Kind(mask: $0, isInside: false, count: negatives)] }
        let scale = scale(video.size)
        let first = try video.value(of: processor, at: queryFrame)
        var chosen: [Int?] = []
        if case .once = drawing { chosen = choose(kinds, among: first, scale: scale, using: &generator) }
        var result: [[TrackedPoint]] = []
        for frame in 0..<video.frameCount {
            try Cancellation.check()
            if frame == queryFrame {
                result.append(originals(chosen, of: first, scale: scale) ?? hidden(kinds))
                continue
            }
            let second = try video.value(of: processor, at: frame)
            let matches = try matcher(first, second)
            switch drawing {
            case .once:
                // Where a point was last, for as long as it is hidden.
                var points = result.last ?? originals(chosen, of: first, scale: scale) ?? hidden(kinds)
                for (slot, index) in chosen.enumerated() {
                    (points[slot].isVisible, points[slot].confidence) = (false, 0)
                    guard let index, matches.first[index] >= 0 else { continue }
                    points[slot] = TrackedPoint(
                        id: slot, position: scale.frame(second.positions[matches.first[index]]), confidence: matches.firstScores[index],
                        isVisible: true)
                }
                result.append(points)
            case .everyFrame(let filtersBothImages):
                let pairs = MatchedMotion.matches(first, second, matches)
                result.append(draw(kinds, among: pairs, scale: scale, filtersBothImages: filtersBothImages, using: &generator))
            }
        }
        return result
    }

    /// Points on one side of a mask.
    private struct Kind {
        let mask: Mask
        let isInside: Bool
        let count: Int

        func contains(_ position: SIMD2<Float>) -> Bool { mask.contains(position) == isInside }
    }

    /// Key points for all slots; nil where there are no more.
    private func choose(
        _ kinds: [Kind], among keypoints: Keypoints, scale: PictureScale, using generator: inout some RandomNumberGenerator
    ) -> [Int?] {
        kinds.flatMap { kind -> [Int?] in
            let drawn = keypoints.positions.indices.filter { kind.contains(scale.frame(keypoints.positions[$0])) }
                .shuffled(using: &generator).prefix(kind.count)
            return drawn.map { $0 } + [Int?](repeating: nil, count: kind.count - drawn.count)
        }
    }

    /// The chosen key points in their own frame; nil where none were chosen beforehand.
    private func originals(_ chosen: [Int?], of keypoints: Keypoints, scale: PictureScale) -> [TrackedPoint]? {
        guard !chosen.isEmpty else { return nil }
        return chosen.enumerated().map { slot, index in
            guard let index else { return Self.hidden(slot) }
            return TrackedPoint(id: slot, position: scale.frame(keypoints.positions[index]), confidence: 1, isVisible: true)
        }
    }

    private func draw(
        _ kinds: [Kind], among pairs: [MatchedMotion.Match], scale: PictureScale, filtersBothImages: Bool,
        using generator: inout some RandomNumberGenerator
    ) -> [TrackedPoint] {
        var points: [TrackedPoint] = []
        for kind in kinds {
            let candidates = pairs.filter {
                kind.contains(scale.frame($0.from)) && (!filtersBothImages || kind.contains(scale.frame($0.to)))
            }
            for place in 0..<kind.count {
                let id = points.count
                guard place < candidates.count else {
                    points.append(Self.hidden(id))
                    continue
                }
                let pair = candidates[Int.random(in: candidates.indices, using: &generator)]
                points.append(TrackedPoint(id: id, position: scale.frame(pair.to), confidence: pair.score, isVisible: true))
            }
        }
        return points
    }

    private func hidden(_ kinds: [Kind]) -> [TrackedPoint] { (0..<kinds.reduce(0) { $0 + $1.count }).map(Self.hidden) }

    /// A point that there is no key point for.
    private static func hidden(_ id: Int) -> TrackedPoint {
        TrackedPoint(id: id, position: SIMD2(-0.5, -0.5), confidence: 0, isVisible: false)
    }
}

import Media

/// Points being followed by PIPs++. Times are counted in steps of the session's direction.
final class PIPsPlusPlusSession: TrackingSession {
    /// Points added in one frame: their windows coincide.
    private struct Group {
        var ids: [Int]
        /// The steps of the window that has run last; before the first, the one step the points were added in.
        var window: Range<Int>
        /// Of each point; positions are those of the window's steps.
        var points: [PIPsPlusPlusWindow.Point]
        /// In cells.
        var positions: [SIMD2<Float>]
        var areFinite: [Bool]
    }

    private let video: FrameStore
    private let direction: TimeDirection
    private let tracker: PIPsPlusPlusTracker
    /// Of this frame and of those after it that windows have needed, at most a window's; another group's window may need them again.
    private var features: HeldFeatures
    private var nextID = 0
    private var groups: [Group] = []
    private var step = 0

    private(set) var frame: Int

    init(tracker: PIPsPlusPlusTracker, video: FrameStore, frame: Int, direction: TimeDirection) throws {
        (self.tracker, self.video, self.frame, self.direction) = (tracker, video, frame, direction)
        features = try HeldFeatures(tracker.features, of: video, direction: direction)
    }

    private static let stride = Float(PIPsPlusPlusTracker.stride)

    /// Ascending by id, because groups are.
    var points: [TrackedPoint] {
        groups.flatMap { group in
            group.ids.indices.map { i in
                let position = features.working.position(toFrame: group.positions[i] * Self.stride)
                let isVisible = group.areFinite[i] && (tracker.isVisibleOutside || video.size.contains(position))
                return TrackedPoint(id: group.ids[i], position: position, confidence: isVisible ? 1 : 0, isVisible: isVisible)
            }
        }
    }

    func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int] {
        guard !positions.isEmpty else { return [] }
        let cells = positions.map { features.working.position(fromFrame: $0) / Self.stride }
        guard let map = try features.pyramid(at: frame).levels.first else { return [] }
        let ids = Array(nextID..<(nextID + positions.count))
        nextID += positions.count
        let points = zip(cells, map.templates(at: cells)).map {
            PIPsPlusPlusWindow.Point(positions: [$0.x, $0.y], templates: .init($1, frames: 1))
        }
        let finite = [Bool](repeating: true, count: ids.count)
        // One group for all points of a frame, however they are added: their windows run together.
        if let last = groups.indices.last, groups[last].window == step..<(step + 1) {
            groups[last].ids += ids
            groups[last].points += points
            groups[last].positions += cells
            groups[last].areFinite += finite
        } else {
            groups.append(Group(ids: ids, window: step..<(step + 1), points: points, positions: cells, areFinite: finite))
        }
        return ids
    }

    func remove(_ ids: Set<Int>) {
        for i in groups.indices {
            let kept = groups[i].ids.indices.filter { !ids.contains(groups[i].ids[$0]) }
            guard kept.count < groups[i].ids.count else { continue }
            groups[i].ids = kept.map { groups[i].ids[$0] }
            groups[i].points = kept.map { groups[i].points[$0] }
            groups[i].positions = kept.map { groups[i].positions[$0] }
            groups[i].areFinite = kept.map { groups[i].areFinite[$0] }
        }
        groups.removeAll { $0.ids.isEmpty }
    }

    func advance() throws {
        let following = frame + direction.rawValue
        try video.check(frame: following)
        var moved = groups
        for i in moved.indices {
            if let window = nextWindow(after: moved[i].window) { try run(window, of: &moved[i]) }
            let index = 2 * (step + 1 - moved[i].window.lowerBound)
            for k in moved[i].points.indices {
                let position = SIMD2(moved[i].points[k].positions[index], moved[i].points[k].positions[index + 1])
                moved[i].areFinite[k] = position.x.isFinite && position.y.isFinite
                // Where it is no number, the last place is as good a guess as any.
                if moved[i].areFinite[k] { moved[i].positions[k] = position }
            }
        }
        groups = moved
        step += 1
        frame = following
        features.forget(before: frame)
    }

    /// The window that has to run before the next step, if one does. Windows begin in the last step of the one before; the last of a video
    /// begins earlier, so that it is as long as the others, and decides from its beginning.
    private func nextWindow(after window: Range<Int>) -> Range<Int>? {
        let end = step + 1 + video.framesAfter(frame, direction)
        return Self.window(after: window, end: end, length: tracker.windowLength).flatMap { $0.lowerBound <= step ? $0 : nil }
    }

    /// The window after `window`; nil where that reaches the end of the video.
    static func window(after window: Range<Int>, end: Int, length: Int) -> Range<Int>? {
        guard window.upperBound < end else { return nil }
        let start = window.upperBound - 1
        // A window before which there is none does not begin before its points.
        return start + length <= end || window.count == 1 ? start..<min(end, start + length) : max(window.lowerBound, end - length)..<end
    }

    private func run(_ window: Range<Int>, of group: inout Group) throws {
        let frames = try window.map { try features.pyramid(at: frame + ($0 - step) * direction.rawValue) }
        for i in group.points.indices {
            // Positions not yet known: where the point was last.
            let known = group.points[i].positions.dropFirst(2 * (window.lowerBound - group.window.lowerBound))
            let missing = window.count - known.count / 2
            group.points[i].positions = known + (0..<missing).flatMap { _ in known.suffix(2) }
            group.points[i].templates = group.points[i].templates.cut(window.count)
        }
        group.window = window
        try tracker.window.follow(&group.points, through: frames)
    }
}

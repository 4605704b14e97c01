import Foundation
import Media

/// Points being followed by PIPs. Times are counted in steps of the session's direction.
final class PIPsSession: TrackingSession {
    private struct Point {
        let id: Int
        let template: [Float]
        /// In cells.
        var position: SIMD2<Float>
        var visibility: Float
        /// The step in which the point's window begins.
        var start: Int
        /// The step in which its next window begins; later predictions of this one are not used.
        var next: Int
        /// What the window predicts for the steps after `start`.
        var positions: [SIMD2<Float>]
        var visibilities: [Float]
    }

    private let video: FrameStore
    private let direction: TimeDirection
    private let tracker: PIPsTracker
    private var features: HeldFeatures
    private var nextID = 0
    private var state: [Point] = []
    private var step = 0

    private(set) var frame: Int
    /// Told of every window that runs: the step it begins in, and its points.
    var windowObserver: ((_ step: Int, _ points: Int) -> Void)?

    init(tracker: PIPsTracker, video: FrameStore, frame: Int, direction: TimeDirection) throws {
        (self.tracker, self.video, self.frame, self.direction) = (tracker, video, frame, direction)
        features = try HeldFeatures(tracker.features, of: video, direction: direction)
    }

    private static let stride = Float(PIPsTracker.stride)

    var points: [TrackedPoint] {
        state.map { point in
            let position = features.working.position(toFrame: point.position * Self.stride)
            let isVisible = point.visibility > tracker.visibilityThreshold && video.size.contains(position)
            return TrackedPoint(id: point.id, position: position, confidence: point.visibility, isVisible: isVisible)
        }
    }

    func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int] {
        guard !positions.isEmpty else { return [] }
        let cells = positions.map { features.working.position(fromFrame: $0) / Self.stride }
        guard let map = try features.pyramid(at: frame).levels.first else { return [] }
        let templates = map.templates(at: cells)
        let ids = Array(nextID..<(nextID + positions.count))
        nextID += positions.count
        for (i, id) in ids.enumerated() {
            state.append(
                Point(
                    id: id, template: templates[i], position: cells[i], visibility: video.size.contains(positions[i]) ? 1 : 0, start: step,
                    next: step, positions: [], visibilities: []))
        }
        return ids
    }

    func remove(_ ids: Set<Int>) {
        state.removeAll { ids.contains($0.id) }
    }

    func advance() throws {
        let following = frame + direction.rawValue
        try video.check(frame: following)
        var moved = state
        try startWindows(&moved)
        for i in moved.indices {
            let index = step - moved[i].start
            guard moved[i].positions.indices.contains(index) else { continue }
            let position = moved[i].positions[index]
            let visibility = moved[i].visibilities[index]
            if position.x.isFinite, position.y.isFinite, visibility.isFinite {
                (moved[i].position, moved[i].visibility) = (position, visibility)
            } else {
                // No number: the last place is as good a guess as any.
                moved[i].visibility = 0
            }
        }
        state = moved
        step += 1
        frame = following
        features.forget(before: frame)
    }

    /// Runs the windows that begin in this frame.
    private func startWindows(_ points: inout [Point]) throws {
        let due = points.indices.filter { points[$0].next == step }
        guard !due.isEmpty else { return }
        let known = min(PIPsMixer.frames - 1, video.framesAfter(frame, direction))
        let frames = (0..<PIPsMixer.frames).map { frame + min($0, known) * direction.rawValue }
        let window = try frames.map { try features.pyramid(at: $0) }
        let paths = try tracker.window.follow(
            due.map { .init(position: points[$0].position, template: points[$0].template) }, through: window)
        windowObserver?(step, due.count)
        for (i, path) in zip(due, paths) {
            points[i].start = step
            points[i].positions = Array(path.positions[1...known])
            points[i].visibilities = path.visibility[1...known].map { 1 / (1 + exp(-$0)) }
            points[i].next = step + Self.chained(points[i].visibilities, threshold: tracker.options.chainingThreshold)
        }
    }

    /// After how many steps the next window begins: at the last of these visibilities above the threshold, which sinks until there is one.
    static func chained(_ visibilities: [Float], threshold: Float) -> Int {
        var threshold = threshold
        // No visibility lies below 0; one that is no number is not below anything.
        while threshold > -1 {
            if let last = visibilities.lastIndex(where: { !($0 <= threshold) }) { return last + 1 }
            threshold -= 0.02
        }
        return max(1, visibilities.count)
    }
}

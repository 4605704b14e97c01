import Foundation
import Media

/// A point tracker that works in windows of frames.
protocol WindowTracker: PointTracker {
    /// Probability above which a point counts as visible.
    var visibilityThreshold: Float { get }
    /// A run over the frames from `frame` to the video's end in a direction.
    func run(on video: FrameStore, from frame: Int, direction: TimeDirection) -> WindowRun
    func scale(_ frame: ImageSize) -> CellScale
    /// How sure it is that a point is visible, 0 to 1.
    func probability(_ state: PointState) -> Float
}

/// From positions in a frame (pixel centres at +0.5) to cells of a tracker's finest map (cell centres at whole numbers), and back.
struct CellScale: Sendable {
    let cellsPerPixel: SIMD2<Float>
    /// Where the centre of the first pixel lies.
    var origin = SIMD2<Float>.zero

    func cells(_ position: SIMD2<Float>) -> SIMD2<Float> { (position - 0.5) * cellsPerPixel + origin }
    func position(_ cells: SIMD2<Float>) -> SIMD2<Float> { (cells - origin) / cellsPerPixel + 0.5 }
}

extension WindowTracker {
    func session(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try video.check(frame: frame)
        return WindowSession(tracker: self, video: video, frame: frame, direction: direction)
    }

    /// What is reported of a point; nil where the network's numbers are none.
    func report(_ state: PointState, id: Int, scale: CellScale) -> TrackedPoint? {
        let position = scale.position(state.position)
        let confidence = probability(state)
        guard position.x.isFinite, position.y.isFinite, confidence.isFinite else { return nil }
        return TrackedPoint(id: id, position: position, confidence: confidence, isVisible: confidence > visibilityThreshold)
    }
}

enum WindowTracking {
    /// A probability from a logit.
    static func probability(_ logit: Float) -> Float { 1 / (1 + exp(-logit)) }

    /// Refuses positions that are no numbers, or absurd ones: by way of attention they would spoil all points.
    static func check(_ positions: [SIMD2<Float>]) throws {
        for position in positions where !(abs(position.x) <= 1e6 && abs(position.y) <= 1e6) {
            throw TrackerError.invalidQuery(
                "A point to be tracked has the position (\(position.x), \(position.y)), which is no place in a frame.")
        }
    }
}

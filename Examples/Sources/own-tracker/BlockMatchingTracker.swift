import SAMPTKit

/// A point tracker of one's own, as short as it can be: a point goes where the square around it is found again in the next frame.
struct BlockMatchingTracker: PointTracker {
    let name = "block-matching"
    /// It looks at no frame but the one it advances to, so it can follow a live source.
    let isCausal = true
    /// Half the side of the square that is compared, in pixels.
    var radius = 5
    /// How far a point may move from one frame to the next, in pixels.
    var reach = 10
    /// Points whose best match differs more than this, in grey levels a pixel, are hidden.
    var largestDifference: Float = 20

    func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        guard video.frames.contains(frame) else { throw MediaError.frameOutOfRange(index: frame, count: video.frameCount) }
        return BlockMatchingSession(tracker: self, video: video, frame: frame, direction: direction)
    }
}

/// Points on their way from frame to frame.
final class BlockMatchingSession: TrackingSession {
    private let tracker: BlockMatchingTracker
    private let video: FrameStore
    private let direction: TimeDirection
    private var nextID = 0
    private(set) var frame: Int
    private(set) var points: [TrackedPoint] = []

    init(tracker: BlockMatchingTracker, video: FrameStore, frame: Int, direction: TimeDirection) {
        (self.tracker, self.video, self.frame, self.direction) = (tracker, video, frame, direction)
    }

    func add(_ positions: [SIMD2<Float>], group: Int) -> [Int] {
        let ids = Array(nextID..<nextID + positions.count)
        nextID += positions.count
        points += zip(ids, positions).map { TrackedPoint(id: $0, position: $1, confidence: 1, isVisible: video.size.contains($1)) }
        return ids
    }

    func remove(_ ids: Set<Int>) { points.removeAll { ids.contains($0.id) } }

    func advance() throws {
        let next = frame + direction.rawValue
        guard video.frames.contains(next) else { throw MediaError.frameOutOfRange(index: next, count: video.frameCount) }
        let (before, after) = (try video.frame(at: frame).gray(), try video.frame(at: next).gray())
        for index in points.indices where points[index].isVisible {
            let (step, difference) = bestStep(of: points[index].position, from: before, to: after)
            points[index].position += step
            points[index].confidence = max(0, 1 - difference / tracker.largestDifference)
            points[index].isVisible = difference < tracker.largestDifference && video.size.contains(points[index].position)
        }
        frame = next
    }

    /// The whole step after which the square around a point looks most as before, and by how much it differs on average.
    private func bestStep(of position: SIMD2<Float>, from before: GrayImage, to after: GrayImage) -> (SIMD2<Float>, Float) {
        // A position's pixel: centres are at +0.5.
        let (x, y) = (Int(position.x), Int(position.y))
        let reach = tracker.reach
        var (best, least) = (SIMD2<Float>(), Float.infinity)
        for dy in -reach...reach {
            for dx in -reach...reach {
                let difference = self.difference(x, y, x + dx, y + dy, before, after)
                // Of equals the shortest step.
                let isShorter = dx * dx + dy * dy < Int((best * best).sum())
                if difference < least || (difference == least && isShorter) { (best, least) = (SIMD2(Float(dx), Float(dy)), difference) }
            }
        }
        return (best, least)
    }

    private func difference(_ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int, _ before: GrayImage, _ after: GrayImage) -> Float {
        let radius = tracker.radius
        var (sum, count) = (0, 0)
        for v in -radius...radius {
            for u in -radius...radius {
                let (xa, ya, xb, yb) = (x0 + u, y0 + v, x1 + u, y1 + v)
                guard min(xa, ya, xb, yb) >= 0, max(xa, xb) < before.width, max(ya, yb) < before.height else { continue }
                sum += abs(Int(before.pixels[ya * before.width + xa]) - Int(after.pixels[yb * after.width + xb]))
                count += 1
            }
        }
        // Half of the square at least must lie in the picture.
        return 2 * count < (2 * radius + 1) * (2 * radius + 1) ? .infinity : Float(sum) / Float(count)
    }
}

import Foundation
import Media
import Segmenters
import TensorFiles

/// Points being followed by TapNet: their features in their query frames.
final class TapNetSession: TrackingSession {
    /// Points per run of the head.
    private static let slots = (few: 16, many: 64)

    private let tracker: TapNet
    private let video: FrameStore
    private let direction: TimeDirection
    private let scale: SquareScale
    private let encoder: TapNetEncoder
    private(set) var frame: Int
    private(set) var points: [TrackedPoint] = []
    /// Rows, one per point.
    private var features: [[Float]] = []
    private var nextID = 0

    init(tracker: TapNet, video: FrameStore, frame: Int, direction: TimeDirection) {
        (self.tracker, self.video, self.frame, self.direction) = (tracker, video, frame, direction)
        scale = SquareScale(
            frame: video.size, side: tracker.stem.network.side, usesReferencePixelCenters: tracker.options.usesReferencePixelCenters)
        encoder = TapNetEncoder(video, stem: tracker.stem)
    }

    func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int] {
        guard !positions.isEmpty else { return [] }
        let map = try encoder.map(at: frame)
        for position in positions {
            let isVisible = video.size.contains(position)
            points.append(TrackedPoint(id: nextID, position: position, confidence: 1, isVisible: isVisible))
            features.append(LocalCorrelation.sample(map, mapSide: tracker.stem.network.side / 8, position: scale.input(position) / 8))
            nextID += 1
        }
        return Array((nextID - positions.count)..<nextID)
    }

    func remove(_ removed: Set<Int>) {
        let kept = points.indices.filter { !removed.contains(points[$0].id) }
        guard kept.count < points.count else { return }
        (points, features) = (kept.map { points[$0] }, kept.map { features[$0] })
    }

    func advance() throws {
        let next = frame + direction.rawValue
        try video.check(frame: next)
        guard !points.isEmpty else {
            frame = next
            return
        }
        let map = try encoder.map(at: next)
        var moved = points
        let slots = points.count <= Self.slots.few ? Self.slots.few : Self.slots.many
        let head = try tracker.head(points: slots)
        for start in stride(from: 0, to: points.count, by: slots) {
            let chunk = start..<min(points.count, start + slots)
            let templates = Tensor(shape: [slots, TapNetNetwork.channels]) { target in
                target.initialize(repeating: 0)
                for (row, feature) in features[chunk].enumerated() {
                    _ = target[(row * TapNetNetwork.channels)...].update(fromContentsOf: feature)
                }
            }
            guard let found = try head(["map": map, "templates": templates])["found"] else { throw TrackerError.missingOutput("found") }
            found.withUnsafeBuffer { found in
                for (row, i) in chunk.enumerated() {
                    follow(&moved[i], SIMD2(found[3 * row], found[3 * row + 1]), occlusion: found[3 * row + 2])
                }
            }
        }
        (frame, points) = (next, moved)
    }

    private func follow(_ point: inout TrackedPoint, _ found: SIMD2<Float>, occlusion: Float) {
        let position = scale.frame(found)
        let confidence = 1 / (1 + exp(occlusion))
        // Numbers that are none come from damaged weights: the point stays where it was, hidden.
        let isFinite = position.x.isFinite && position.y.isFinite && confidence.isFinite
        if isFinite { point.position = position }
        point.confidence = isFinite ? confidence : 0
        point.isVisible = point.confidence > tracker.options.visibilityThreshold && video.size.contains(point.position)
    }
}

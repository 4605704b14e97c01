import Foundation
import Media
import PointTrackers
import Segmenters
import Support
import TestSupport

@testable import SAMPT

/// A grey scene in which a bright disk moves one pixel to the right a frame.
struct MovingDisk: FrameSource {
    let frameCount: Int
    let size = ImageSize(width: 96, height: 64)
    let name = "disk"
    var timing: VideoTiming { VideoTiming(constantRate: 10, count: frameCount) }

    static func center(_ index: Int) -> SIMD2<Float> { SIMD2(30.5 + Float(index), 30.5) }

    func mask(_ index: Int) -> Mask { disk(at: Self.center(index), radius: 12, size: size) }

    func frame(at index: Int) throws -> RGBImage {
        guard (0..<frameCount).contains(index) else { throw MediaError.frameOutOfRange(index: index, count: frameCount) }
        var image = RGBImage(width: 96, height: 64, red: 80, green: 80, blue: 80)
        image.blend(mask(index), .white, opacity: 1)
        return image
    }
}

func disk(at center: SIMD2<Float>, radius: Float, size: ImageSize) -> Mask {
    var mask = Mask(size: size)
    for y in 0..<size.height {
        for x in 0..<size.width {
            let d = SIMD2(Float(x) + 0.5, Float(y) + 0.5) - center
            mask[x, y] = d.x * d.x + d.y * d.y <= radius * radius
        }
    }
    return mask
}

/// Moves every point one pixel to the right a frame; points may vanish from some frame on.
struct FakeTracker: PointTracker {
    let name = "fake"
    var isCausal = true
    var vanishesAt = Int.max
    /// They are hidden in these frames as well.
    var hidden = 0..<0
    /// Whether it takes features of the segmenter's encoder, as the built-in tracker does.
    var sharesEncoder = false
    /// The frames that each session may look at.
    let seen = Protected<[Range<Int>]>([])

    func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        seen.withLock { $0.append(video.frames) }
        return Session(
            frame: frame, direction: direction, video: video, vanishesAt: vanishesAt, hidden: hidden, sharesEncoder: sharesEncoder)
    }

    private final class Session: TrackingSession {
        private(set) var frame: Int
        private(set) var points: [TrackedPoint] = []
        private let direction: TimeDirection
        private let video: FrameStore
        private let vanishesAt: Int
        private let hidden: Range<Int>
        private let sharesEncoder: Bool
        private var nextID = 0

        init(frame: Int, direction: TimeDirection, video: FrameStore, vanishesAt: Int, hidden: Range<Int>, sharesEncoder: Bool) {
            (self.frame, self.direction, self.video, self.vanishesAt, self.hidden) = (frame, direction, video, vanishesAt, hidden)
            self.sharesEncoder = sharesEncoder
        }

        func add(_ positions: [SIMD2<Float>], group: Int) -> [Int] {
            let ids = positions.indices.map { nextID + $0 }
            nextID += positions.count
            points += zip(ids, positions).map { TrackedPoint(id: $0, position: $1, confidence: 1, isVisible: true) }
            return ids
        }

        func remove(_ ids: Set<Int>) { points.removeAll { ids.contains($0.id) } }

        func advance() throws {
            frame += direction.rawValue
            guard video.frames.contains(frame) else { throw MediaError.frameOutOfRange(index: frame, count: video.frameCount) }
            if sharesEncoder { _ = try video.value(of: FakeSegmenter.Encoder(), at: frame) }
            for i in points.indices {
                points[i].position.x += Float(direction.rawValue)
                points[i].isVisible = frame < vanishesAt && !hidden.contains(frame)
                points[i].confidence = points[i].isVisible ? 1 : 0
            }
        }
    }
}

/// Answers with a disk around the mean of the positive points, and counts how often frames are encoded.
struct FakeSegmenter: PromptableSegmenter {
    let name = "fake"
    /// All it was asked.
    let asked = Protected<[ObjectPrompt]>([])
    /// In these frames it is not sure of its masks.
    var unsure = 0..<0

    struct Encoder: FrameProcessor {
        static let key = "fake-encoder"
        let cacheKey = Encoder.key
        func process(_ image: RGBImage) -> Features { Features(size: image.size) }
    }

    struct Features: StorableFeatures {
        let size: ImageSize

        init(size: ImageSize) { self.size = size }

        var storedBytes: Data { Data("\(size)".utf8) }

        init?(storedBytes: Data, frame: ImageSize) {
            guard storedBytes == Data("\(frame)".utf8) else { return nil }
            size = frame
        }
    }

    struct Frame: SegmentableFrame {
        let size: ImageSize
        let asked: Protected<[ObjectPrompt]>
        let predictedIoU: Float
        func predict(_ prompts: [ObjectPrompt]) -> [MaskPrediction] {
            prompts.map { prompt in
                asked.withLock { $0.append(prompt) }
                let positives = prompt.points.filter(\.isPositive)
                let mean = positives.reduce(SIMD2<Float>.zero) { $0 + $1.position } / Float(max(1, positives.count))
                let mask = positives.isEmpty ? Mask(size: size) : disk(at: mean, radius: 12, size: size)
                let values = mask.values.map { $0 == 0 ? Float(-4) : 4 }
                return MaskPrediction(
                    logits: MaskLogits(width: size.width, height: size.height, values: values), predictedIoU: predictedIoU)
            }
        }
    }

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
        Frame(size: try video.value(of: Encoder(), at: index).size, asked: asked, predictedIoU: unsure.contains(index) ? 0.1 : 0.9)
    }

    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { logits.values }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask {
        Mask(width: logits.width, height: logits.height, values: logits.values.map { $0 > 0 ? 1 : 0 })
    }
}

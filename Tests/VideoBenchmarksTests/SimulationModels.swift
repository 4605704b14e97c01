import Foundation
import Media
import PointTrackers
import SAMPT
import Segmenters
import Support

@testable import VideoBenchmarks

/// A mask is the disks around positive points, without those around negative ones. Counts its answers by frame.
struct DiskSegmenter: PromptableSegmenter {
    let name = "disks"
    let decoded = Protected<[Int: Int]>([:])

    struct Frame: SegmentableFrame {
        let size: ImageSize
        let index: Int
        let decoded: Protected<[Int: Int]>

        func predict(_ prompts: [ObjectPrompt]) -> [MaskPrediction] {
            decoded.withLock { $0[index, default: 0] += prompts.count }
            return prompts.map { prompt in
                var values = [Float](repeating: -4, count: size.pixelCount)
                for point in prompt.points.filter(\.isPositive) + prompt.points.filter({ !$0.isPositive }) {
                    let radius: Float = point.isPositive ? 9 : 5
                    for y in 0..<size.height {
                        for x in 0..<size.width {
                            let gap = SIMD2(Float(x) + 0.5, Float(y) + 0.5) - point.position
                            if (gap * gap).sum() <= radius * radius { values[y * size.width + x] = point.isPositive ? 4 : -4 }
                        }
                    }
                }
                return MaskPrediction(logits: MaskLogits(width: size.width, height: size.height, values: values), predictedIoU: 0.9)
            }
        }
    }

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
        Frame(size: try video.frame(at: index).size, index: index, decoded: decoded)
    }
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { logits.values }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask {
        Mask(width: logits.width, height: logits.height, values: logits.values.map { $0 > 0 ? 1 : 0 })
    }

    /// The frames of the answers since the last time.
    func takeFrames() -> Set<Int> {
        decoded.withLock { counts in
            defer { counts = [:] }
            return Set(counts.keys)
        }
    }
}

/// Moves points to the right; `drift` more than the boxes do.
struct DriftingTracker: PointTracker {
    let name = "drifting"
    var drift: Float = 0
    var isCausal: Bool { true }

    func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        Session(frame: frame, direction: direction, video: video, step: 1 + drift)
    }

    private final class Session: TrackingSession {
        private(set) var frame: Int
        private(set) var points: [TrackedPoint] = []
        private let direction: TimeDirection
        private let video: FrameStore
        private let step: Float
        private var nextID = 0

        init(frame: Int, direction: TimeDirection, video: FrameStore, step: Float) {
            (self.frame, self.direction, self.video, self.step) = (frame, direction, video, step)
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
            for i in points.indices {
                points[i].position.x += step * Float(direction.rawValue)
                points[i].isVisible = points[i].position.x < 90 && points[i].position.x > 2
                points[i].confidence = points[i].isVisible ? 1 : 0
            }
        }
    }
}

/// A data set of bright boxes that move a pixel to the right a frame, in a picture of 96x48.
struct SlidingBoxes {
    let folders: MaskFolders

    init(videos: [String], frames: Int = 10, hidden: Range<Int> = 0..<0) throws {
        folders = try MaskFolders()
        for video in videos {
            for folder in ["JPEGImages", "Annotations"] {
                try FileManager.default.createDirectory(atPath: folders.path("\(folder)/\(video)"), withIntermediateDirectories: true)
            }
            for frame in 0..<frames {
                var labels = IndexMask(width: 96, height: 48)
                if !hidden.contains(frame) {
                    for y in 10..<26 { for x in (8 + frame)..<(38 + frame) { labels.values[y * 96 + x] = 3 } }
                }
                let image = RGBImage(width: 96, height: 48, red: 40, green: 40, blue: 40)
                try ImageFile.writePNG(image, to: folders.path("JPEGImages/\(video)/0\(frame).png"))
                try ImageFile.writeIndexMask(labels, to: folders.path("Annotations/\(video)/0\(frame).png"))
            }
        }
    }

    var dataset: VideoDataset { get throws { try DatasetKind.folder.read(.init(root: folders.root.path)) } }
    var videos: [DatasetVideo] { get throws { try dataset.videosWithTruth().videos } }
}

/// An annotator on the first video, with models that count.
struct SimulationFixture {
    let boxes: SlidingBoxes
    let segmenter = DiskSegmenter()
    let task: SimulationTask
    let options: SimulationOptions
    private let models: VideoSegmenter

    init(_ options: SimulationOptions, frames: Int = 10, drift: Float = 0, hidden: Range<Int> = 0..<0) throws {
        boxes = try SlidingBoxes(videos: ["a"], frames: frames, hidden: hidden)
        task = try SimulationTask.tasks(of: boxes.videos[0])[0]
        self.options = options
        var method = VideoSegmenterOptions()
        method.reinitialization.variant = nil
        models = VideoSegmenter(segmenter: segmenter, tracker: DriftingTracker(drift: drift), options: method)
    }

    func annotator() async throws -> SimulatedAnnotator {
        let video = try FrameFolder(name: "a", paths: task.video.frames)
        return try await SimulatedAnnotator(
            task, segmenter: models, video: video, options: options, seed: 1, featureBytes: 1 << 20)
    }
}

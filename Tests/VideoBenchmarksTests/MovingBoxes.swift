import Foundation
import Media
import Segmenters
import Support
import TestSupport

@testable import VideoBenchmarks

/// Finds a bright thing around the mean of the positive points: fast, and right on a flat scene.
struct BrightnessSegmenter: PromptableSegmenter {
    let name = "brightness"
    let encodings = Protected(0)

    struct Encoder: FrameProcessor {
        let cacheKey = "brightness"
        let encodings: Protected<Int>
        func process(_ image: RGBImage) -> Features {
            encodings.withLock { $0 += 1 }
            return Features(size: image.size, red: stride(from: 0, to: image.pixels.count, by: 3).map { image.pixels[$0] })
        }
    }

    struct Features: StorableFeatures {
        let size: ImageSize
        let red: [UInt8]
        init(size: ImageSize, red: [UInt8]) { (self.size, self.red) = (size, red) }
        var storedBytes: Data { Data(red) }
        init?(storedBytes: Data, frame: ImageSize) {
            guard storedBytes.count == frame.pixelCount else { return nil }
            self.init(size: frame, red: Array(storedBytes))
        }
    }

    struct Frame: SegmentableFrame {
        let features: Features
        var size: ImageSize { features.size }
        func predict(_ prompts: [ObjectPrompt]) -> [MaskPrediction] {
            prompts.map { prompt in
                let isAsked = prompt.points.contains(where: \.isPositive)
                let values = features.red.map { isAsked && $0 > 128 ? Float(4) : -4 }
                let logits = MaskLogits(width: features.size.width, height: features.size.height, values: values)
                return MaskPrediction(logits: logits, predictedIoU: 0.9)
            }
        }
    }

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
        Frame(features: try video.value(of: Encoder(encodings: encodings), at: index))
    }
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { logits.values }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask {
        Mask(width: logits.width, height: logits.height, values: logits.values.map { $0 > 0 ? 1 : 0 })
    }
}

/// A data set of bright boxes that move to the right.
struct MovingBoxes {
    let folders: MaskFolders

    init(videos: [String], frames: Int = 6) throws {
        folders = try MaskFolders()
        for video in videos {
            for frame in 0..<frames {
                var mask = Mask(width: 64, height: 48)
                for y in 10..<30 { for x in (8 + frame)..<(28 + frame) { mask[x, y] = true } }
                var image = RGBImage(width: 64, height: 48, red: 40, green: 40, blue: 40)
                image.blend(mask, .white, opacity: 1)
                try FileManager.default.createDirectory(atPath: folders.path("JPEGImages/\(video)"), withIntermediateDirectories: true)
                try FileManager.default.createDirectory(atPath: folders.path("Annotations/\(video)"), withIntermediateDirectories: true)
                try ImageFile.writePNG(image, to: folders.path("JPEGImages/\(video)/0\(frame).png"))
                let labels = IndexMask(width: 64, height: 48, values: mask.values.map(UInt16.init))
                try ImageFile.writeIndexMask(labels, to: folders.path("Annotations/\(video)/0\(frame).png"))
            }
        }
    }

    var dataset: VideoDataset { get throws { try DatasetKind.folder.read(.init(root: folders.root.path)) } }
}

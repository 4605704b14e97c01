import Inference
import InferenceOpenVINO
import Media
import TestSupport
import Testing

@testable import Segmenters

/// Answers to a point with the boxes that it lies in, each with its own sureness and softness.
private struct BoxSegmenter: PromptableSegmenter {
    struct Thing {
        var box: Box
        var predictedIoU: Float
        /// How wide the edge is in which logits are between -1 and 1.
        var softness: Int = 0
    }

    let name = "boxes"
    let size: ImageSize
    let things: [Thing]

    struct Frame: SegmentableFrame {
        let size: ImageSize
        let things: [Thing]

        func predict(_ prompts: [ObjectPrompt]) -> [MaskPrediction] { prompts.flatMap { candidates(for: $0).prefix(1) } }

        func candidates(for prompt: ObjectPrompt) -> [MaskPrediction] {
            things.filter { thing in
                prompt.points.allSatisfy {
                    thing.box.x0 <= $0.position.x && $0.position.x < thing.box.x1 && thing.box.y0 <= $0.position.y
                        && $0.position.y < thing.box.y1
                }
            }.map { thing in
                var values = [Float](repeating: -4, count: size.pixelCount)
                for y in Int(thing.box.y0)..<Int(thing.box.y1) {
                    for x in Int(thing.box.x0)..<Int(thing.box.x1) {
                        values[y * size.width + x] = x - Int(thing.box.x0) < thing.softness ? 0.5 : 4
                    }
                }
                return MaskPrediction(
                    logits: MaskLogits(width: size.width, height: size.height, values: values), predictedIoU: thing.predictedIoU)
            }
        }
    }

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame { Frame(size: size, things: things) }
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { logits.values }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask {
        Mask(width: logits.width, height: logits.height, values: logits.values.map { $0 > 0 ? 1 : 0 })
    }

    func find(_ finder: AutomaticMasks = AutomaticMasks()) throws -> [AutomaticMasks.Found] {
        try finder.find(in: Frame(size: size, things: things), with: self)
    }
}

@Suite("Automatic masks")
struct AutomaticMasksTests {
    private let size = ImageSize(width: 128, height: 64)
    private func box(_ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float) -> Box { Box(x0: x0, y0: y0, x1: x1, y1: y1) }

    @Test("Sure and stable masks stay, the surest first, each thing once")
    func filters() throws {
        let segmenter = BoxSegmenter(
            size: size,
            things: [
                .init(box: box(8, 8, 40, 40), predictedIoU: 0.95),
                // Nearly the same box, less sure.
                .init(box: box(9, 8, 41, 40), predictedIoU: 0.93),
                // Within the first, and small enough to be another thing.
                .init(box: box(10, 10, 26, 26), predictedIoU: 0.97),
                // Not sure enough: the limit itself is dropped.
                .init(box: box(60, 8, 90, 40), predictedIoU: 0.88),
                // Not stable: three of 30 columns are within the offset.
                .init(box: box(60, 10, 90, 50), predictedIoU: 0.99, softness: 3),
                // Just stable enough: one of 20 columns.
                .init(box: box(100, 10, 120, 50), predictedIoU: 0.9, softness: 1),
            ])
        let found = try segmenter.find()
        #expect(found.map(\.predictedIoU) == [0.97, 0.95, 0.9])
        #expect(found.map(\.mask.area) == [256, 1024, 800] && found[2].stability == 0.95)
        var loose = AutomaticMasks()
        (loose.predictedIoU, loose.stability, loose.boxOverlap) = (0.5, 0, 1)
        #expect(Set(try segmenter.find(loose).map(\.predictedIoU)) == [0.97, 0.95, 0.93, 0.88, 0.99, 0.9])
    }

    @Test("The grid's points are those of the reference")
    func grid() throws {
        // Of 2 x 2 points on 128x64 the first is the reference's (32, 16): the centre of that pixel here.
        var finder = AutomaticMasks()
        finder.pointsPerSide = 2
        let hit = BoxSegmenter(size: size, things: [.init(box: box(32, 16, 33, 17), predictedIoU: 0.95)])
        #expect(try hit.find(finder).map(\.mask.area) == [1])
        let missed = BoxSegmenter(size: size, things: [.init(box: box(33, 16, 96, 48), predictedIoU: 0.95)])
        #expect(try missed.find(finder).isEmpty)
        // In a tiny picture all points stay inside.
        let tiny = BoxSegmenter(size: ImageSize(width: 3, height: 2), things: [.init(box: box(0, 0, 3, 2), predictedIoU: 0.95)])
        #expect(try tiny.find().map(\.mask.area) == [6])
        finder.pointsPerSide = 0
        #expect(throws: SegmenterError.invalidGrid(0)) { try tiny.find(finder) }
    }
}

/// With the reduced SAM of the parity cases, whose masks mean nothing: what the filters are given is checked one by one.
@Suite(.serialized, .enabled(if: ParityCase.named("sam_vit_tiny_test") != nil, Comment(rawValue: ParityCase.missing)))
struct AutomaticMasksOfSAMTests {
    @Test("All three answers of SAM to each point go through the filters") func everyAnswer() throws {
        try withMemoryToItself {
            let segmenter = try SAMSegmenter(
                weights: #require(ParityCase.named("sam_vit_tiny_test")).weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)),
                precision: .float32)
            let image = RGBImage(width: 96, height: 54, pixels: (0..<(3 * 96 * 54)).map { UInt8(truncatingIfNeeded: $0 * $0 / 61) })
            let frame = try segmenter.frame(image)
            var finder = AutomaticMasks()
            (finder.pointsPerSide, finder.predictedIoU, finder.stability, finder.boxOverlap) = (2, -100, 0, 1)
            let found = try finder.find(in: frame, with: segmenter)
            var wanted: [(iou: Float, area: Int)] = []
            for (x, y) in [(24.5, 14), (72.5, 14), (24.5, 41), (72.5, 41)] as [(Float, Float)] {
                for answer in try frame.candidates(for: ObjectPrompt(points: [.positive(x, y)])) {
                    let area = segmenter.mask(answer.logits, size: frame.size).area
                    if area > 0 { wanted.append((answer.predictedIoU, area)) }
                }
            }
            #expect(wanted.count > 4 && found.count == wanted.count)
            #expect(found.map(\.predictedIoU) == wanted.map(\.iou).sorted(by: >))
            #expect(found.map(\.mask.area).sorted() == wanted.map(\.area).sorted())
        }
    }
}

import Inference
import InferenceOpenVINO
import Media
import TensorFiles
import TestSupport
import Testing

@testable import Segmenters

/// SAM-PT's prompting of a frame against the original: every pass of every object, with its box.
@Suite(.serialized, .enabled(if: !SAMFrameCase.all.isEmpty, Comment(rawValue: ParityCase.missing)))
struct SAMFrameParityTests {
    @Test(arguments: SAMFrameCase.all) func refinementMatches(_ parity: SAMFrameCase) throws {
        try withMemoryToItself { try compare(parity) }
    }

    private func compare(_ parity: SAMFrameCase) throws {
        let (config, inputs, expected) = (
            try parity.data.config(SAMFrameCase.Config.self), try parity.data.inputs(), try parity.data.expected()
        )
        let segmenter = try SAMSegmenter(
            weights: parity.data.weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32)
        let (images, trajectories) = (try inputs.tensor("images"), try inputs.tensor("trajectories"))
        let visibilities = try inputs.tensor("visibilities").values
        let (frames, objects, points) = (trajectories.shape[0], trajectories.shape[1], trajectories.shape[2])
        let size = ImageSize(width: config.imageSize[1], height: config.imageSize[0])
        var results: [String: [Float]] = [:]
        var logits: [Int: [Float]] = [:]
        for frame in 0..<frames {
            let visible = (0..<objects).map { object in
                (0..<points).compactMap { point -> PointPrompt? in
                    let i = (frame * objects + object) * points + point
                    guard visibilities[i] == 1 else { return nil }
                    let position = trajectories.withUnsafeBuffer { SIMD2($0[2 * i], $0[2 * i + 1]) }
                    return PointPrompt(position + 0.5, isPositive: point < config.positivePoints)
                }
            }
            let prompts = (0..<objects).map { object in
                let others = (0..<objects).filter { $0 != object && config.addOtherObjects }.flatMap { visible[$0].filter(\.isPositive) }
                return ObjectPrompt(points: visible[object] + others.map { PointPrompt($0.position, isPositive: false) })
            }
            let encoded = try segmenter.frame(picture(images, frame, size))
            let recording = RecordingFrame(frame: encoded, prompts: prompts)
            var schedule = PassSchedule(startsWithPositives: config.negativePoints > 0, boxPasses: config.refinements)
            schedule.scalesBoxes = false
            let answers = try recording.predict(prompts, passes: schedule)
            for object in 0..<objects {
                for (pass, answer) in recording.log.answers[object].enumerated() {
                    results["lowRes\(frame).\(object).\(pass)"] = answer.logits.values
                    results["iou\(frame).\(object).\(pass)"] = [answer.predictedIoU]
                }
                for (pass, box) in recording.log.boxes[object].enumerated() {
                    // As the network gets it.
                    let scale = recording.inputScale
                    let corners = [box.x0 * scale.x, box.y0 * scale.y, (box.x1 - 1) * scale.x, (box.y1 - 1) * scale.y]
                    results["box\(frame).\(object).\(pass)"] = corners.map { $0.rounded() }
                }
                let answer = try #require(answers[object])
                results["frameScores", default: []].append(answer.predictedIoU)
                logits[object * frames + frame] = segmenter.frameLogits(answer.logits, size: size)
            }
        }
        results["maskLogits"] = (0..<(objects * frames)).flatMap { logits[$0] ?? [] }
        let scores = results["frameScores"] ?? []
        results["scores"] = (0..<objects).map { object in
            (0..<frames).reduce(0) { $0 + scores[$1 * objects + object] } / Float(frames)
        }
        for output in parity.data.outputs {
            let result = try #require(results[output.name], "\(output.name) is not computed")
            let elements = try #require(output.elements(of: Tensor(shape: output.fullShape ?? output.shape, result)))
            let reference = try expected.tensor(output.name).values
            if output.name.hasPrefix("box") {
                #expect(elements == reference, "\(output.name)")
            } else {
                #expect(relativeL2(elements, reference) <= parity.data.limit(of: output.name), "\(output.name)")
            }
        }
    }

    private func picture(_ images: Tensor, _ frame: Int, _ size: ImageSize) -> RGBImage {
        let count = size.pixelCount
        return images.withUnsafeBuffer { values in
            RGBImage(
                width: size.width, height: size.height,
                pixels: (0..<(3 * count)).map { UInt8(values[(frame * 3 + $0 % 3) * count + $0 / 3]) })
        }
    }
}

struct SAMFrameCase: Sendable, CustomTestStringConvertible {
    struct Config: Decodable {
        var imageSize: [Int]
        var positivePoints: Int
        var negativePoints: Int
        var refinements: Int
        var addOtherObjects: Bool
    }

    let data: ParityCase
    var testDescription: String { data.name }

    /// Cases that prompt frames of a clip.
    static let all = ParityCase.cases(of: "sam", "sam_hq", "mobile_sam").filter { (try? $0.config(Config.self)) != nil }
        .map { SAMFrameCase(data: $0) }
}

/// Forwards to a frame and remembers what went through.
private struct RecordingFrame: SegmentableFrame {
    final class Log: @unchecked Sendable {
        var answers: [[MaskPrediction]]
        var boxes: [[Box]]
        /// Used by one thread.
        init(objects: Int) {
            answers = .init(repeating: [], count: objects)
            boxes = .init(repeating: [], count: objects)
        }
    }

    let frame: SAMSegmenter.Frame
    let log: Log
    /// The points of each object: all of them, and the positive ones, which the first pass takes alone.
    private let points: [(all: [PointPrompt], positive: [PointPrompt])]
    var size: ImageSize { frame.size }

    init(frame: SAMSegmenter.Frame, prompts: [ObjectPrompt]) {
        self.frame = frame
        log = Log(objects: prompts.count)
        points = prompts.map { ($0.points, $0.points.filter(\.isPositive)) }
    }

    var inputScale: SIMD2<Float> { frame.inputScale }

    func predict(_ prompts: [ObjectPrompt]) throws -> [MaskPrediction] {
        let answers = try frame.predict(prompts)
        for (prompt, answer) in zip(prompts, answers) {
            // Objects whose masks are empty stop early: places tell nothing.
            guard let object = points.firstIndex(where: { $0.all == prompt.points || $0.positive == prompt.points }) else { continue }
            log.answers[object].append(answer)
            if let box = prompt.box { log.boxes[object].append(box) }
        }
        return answers
    }

    func bounds(of logits: MaskLogits) -> (box: Box, pixels: Int)? { frame.bounds(of: logits) }
}

import Foundation
import Media
import Segmenters
import Support
import Testing

@testable import SAMPT

/// How segmenters that take boxes are asked.
struct BoxPromptingTests {
    /// Answers like `FakeSegmenter`, takes boxes, and notes what it is asked.
    private struct BoxSegmenter: PromptableSegmenter {
        let name = "boxes"
        let abilities: SegmenterAbilities = .boxes
        let recommendedPrompting = RecommendedPrompting(refinements: 2)
        let asked = Protected<[ObjectPrompt]>([])

        struct Frame: SegmentableFrame {
            let base: any SegmentableFrame
            let asked: Protected<[ObjectPrompt]>
            var size: ImageSize { base.size }

            func predict(_ prompts: [ObjectPrompt]) throws -> [MaskPrediction] {
                asked.withLock { $0 += prompts }
                return try base.predict(
                    prompts.map { prompt in
                        guard prompt.points.isEmpty, let box = prompt.box else { return prompt }
                        return ObjectPrompt(points: [.positive((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)])
                    })
            }

            func bounds(of logits: MaskLogits) -> (box: Box, pixels: Int)? {
                let inside = logits.values.indices.filter { logits.values[$0] > 0 }
                let (columns, rows) = (inside.map { $0 % logits.width }, inside.map { $0 / logits.width })
                guard let left = columns.min(), let right = columns.max(), let top = rows.min(), let bottom = rows.max() else { return nil }
                return (Box(x0: Float(left), y0: Float(top), x1: Float(right + 1), y1: Float(bottom + 1)), inside.count)
            }
        }

        func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
            Frame(base: try FakeSegmenter().frame(index, of: video), asked: asked)
        }

        func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { FakeSegmenter().frameLogits(logits, size: size) }
        func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { FakeSegmenter().mask(logits, size: size) }
    }

    /// The prompts of the frames of a clip of two frames: of the query frame and of the other.
    private func asked(
        _ prompt: ObjectQuery.Prompt, change: (inout VideoSegmenterOptions) -> Void = { _ in }
    ) async throws -> [ObjectPrompt] {
        let segmenter = BoxSegmenter()
        var options = VideoSegmenterOptions(for: segmenter)
        change(&options)
        let pipeline = VideoSegmenter(segmenter: segmenter, tracker: FakeTracker(), options: options)
        var areas: [Int] = []
        for try await result in pipeline.segment(MovingDisk(frameCount: 2), objects: [ObjectQuery(id: 1, prompt: prompt)]) {
            areas.append(result.objects[0].mask.area)
        }
        #expect(areas.count == 2 && areas.allSatisfy { $0 > 200 })
        return segmenter.asked.withLock { $0 }
    }

    @Test func defaultsAreTheSegmenters() {
        let options = VideoSegmenterOptions(for: BoxSegmenter())
        #expect(options.prompting.refinements == 2)
        #expect(options.prompting.previousMaskIoU == nil)
        #expect(VideoSegmenter(segmenter: BoxSegmenter(), tracker: FakeTracker()).options == options)
    }

    /// Pass 1: positives alone; pass 2: all points with logits; then twice with the box.
    @Test func framesAreAskedAsInThePaper() async throws {
        let prompts = try await asked(.mask(MovingDisk(frameCount: 2).mask(0)))
        #expect(prompts.count == 4)
        #expect(prompts.map { $0.previousLogits != nil } == [false, true, true, true])
        #expect(prompts.map { $0.box != nil } == [false, false, true, true])
        let negatives = prompts.map { $0.points.count { !$0.isPositive } }
        #expect(negatives[0] == 0)
        #expect(negatives[1...].allSatisfy { $0 > 0 })
    }

    @Test func withoutNegativePointsThereIsNoFirstPass() async throws {
        let prompts = try await asked(.mask(MovingDisk(frameCount: 2).mask(0))) { $0.queryPoints.negatives = 0 }
        #expect(prompts.map { $0.previousLogits != nil } == [false, true, true])
    }

    @Test func boxesAreAskedAsTheyAre() async throws {
        let box = Box(x0: 18, y0: 18, x1: 43, y1: 43)
        let prompts = try await asked(.box(box))
        #expect(prompts.count == 5)
        #expect(prompts[0].points.isEmpty && prompts[0].box == box && prompts[0].previousLogits == nil)
    }

    /// The mask of the frame before stands for the first pass where that is asked for. (In frame 1 there is none yet.)
    @Test func previousMasksReplaceTheFirstPass() throws {
        let video = FrameStore(MovingDisk(frameCount: 1))
        let segmenter = BoxSegmenter()
        let frame = try #require(try segmenter.frame(0, of: video) as? BoxSegmenter.Frame)
        let logits = MaskLogits(width: 96, height: 64, values: [Float](repeating: -1, count: 96 * 64))
        let points: [PointPrompt] = [.positive(30, 30), .negative(5, 5)]
        let answers = try frame.predict(
            [ObjectPrompt(points: points, previousLogits: logits), ObjectPrompt(points: points)], passes: PassSchedule(boxPasses: 0))
        #expect(answers.allSatisfy { $0 != nil })
        let prompts = segmenter.asked.withLock { $0 }
        #expect(prompts.map(\.points.count) == [2, 1, 2])
        #expect(prompts[0].previousLogits == logits)
    }

    /// A frame whose answers depend on all that was asked, in two lanes or none.
    private struct CountingFrame: SegmentableFrame {
        struct Refused: Error {}
        let lanes: Int
        var refusesBoxes = false
        let size = ImageSize(width: 8, height: 8)

        func predict(_ prompts: [ObjectPrompt]) throws -> [MaskPrediction] {
            try prompts.map { prompt in
                if refusesBoxes, prompt.box != nil { throw Refused() }
                let sum = Float(prompt.points.count) + (prompt.previousLogits?.values[0] ?? 0) * 0.5 + (prompt.box?.x1 ?? 0)
                return MaskPrediction(logits: MaskLogits(width: 1, height: 1, values: [sum]), predictedIoU: 1)
            }
        }

        func bounds(of logits: MaskLogits) -> (box: Box, pixels: Int)? { (Box(x0: 0, y0: 0, x1: logits.values[0], y1: 1), 2) }
    }

    @Test func lanesChangeNoAnswer() throws {
        let prompts = (0..<5).map { ObjectPrompt(points: [PointPrompt](repeating: .positive(1, 1), count: $0)) }
        let alone = try CountingFrame(lanes: 1).predict(prompts, passes: PassSchedule(boxPasses: 4)).map { $0?.logits }
        #expect(alone[0] == nil && Set(alone.compactMap { $0?.values[0] }).count == 4)
        for _ in 0..<20 {
            #expect(try CountingFrame(lanes: 2).predict(prompts, passes: PassSchedule(boxPasses: 4)).map { $0?.logits } == alone)
        }
    }

    @Test func anErrorEndsAllLanes() {
        let prompts = [ObjectPrompt](repeating: ObjectPrompt(points: [.positive(1, 1)]), count: 3)
        #expect(throws: CountingFrame.Refused.self) {
            try CountingFrame(lanes: 2, refusesBoxes: true).predict(prompts, passes: PassSchedule(boxPasses: 12))
        }
    }
}

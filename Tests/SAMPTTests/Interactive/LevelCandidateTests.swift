import Media
import Segmenters
import TestSupport
import Testing

@testable import SAMPT

@Suite("Further answers of a segmenter that has one")
struct LevelCandidateTests {
    private static let click = SIMD2<Float>(48, 32)

    private func found(isFollowing: Bool) throws -> [MaskCandidate] {
        let models = VideoSegmenter(segmenter: OneAnswer(isFollowing: isFollowing), tracker: FakeTracker())
        let query = ObjectQuery(id: 1, frame: 0, prompt: .points([PointPrompt(Self.click, isPositive: true)]))
        return try models.candidates(for: query, in: MovingDisk(frameCount: 1))
    }

    @Test("The click's own answer comes first, then what the segmenter says to points in a smaller area and in a larger one")
    func levels() throws {
        let found = try found(isFollowing: true)
        try #require(found.count == 3)
        #expect(found.map(\.index) == [0, 1, 2])
        let areas = found.map { $0.mask.area }
        // Radius 6, and 12 points spread in circles of radius 2 and 10; the fake's estimate falls with the radius.
        #expect((90...130).contains(areas[0]) && areas[1] < 30 && areas[2] > 180)
        #expect(found[1].score > found[2].score)
        #expect(found.allSatisfy { $0.mask.mask[48, 32] })
    }

    @Test("Answers that say the same are left out") func same() throws {
        let found = try found(isFollowing: false)
        #expect(found.count == 1)
    }
}

/// A disk around the mean of the points that reaches as far as they do, or not; of 6 pixels around a single one.
private struct OneAnswer: PromptableSegmenter {
    let name = "one"
    let isFollowing: Bool

    struct Frame: SegmentableFrame {
        let size: ImageSize
        let isFollowing: Bool

        func predict(_ prompts: [ObjectPrompt]) -> [MaskPrediction] {
            prompts.map { prompt in
                let positions = prompt.points.filter(\.isPositive).map(\.position)
                let mean = positions.reduce(.zero, +) / Float(max(1, positions.count))
                let reach = positions.map { (($0 - mean) * ($0 - mean)).sum().squareRoot() }.max() ?? 0
                let radius = isFollowing && reach > 0.5 ? reach : 6
                let values = (0..<size.pixelCount).map { i in
                    let offset = SIMD2(Float(i % size.width) + 0.5, Float(i / size.width) + 0.5) - mean
                    return (radius - (offset * offset).sum().squareRoot()) * 0.5
                }
                return MaskPrediction(
                    logits: MaskLogits(width: size.width, height: size.height, values: values), predictedIoU: 1 - radius / 100)
            }
        }
    }

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame { Frame(size: video.size, isFollowing: isFollowing) }
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { logits.values }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask {
        Mask(width: logits.width, height: logits.height, values: logits.values.map { $0 > 0 ? 1 : 0 })
    }
}

import Media
import PointTrackers
import Segmenters
import Support
import Testing

@testable import SAMPT

/// Abilities of segmenters compose.
struct AbilityTests {
    /// Takes boxes and remembers where an object was; finds it again by that.
    private struct AbleSegmenter: PromptableSegmenter {
        let name = "able"
        var abilities: SegmenterAbilities = [.boxes, .appearanceMemory]
        let asked = Protected<[ObjectPrompt]>([])
        /// The frames whose masks it was told later.
        let refreshed = Protected<[Int]>([])

        struct Frame: SegmentableFrame {
            let base: any SegmentableFrame
            let index: Int
            let asked: Protected<[ObjectPrompt]>
            let refreshed: Protected<[Int]>
            var size: ImageSize { base.size }

            func predict(_ prompts: [ObjectPrompt]) throws -> [MaskPrediction] {
                asked.withLock { $0 += prompts }
                return try base.predict(
                    prompts.map { prompt in
                        guard !prompt.points.contains(where: \.isPositive), let start: SIMD2<Float> = prompt.memory?.content() else {
                            return prompt
                        }
                        return ObjectPrompt(points: [PointPrompt(start + SIMD2(Float(index), 0), isPositive: true)])
                    })
            }

            func remember(_ sample: AppearanceSample) -> AppearanceMemory? {
                let positives = sample.points.filter(\.isPositive)
                guard !positives.isEmpty else { return nil }
                return AppearanceMemory(
                    positives.reduce(SIMD2<Float>.zero) { $0 + $1.position } / Float(positives.count) - SIMD2(Float(index), 0))
            }

            func refresh(_ memory: AppearanceMemory, with mask: Mask) -> AppearanceMemory {
                refreshed.withLock { $0.append(index) }
                return memory
            }

            func bounds(of logits: MaskLogits) -> (box: Box, pixels: Int)? { (Box(x0: 1, y0: 1, x1: 9, y1: 9), 64) }
        }

        func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
            Frame(base: try FakeSegmenter().frame(index, of: video), index: index, asked: asked, refreshed: refreshed)
        }

        func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { FakeSegmenter().frameLogits(logits, size: size) }
        func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { FakeSegmenter().mask(logits, size: size) }
    }

    private func masks(_ segmenter: AbleSegmenter, tracker: FakeTracker) async throws -> [Mask] {
        let video = MovingDisk(frameCount: 12)
        let pipeline = VideoSegmenter(segmenter: segmenter, tracker: tracker)
        var masks: [Mask] = []
        for try await result in pipeline.segment(video, objects: [ObjectQuery(id: 1, prompt: .mask(video.mask(0)))]) {
            masks.append(result.objects[0].mask)
        }
        return masks
    }

    /// A segmenter with boxes and memory recovers an object whose points are hidden, and refines by boxes while they are seen.
    @Test func boxesAndMemoryTogether() async throws {
        let segmenter = AbleSegmenter()
        let video = MovingDisk(frameCount: 12)
        let found = try await masks(segmenter, tracker: FakeTracker(hidden: 4..<8))
        for (index, mask) in found.enumerated() { #expect(mask.intersectionOverUnion(video.mask(index)) > 0.65, "frame \(index)") }
        let asked = segmenter.asked.withLock { $0 }
        #expect(asked.contains { $0.box != nil && !$0.points.isEmpty })
        #expect(asked.count { $0.memory != nil && !$0.points.contains(where: \.isPositive) } == 4)
        // Not the query frame's, which it began with.
        #expect(segmenter.refreshed.withLock { $0 } == Array(1..<12))
        let blind = try await masks(AbleSegmenter(abilities: .boxes), tracker: FakeTracker(hidden: 4..<8))
        #expect(blind.map(\.isEmpty) == (0..<12).map { (4..<8).contains($0) })
    }

    /// What nobody but the maker understands is not understood by others.
    @Test func memoriesAreOpaque() {
        let memory = AppearanceMemory(SIMD2<Float>(1, 2))
        #expect(memory.content(as: SIMD2<Float>.self) == SIMD2(1, 2))
        #expect(memory.content(as: Int.self) == nil)
    }
}

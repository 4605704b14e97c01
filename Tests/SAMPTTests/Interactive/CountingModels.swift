import Media
import PointTrackers
import Segmenters
import Support

/// Counts a segmenter's answers by frame.
struct CountingSegmenter: PromptableSegmenter {
    let base: any PromptableSegmenter
    let decoded = Protected<[Int: Int]>([:])

    init(_ base: any PromptableSegmenter) { self.base = base }

    var name: String { base.name }
    var abilities: SegmenterAbilities { base.abilities }
    var recommendedPrompting: RecommendedPrompting { base.recommendedPrompting }

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
        Frame(base: try base.frame(index, of: video), index: index, decoded: decoded)
    }

    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { base.frameLogits(logits, size: size) }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { base.mask(logits, size: size) }

    private struct Frame: SegmentableFrame {
        let base: any SegmentableFrame
        let index: Int
        let decoded: Protected<[Int: Int]>

        private func count(_ prompts: Int) { decoded.withLock { $0[index, default: 0] += prompts } }

        var size: ImageSize { base.size }
        var inputScale: SIMD2<Float> { base.inputScale }
        func bounds(of logits: MaskLogits) -> (box: Box, pixels: Int)? { base.bounds(of: logits) }
        func remember(_ sample: AppearanceSample) throws -> AppearanceMemory? { try base.remember(sample) }

        func predict(_ prompts: [ObjectPrompt]) throws -> [MaskPrediction] {
            count(prompts.count)
            return try base.predict(prompts)
        }

        func candidates(for prompt: ObjectPrompt) throws -> [MaskPrediction] {
            count(1)
            return try base.candidates(for: prompt)
        }
    }
}

/// Counts a tracker's steps by the frame that they lead to, and the frames that points are added in.
struct CountingTracker: PointTracker {
    let base: any PointTracker
    let steps = Protected<[Int: Int]>([:])

    init(_ base: any PointTracker) { self.base = base }

    var name: String { base.name }
    var isCausal: Bool { base.isCausal }

    func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        Session(try base.start(on: video, at: frame, direction: direction), steps)
    }

    private final class Session: TrackingSession {
        private let base: any TrackingSession
        private let steps: Protected<[Int: Int]>

        init(_ base: any TrackingSession, _ steps: Protected<[Int: Int]>) { (self.base, self.steps) = (base, steps) }

        var frame: Int { base.frame }
        var points: [TrackedPoint] { base.points }

        func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int] {
            steps.withLock { $0[base.frame, default: 0] += 1 }
            return try base.add(positions, group: group)
        }

        func remove(_ ids: Set<Int>) { base.remove(ids) }

        func advance() throws {
            try base.advance()
            steps.withLock { $0[base.frame, default: 0] += 1 }
        }
    }
}

extension Protected where Value == [Int: Int] {
    /// What was counted since the last time, by frame.
    func takeCounts() -> [Int: Int] {
        withLock { counts in
            defer { counts = [:] }
            return counts
        }
    }
}

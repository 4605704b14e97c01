import Media
import SAMPT
import Support

/// Runs the pipeline on clips whose masks are known, synthetic ones or those of a data set, and compares the confidence of every mask with
/// its true J.
public struct ConfidenceEvaluation: Sendable {
    public var segmenter: VideoSegmenter
    /// At most so many things of a clip are followed.
    public var objectsPerClip = 3

    /// One object in one frame.
    public struct Outcome: Sendable {
        public var clip: String
        public var object: Int
        public var frame: Int
        public var evidence: MaskEvidence
        /// Region similarity of the mask and the visible part of the thing; 1 when both are empty.
        public var j: Double

        public var sample: ConfidenceSample { ConfidenceSample(confidence: Double(evidence.confidence), j: j) }
    }

    public init(segmenter: VideoSegmenter) { self.segmenter = segmenter }

    /// Follows the things of a clip that show most in its first frame, from their exact masks.
    /// - Parameter stride: only every so manieth frame is used, so that things move faster.
    public func run(_ clip: SyntheticClip, stride: Int = 1) async throws -> [Outcome] {
        let frames = try SubrangeSource(clip, stride: stride)
        let first = try clip.layers(at: 0)
        let queries = Self.things(first, count: objectsPerClip).map { ObjectQuery(id: $0, prompt: .mask(first.mask(of: $0))) }
        guard !queries.isEmpty else { return [] }
        var outcomes: [Outcome] = []
        for try await result in segmenter.segment(frames, objects: queries) where result.frameIndex > 0 {
            let truth = try clip.layers(at: result.frameIndex * stride)
            for object in result.objects {
                guard let evidence = object.evidence else { continue }
                outcomes.append(
                    Outcome(
                        clip: clip.name, object: object.id, frame: result.frameIndex, evidence: evidence,
                        j: regionSimilarity(object.mask, truth.mask(of: object.id))))
            }
        }
        return outcomes
    }

    /// Follows objects of a data set's video, each from the mask that shows it first. Frames without truth do not count.
    /// - Parameter video: its annotations are the truth (`VideoDataset.videosWithTruth`).
    /// - Throws: `MediaError`, `DatasetError.noAnnotations`, and what segmenting throws.
    public func run(_ video: DatasetVideo) async throws -> [Outcome] {
        let (tasks, objects, frames) = try await onThread {
            (
                try SimulationTask.tasks(of: video), try video.objects().objects,
                try FrameFolder(name: video.name.text, paths: video.frames)
            )
        }
        let followed = Dictionary(uniqueKeysWithValues: tasks.prefix(objectsPerClip).map { ($0.id, $0) })
        let queries = objects.filter { followed[$0.id] != nil }.map { ObjectQuery(id: $0.id, frame: $0.frame, prompt: .mask($0.mask)) }
        var outcomes: [Outcome] = []
        for try await result in segmenter.segment(frames, objects: queries) {
            for object in result.objects {
                guard let task = followed[object.id], result.frameIndex > task.firstFrame, let truth = task.truths[result.frameIndex],
                    let evidence = object.evidence, object.mask.size == truth.size
                else { continue }
                outcomes.append(
                    Outcome(
                        clip: video.name.text, object: object.id, frame: result.frameIndex, evidence: evidence,
                        j: regionSimilarity(BitMask(object.mask), truth)))
            }
        }
        return outcomes
    }

    /// The largest things that cover 1 to 40 % of the frame.
    private static func things(_ layers: IndexMask, count: Int) -> [Int] {
        var areas: [Int: Int] = [:]
        for layer in layers.values { areas[Int(layer), default: 0] += 1 }
        let pixels = layers.values.count
        let usable = areas.filter { $0.key > 0 && $0.value * 100 >= pixels && $0.value * 10 <= pixels * 4 }
        return usable.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(max(0, count)).map(\.key).sorted()
    }
}

import Foundation
import Media
import SAMPT
import Segmenters
import VideoBenchmarks

/// A simulated correction of each clip's worst frame: one click in the largest error, as an annotator would place it.
struct SessionQuality {
    private let dataset: DAVIS2016

    init(root: String) throws {
        let lists = root + "/ImageSets/480p"
        let list = try FileManager.default.contentsOfDirectory(atPath: lists).sorted().first ?? "val.txt"
        dataset = try DAVIS2016(root: root, list: lists + "/" + list)
    }

    func run() async throws {
        let models = try BenchmarkSession.models()
        for policy in CorrectionPolicy.allCases {
            var (before, after): ([Double], [Double]) = ([], [])
            for sequence in dataset.sequences {
                let video = try FrameFolder(name: sequence.name.text, paths: sequence.frames)
                let truth = try sequence.annotations.map { try Self.mask($0) }
                let session = try AnnotationSession(models, video: video)
                try await session.apply(.addObject(object: 1))
                try await session.apply(.setMask(AnchorPlace(object: 1, frame: 0), RunLengthMask(truth[0])))
                _ = try await BenchmarkSession.propagate(session, Propagation(policy: policy))
                let found = try await masks(session)
                let worst =
                    (1..<(truth.count - 1)).min { found[$0].intersectionOverUnion(truth[$0]) < found[$1].intersectionOverUnion(truth[$1]) }
                    ?? 0
                if let click = Self.click(found[worst], truth[worst]) {
                    try await session.apply(
                        .addPoint(
                            AnchorPlace(object: 1, frame: worst), point: nil, position: click.position, isPositive: click.isPositive))
                    _ = try await BenchmarkSession.propagate(session, Propagation(policy: policy))
                }
                let scores = (score(found, truth), score(try await masks(session), truth))
                print(String(format: "%@ %@ frame %d: J&F %.2f, then %.2f", policy.rawValue, sequence.name.text, worst, scores.0, scores.1))
                before.append(scores.0)
                after.append(scores.1)
            }
            let count = Double(max(1, before.count))
            print(
                String(format: "%@: J&F %.2f before, %.2f after", policy.rawValue, before.reduce(0, +) / count, after.reduce(0, +) / count))
        }
    }

    private func masks(_ session: AnnotationSession) async throws -> [Mask] {
        var masks: [Mask] = []
        for frame in 0..<session.video.frameCount { masks.append(try await session.result(at: frame).objects[0].mask) }
        return masks
    }

    private func score(_ found: [Mask], _ truth: [Mask]) -> Double {
        var scorer = SequenceScorer(frameCount: truth.count)
        for (index, (found, truth)) in zip(found, truth).enumerated() { scorer.add(frame: index, prediction: found, truth: truth) }
        return 100 * scorer.score.jf
    }

    private static func mask(_ path: String) throws -> Mask {
        let ids = try ImageFile.readIndexMask(path)
        return Mask(width: ids.width, height: ids.height, values: ids.values.map { $0 == 0 ? 0 : 1 })
    }

    /// The pixel of the largest connected error that lies farthest from its edge.
    private static func click(_ found: Mask, _ truth: Mask) -> PointPrompt? {
        let wrong = Mask(width: truth.width, height: truth.height, values: zip(found.values, truth.values).map { $0 ^ $1 })
        let (labels, areas) = wrong.connectedComponents()
        guard let largest = areas.indices.max(by: { areas[$0] < areas[$1] }), areas[largest] > 0 else { return nil }
        let blob = Mask(width: truth.width, height: truth.height, values: labels.map { Int($0) == largest + 1 ? 1 : 0 })
        let distances = blob.squaredDistances()
        guard let middle = distances.indices.filter({ blob.values[$0] == 1 }).max(by: { distances[$0] < distances[$1] }) else { return nil }
        let position = SIMD2(Float(middle % truth.width) + 0.5, Float(middle / truth.width) + 0.5)
        return PointPrompt(position, isPositive: truth.values[middle] == 1)
    }
}

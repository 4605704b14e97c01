import Foundation
import Inference
import InferenceOpenVINO
import Media
import PointTrackers
import Segmenters
import Support
import TestSupport
import Testing

@testable import SAMPT

@Suite("A session with the built-in models on a real clip", .serialized)
struct SessionRealModelsTests {
    private static let clip = "datasets/davis2016-open/JPEGImages/480p"

    /// The first frames of the first clip.
    private static func video(_ frames: Int) throws -> any FrameSource {
        let folder = Fixtures.url(clip)
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().first)
        return try SubrangeSource(FrameFolder(path: folder.appendingPathComponent(name).path), end: frames)
    }

    private static func models(_ options: (inout VideoSegmenterOptions) -> Void = { _ in }) throws -> VideoSegmenter {
        let engine = try OpenVINOEngine()
        let encoder = try NanoFrameEncoder(engine: engine)
        var models = VideoSegmenter(
            segmenter: try NanoPrompt(engine: engine, encoder: encoder), tracker: try NanoTrack(engine: engine, encoder: encoder))
        options(&models.options)
        return models
    }

    private static func click(_ id: ObjectID, _ frame: Int, _ size: ImageSize, _ share: Float) -> ObjectQuery {
        let (width, height) = (Float(size.width), Float(size.height))
        return ObjectQuery(
            id: id, frame: frame, prompt: .points([PointPrompt(SIMD2(width * share, height * 0.55), isPositive: true)]))
    }

    @Test(
        "What is marked before the first propagation gives the bytes of a run",
        .enabled(if: Fixtures.has(clip), Comment(rawValue: Fixtures.missing)),
        arguments: [nil, .rolling] as [ReinitializationVariant?])
    func equalsTheRun(variant: ReinitializationVariant?) async throws {
        let video = try Self.video(14)
        let models = try Self.models { $0.reinitialization.variant = variant }
        let session = try AnnotationSession(models, video: video)
        let queries = [Self.click(1, 0, video.size, 0.5), Self.click(2, 6, video.size, 0.3), Self.click(3, 11, video.size, 0.7)]
        for query in queries {
            try await session.apply(.addObject(object: query.id))
            guard case .points(let points) = query.prompt else { continue }
            try await session.apply(
                .addPoint(AnchorPlace(object: query.id, frame: query.frame), point: nil, position: points[0].position, isPositive: true))
        }
        for try await _ in session.propagate(.init()) {}
        for try await run in models.segment(video, objects: queries) {
            let found = try await session.result(at: run.frameIndex)
            #expect(found.indexMask == run.indexMask, "frame \(run.frameIndex)")
            #expect(found.objects.map(\.points) == run.objects.map(\.points), "frame \(run.frameIndex)")
            #expect(found.objects.map(\.evidence) == run.objects.map(\.evidence), "frame \(run.frameIndex)")
        }
    }

    @Test("An object's answer is the same alone and in any batch", .enabled(if: Fixtures.has(clip), Comment(rawValue: Fixtures.missing)))
    func batches() throws {
        let video = try Self.video(2)
        let models = try Self.models()
        let frame = try models.segmenter.frame(0, of: FrameStore(video))
        let prompts = (0..<9).map { i -> ObjectPrompt in
            let on = PointPrompt.positive(Float(60 + 80 * i), Float(100 + 30 * i))
            let beside = PointPrompt.negative(Float(800 - 70 * i), 40)
            return ObjectPrompt(points: [on, beside])
        }
        let alone = try prompts.map { try #require(try frame.predict([$0]).first) }
        for count in [2, 3, 4, 7, 8, 9] {
            for (a, b) in zip(alone, try frame.predict(Array(prompts.prefix(count)))) {
                #expect(a.logits == b.logits && a.predictedIoU == b.predictedIoU, "\(count)")
            }
        }
    }

    @Test(
        "An object is tracked and segmented with the same bytes alone and beside others",
        .enabled(if: Fixtures.has(clip), Comment(rawValue: Fixtures.missing)))
    func alone() async throws {
        let video = try Self.video(8)
        // Positive points of one are negative points of the other, and a tracker may look at the points of a group together, unless that is
        // left out.
        let models = try Self.models {
            $0.prompting.usesOtherObjectsAsNegatives = false
            $0.tracking.objectsPerGroup = 1
        }
        // Numbers count all objects' points.
        func unnumbered(_ points: [PromptPoint]) -> [PromptPoint] {
            points.map { point in
                var point = point
                point.id = 0
                return point
            }
        }
        let queries = [Self.click(1, 0, video.size, 0.5), Self.click(2, 0, video.size, 0.3), Self.click(3, 3, video.size, 0.7)]
        var together: [FrameResult] = []
        for try await result in models.segment(video, objects: queries) { together.append(result) }
        for (place, query) in queries.enumerated() {
            var index = 0
            for try await result in models.segment(video, objects: [query]) {
                let (own, shared) = (result.objects[0], together[index].objects[place])
                #expect(unnumbered(own.points) == unnumbered(shared.points), "object \(query.id), frame \(index)")
                #expect(own.evidence == shared.evidence, "object \(query.id), frame \(index)")
                index += 1
            }
        }
    }

    @Test("An object's points are the same alone and beside others'", .enabled(if: Fixtures.has(clip), Comment(rawValue: Fixtures.missing)))
    func groups() throws {
        let video = FrameStore(try Self.video(6))
        let models = try Self.models()
        let own = (0..<24).map { i -> SIMD2<Float> in
            let (x, y) = (Float(300 + 9 * i), Float(200 + 5 * i))
            return SIMD2(x, y)
        }
        func tracks(_ others: Int) throws -> [[SIMD2<Float>]] {
            let session = try models.tracker.start(on: video, at: 0, direction: .forward)
            let ids = Set(try session.add(own, group: 1))
            for k in 0..<others {
                let shift = SIMD2<Float>(Float(20 * k), 30)
                try session.add(own.map { $0 - shift }, group: 2 + k)
            }
            return try (0..<5).map { _ in
                try session.advance()
                return session.points.filter { ids.contains($0.id) }.map(\.position)
            }
        }
        let alone = try tracks(0)
        for others in [1, 3, 6] {
            let differences = zip(try tracks(others), alone).map { together, alone in
                zip(together, alone).map { (($0 - $1) * ($0 - $1)).sum().squareRoot() }.max() ?? .infinity
            }
            // 0 where there is AVX-512. With AVX2 alone, matrix products of other sizes round otherwise (0.00006).
            #expect(differences.count == 5 && differences.allSatisfy { $0 < 0.001 }, "\(others): \(differences)")
        }
    }
}

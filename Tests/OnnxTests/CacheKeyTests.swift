import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import PointTrackers
import Segmenters
import TestSupport
import Testing

/// Whose graph changes gets another key.
@Suite(.serialized) struct CacheKeyTests {
    private struct Frames: FrameSource {
        let name = "frames"
        let size = ImageSize(width: 128, height: 96)
        let frameCount = 3
        var timing: VideoTiming { VideoTiming(constantRate: 25, count: frameCount) }
        func frame(at index: Int) -> RGBImage { RGBImage(width: 128, height: 96, red: UInt8(40 * index), green: 99, blue: 7) }
    }

    /// In floats, and in eight bits where there are.
    @Test(arguments: [Precision.float32] + (Precision.automatic.allowsEightBits ? [.automatic] : []))
    func builtIn(precision: Precision) throws {
        let engine = RecordingEngine(try OpenVINOEngine(.init(cacheFolder: nil)))
        let encoder = try NanoFrameEncoder(engine: engine, precision: precision)
        let video = FrameStore(Frames())
        let session = try NanoTrack(engine: engine, encoder: encoder, precision: precision).start(on: video, at: 0, direction: .forward)
        try session.add([SIMD2(30, 30), SIMD2(60, 40)], group: 0)
        try session.advance()
        let frame = try NanoPrompt(engine: engine, encoder: encoder, precision: precision).frame(1, of: video)
        _ = try frame.predict([ObjectPrompt(points: [.positive(30, 30)])])
        #expect(engine.runs.count == 6, "\(engine.runs.map(\.key))")
        try CacheKeyTable.check(engine.runs, of: "nano")
    }

    @Test(
        .enabled(if: ParityCase.named("mobile_sam") != nil, Comment(rawValue: ParityCase.missing)),
        arguments: ["sam_vit_tiny_test", "sam_hq_vit_tiny_test", "mobile_sam", "sam_hq_vit_tiny"])
    func segmenters(name: String) throws {
        let engine = RecordingEngine(try OpenVINOEngine(.init(cacheFolder: nil)))
        let segmenter = try SAMSegmenter(weights: try #require(ParityCase.named(name)).weights(), engine: engine, precision: .float32)
        let frame = try segmenter.frame(0, of: FrameStore(Frames()))
        let answers = try frame.predict([ObjectPrompt(points: [.positive(30, 30)])])
        _ = try frame.predict([ObjectPrompt(points: [.positive(30, 30)], previousLogits: answers[0].logits)])
        _ = try frame.candidates(for: ObjectPrompt(points: [.positive(30, 30)]))
        #expect(engine.runs.count >= 4, "\(engine.runs.map(\.key))")
        try CacheKeyTable.check(engine.runs, of: name)
    }

    @Test(.enabled(if: ParityCase.named("pips") != nil, Comment(rawValue: ParityCase.missing)), arguments: TrackedGraphs.all)
    func trackers(_ tracker: TrackedGraphs) throws {
        try withMemoryToItself { try CacheKeyTable.check(tracker.runs(), of: tracker.description) }
    }

    /// The table must be able to object.
    @Test func changesAreNoticed() throws {
        func model(_ number: Float, _ shape: [Int]) throws -> ONNXModel {
            let graph = Graph("changing")
            graph.output("y", graph.input("x", shape: shape) + number)
            return try graph.model()
        }
        let hash = try CacheKeyTable.hash(of: model(1, [1, 3]))
        #expect(try CacheKeyTable.hash(of: model(1, [1, 3])) == hash)
        #expect(try CacheKeyTable.hash(of: model(2, [1, 3])) != hash)
        #expect(try CacheKeyTable.hash(of: model(1, [1, 4])) != hash)
    }
}

import Inference
import Media
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// Which weights are taken, and what comes of them.
@Suite(.serialized, .enabled(if: ParityCase.named("superpoint_superglue") != nil, Comment(rawValue: ParityCase.missing)))
struct SuperGlueWeightsTests {
    private let fixture: SuperGlueFixture
    private var source: any TensorSource { fixture.source }

    init() throws { fixture = try SuperGlueFixture() }

    /// One of the two networks, as in a file of its own.
    private func part(_ name: String, prefix: String = "") throws -> any TensorSource {
        struct Part: TensorSource {
            let source: any TensorSource
            let part: String
            var name: String { "\(part)pth" }
            var fingerprint: String { "\(source.fingerprint)-\(part)" }
            var tensorNames: [String] { source.tensorNames.filter { $0.hasPrefix(part) }.map { String($0.dropFirst(part.count)) } }
            func shape(of tensor: String) -> [Int]? { source.shape(of: part + tensor) }
            func tensor(_ name: String) throws -> Tensor { try source.tensor(part + name) }
        }
        let part = Part(source: source, part: "\(name).")
        return prefix.isEmpty ? part : AlteredTensors(source: part, prefix: prefix)
    }

    @Test func checkpoints() throws {
        for prefix in ["", "module."] {
            let (detector, matcher) = (try part("superpoint", prefix: prefix), try part("superglue", prefix: prefix))
            #expect(SuperGlueTracker.recognisesDetector(detector) && !SuperGlueTracker.recognisesDetector(matcher))
            #expect(SuperGlueTracker.recognises(matcher) && !SuperGlueTracker.recognises(detector))
            let (one, other) = (Weights(matcher), Weights(detector))
            let engine = try SuperGlueFixture.engine.get()
            #expect(try LearnedTracker.tracker(matcher: one, detector: other, engine: engine).name == "superglue")
            #expect(throws: TrackerError.self) { try LearnedTracker.tracker(matcher: other, detector: one, engine: engine) }
            #expect(throws: TrackerError.self) { try LearnedTracker.tracker(matcher: one, detector: one, engine: engine) }
            // Half of the tracker alone: the message says what is missing.
            let error = #expect(throws: TrackerError.self) { try LearnedTracker.tracker(weights: one, engine: engine) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("SuperPoint"))
        }
        let spoiled = Weights(AlteredTensors(source: try part("superpoint"), spoiled: "conv2a.bias"))
        #expect(throws: TensorFileError.notFinite(file: "altered.pth", tensor: "conv2a.bias")) {
            try LearnedTracker.tracker(matcher: Weights(try part("superglue")), detector: spoiled, engine: SuperGlueFixture.engine.get())
        }
        for name in ["pips", "cotracker_v1", "raft_large"] {
            guard let other = try ParityCase.named(name)?.weights().source else { continue }
            #expect(!SuperGlueTracker.recognises(other) && !SuperGlueTracker.recognisesDetector(other), "\(name)")
        }
        for missing in ["superglue.gnn.layers.17.attn.proj.2.bias", "superpoint.convDb.weight", "superglue.kenc.encoder.10.running_var"] {
            #expect(throws: TensorFileError.missingTensor(file: "altered.pth", tensor: missing)) {
                try fixture.make(AlteredTensors(source: source, removed: [missing])) { _ in }
            }
        }
        #expect(throws: TrackerError.self) { try fixture.make { $0.sinkhornIterations = 0 } }
        #expect(throws: TrackerError.self) { try fixture.make { $0.matchThreshold = .nan } }
        #expect(throws: TrackerError.self) { try fixture.make { $0.longestSide = 8 } }
        #expect(throws: TrackerError.self) { try fixture.make { $0.reach = .infinity } }
        #expect(throws: TrackerError.self) { try fixture.make { $0.maximumKeypoints = 0 } }
    }

    @Test(arguments: ["superpoint.convPb.bias", "superpoint.convDb.weight", "superglue.final_proj.weight", "superglue.bin_score"])
    func weightsThatAreNoNumbers(_ name: String) throws {
        let tracker = try fixture.make(AlteredTensors(source: source, spoiled: name)) { _ in }
        let video = try fixture.clip(2)
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        try session.add([SIMD2(20, 20), SIMD2(64, 50)], group: 0)
        try session.advance()
        #expect(session.points.allSatisfy { !$0.isVisible && $0.confidence == 0 && $0.position.x.isFinite })
    }

    @Test func reducedPrecision() throws {
        let weights = Weights(source)
        let tracker = try SuperGlueTracker(
            detector: weights["superpoint"], matcher: weights["superglue"], engine: SuperGlueFixture.engine.get(), precision: .bfloat16)
        let exact = try SuperGlueFixture.shared.get()
        let video = try fixture.clip(2)
        let (some, all) = (try video.value(of: tracker.processor, at: 0), try video.value(of: exact.processor, at: 0))
        let common = Set(some.positions).intersection(all.positions).count
        let pairs = (try fixture.pairs(tracker, video), try fixture.pairs(exact, video))
        let equal = Set(pairs.0.map { [$0.from, $0.to] }).intersection(pairs.1.map { [$0.from, $0.to] }).count
        #expect(common * 10 > all.count * 8, "\(some.count) and \(all.count) key points, \(common) in common")
        #expect(equal * 10 > pairs.1.count * 7, "\(pairs.0.count) and \(pairs.1.count) matches, \(equal) in common")
    }
}

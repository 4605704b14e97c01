import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// TapNet against the original code (Scripts/make-tapnet-reference.py).
@Suite(.serialized) struct TapNetParityTests {
    let parity: ParityCase
    let network: TapNetNetwork
    let clip: ClipSource

    init() throws {
        let folder = try #require(Bundle.module.url(forResource: "tapnet", withExtension: nil))
        parity = try ParityCase(folder: folder)
        network = try TapNetNetwork(parity.weights(), side: 128)
        clip = ClipSource(try parity.inputs().tensor("video"))
    }

    private var queries: [(Int, SIMD2<Float>)] {
        get throws {
            let values = try parity.inputs().tensor("queries").values
            return stride(from: 0, to: values.count, by: 3).map { (Int(values[$0]), SIMD2(values[$0 + 2], values[$0 + 1])) }
        }
    }

    /// Everything that the case has numbers of, stage by stage over the whole clip.
    @Test func float32() throws {
        let engine = try OpenVINOEngine(.init(cacheFolder: nil))
        var results: [String: Tensor] = [:]
        func compiled(_ key: String, _ model: (GraphTap) throws -> ONNXModel) throws -> OpenVINONetwork {
            try engine.network(key: key, precision: .float32) {
                try model { name, value in
                    let tapped = value()
                    // A value that is an output already gets a node of its own.
                    tapped.graph.output(name, tapped.reshaped([1] + tapped.shape))
                }
            }
        }
        func record(_ outputs: [[String: Tensor]]) {
            for (name, tensor) in outputs[0] where tensor.shape.count == 5 {
                results[name] = stacked(outputs.compactMap { $0[name] }.map { $0.reshaped(Array($0.shape.dropFirst())).channelsLast() })
            }
        }
        let stem = try compiled("stem") { try network.stemModel(tap: $0) }
        var outputs = try clip.images.map { try stem(["image": SquarePicture.input($0, side: 128)]) }
        record(outputs)
        var activated = outputs.compactMap { $0["activated0"] }
        for stage in 0..<TapNetNetwork.stages {
            let block = try compiled("stage\(stage)") { try network.stageModel(stage, tap: $0) }
            let zeros = Tensor(shape: network.shape(before: stage))
            outputs = try activated.indices.map { t in
                var inputs = ["own": activated[t]]
                inputs["before"] = t > 0 ? activated[t - 1] : zeros
                inputs["after"] = t + 1 < activated.count ? activated[t + 1] : zeros
                if network.takesUnactivated(stage) { inputs["x"] = outputs[t]["x"] }
                return try block(inputs)
            }
            record(outputs)
            activated = outputs.compactMap { $0["activated"] }
        }
        let maps = outputs.compactMap { $0["map"] }
        #expect(maps.count == 6)
        results["feature_grid"] = stacked(maps.map { $0.reshaped([1, 16, 16, 256]) })

        let queries = try queries
        let features = queries.flatMap { LocalCorrelation.sample(maps[$0], mapSide: 16, position: $1 / 8) }
        let head = try compiled("head") { try network.head.model(count: queries.count, tap: $0) }
        let found = try maps.map { try head(["map": $0, "templates": Tensor(shape: [queries.count, 256], features)]) }
        for name in ["costVolume", "heatmapLogits"] { results[name] = stacked(found.compactMap { $0[name] }) }
        let rows = found.compactMap { $0["found"]?.values }
        var (tracks, occlusion): ([Float], [Float]) = ([], [])
        for (i, (frame, position)) in queries.enumerated() {
            for t in maps.indices {
                tracks += t == frame ? [position.x, position.y] : [rows[t][3 * i], rows[t][3 * i + 1]]
                occlusion.append(rows[t][3 * i + 2])
            }
        }
        results["tracks"] = Tensor(shape: [1, queries.count, 6, 2], tracks)
        results["occlusion"] = Tensor(shape: [1, queries.count, 6], occlusion)
        try expectParity(parity, results)
    }

    /// Sessions in both directions, which encode frame by frame, have the whole clip's results.
    @Test func sessionsMatch() throws {
        let engine = try OpenVINOEngine(.init(cacheFolder: nil))
        let tracker = TapNet(network, engine: engine, precision: .float32, options: .init())
        let tracks = try parity.expected().tensor("tracks").values
        let occlusion = try parity.expected().tensor("occlusion").values
        let queries = try queries
        for start in [0, 2, 5] {
            let store = FrameStore(clip, capacity: 2)
            for direction in TimeDirection.allCases {
                let session = try tracker.start(on: store, at: start, direction: direction)
                let own = queries.indices.filter { queries[$0].0 == start }
                try session.add(own.map { queries[$0].1 }, group: 0)
                for t in direction == .forward ? Array((start + 1)..<6) : Array((0..<start).reversed()) {
                    try session.advance()
                    #expect(session.frame == t)
                    for (point, i) in zip(session.points, own) {
                        let expected = SIMD2(tracks[2 * (6 * i + t)], tracks[2 * (6 * i + t) + 1])
                        let difference = point.position - expected
                        #expect(max(abs(difference.x), abs(difference.y)) < 0.001)
                        #expect(abs(point.confidence - 1 / (1 + exp(occlusion[6 * i + t]))) < 1e-5)
                    }
                }
                #expect(throws: MediaError.self) { try session.advance() }
            }
        }
    }

    /// Sixteen channels of neighbours matter: without them the map is another.
    @Test func neighboursMatter() throws {
        let tracker = TapNet(network, engine: try OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32, options: .init())
        let whole = try TapNetEncoder(FrameStore(clip), stem: tracker.stem).map(at: 2).values
        let alone = try TapNetEncoder(FrameStore(ClipSource([clip.images[2]])), stem: tracker.stem).map(at: 0).values
        #expect(relativeL2(alone, whole) > 0.01)
        // A frame that cannot be decoded is treated like the end.
        let cut = try TapNetEncoder(FrameStore(ClipSource(clip.images, damaged: 3)), stem: tracker.stem).map(at: 2).values
        let short = try TapNetEncoder(FrameStore(ClipSource(Array(clip.images[..<3]))), stem: tracker.stem).map(at: 2).values
        #expect(cut == short)
    }

    @Test func weightsAreChecked() throws {
        let source = try parity.weights().source
        #expect(TapNet.recognises(source))
        #expect(!TAPIR.recognises(source))
        let name = "tap_net/~/tsm_resnet_video/tsm_resnet_unit_1/block_1/conv_2/w"
        let error = #expect(throws: TensorFileError.self) { try TapNetNetwork(Weights(AlteredTensors(source: source, removed: [name]))) }
        #expect(error.map(String.init(describing:))?.contains("tsm_resnet_unit_1.block_1.conv_2") == true)
        let small = Tensor(shape: [3, 3, 128, 64])
        #expect(throws: TensorFileError.self) { try TapNetNetwork(Weights(AlteredTensors(source: source, replaced: [name: small]))) }
    }

    @Test func badInput() throws {
        let tracker = TapNet(network, engine: try OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32, options: .init())
        let tiny = FrameStore(ClipSource([RGBImage](repeating: RGBImage(width: 3, height: 2, red: 9, green: 90, blue: 60), count: 2)))
        #expect(throws: MediaError.self) { try tracker.start(on: tiny, at: 2, direction: .forward) }
        let session = try tracker.start(on: tiny, at: 0, direction: .forward)
        #expect(try session.add([], group: 0).isEmpty)
        let ids = try session.add([SIMD2(-5, 100), SIMD2(1, 1), SIMD2(.nan, 0), SIMD2(.infinity, -.infinity)], group: 0)
        #expect(ids == [0, 1, 2, 3])
        #expect(session.points.map(\.isVisible) == [false, true, false, false])
        try session.advance()
        session.remove([0, 7])
        #expect(session.points.map(\.id) == [1, 2, 3])
        let before = session.points
        #expect(throws: MediaError.self) { try session.advance() }
        #expect(session.frame == 1)
        #expect(String(describing: session.points) == String(describing: before))
    }
}

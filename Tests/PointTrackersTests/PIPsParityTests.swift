import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// PIPs against the original code, with every intermediate result that the reference data has.
@Suite(.serialized, .enabled(if: !ParityCase.cases(of: "pips").isEmpty, Comment(rawValue: ParityCase.missing)))
struct PIPsParityTests {
    private struct Config: Decodable { var iters: Int }

    private static let windows = ParityCase.cases(of: "pips").filter { $0.has("given.iter0") }
    private static let trackers = ParityCase.cases(of: "pips").filter { $0.has("links") }

    private let engine: OpenVINOEngine

    init() throws { engine = try OpenVINOEngine(.init(cacheFolder: nil)) }

    /// The first `count` entries along the first axis.
    private func first(_ count: Int, _ tensor: Tensor) -> Tensor {
        let each = tensor.count / tensor.shape[0]
        return Tensor(shape: [count] + tensor.shape.dropFirst(), Array(tensor.values[..<(count * each)]))
    }

    @Test(arguments: windows) func windowMatches(_ parity: ParityCase) throws {
        var results = try TrackerParity(parity)
        let (weights, inputs) = (try parity.weights(), try parity.inputs())
        #expect(PIPsTracker.recognises(weights.source))
        let tracker = try PIPsTracker(
            weights: weights, engine: engine, precision: .float32, options: .init(iterations: parity.config(Config.self).iters))
        let images = pictures(try inputs.tensor("rgbs"))
        try checkEncoder(weights["fnet"], images, &results)
        let processor = try tracker.features.working(images[0].size).processor
        let frames = try images.map(processor.process)
        let positions = try inputs.tensor("xys").values
        let cells = stride(from: 0, to: positions.count, by: 2).map { SIMD2(positions[$0], positions[$0 + 1]) / 4 }
        let count = cells.count

        let templates = frames[0].levels[0].templates(at: cells)
        try results.check("feature", Tensor(shape: [1, count, 128], templates.flatMap { $0 }))
        var first: (tokens: Tensor, outputs: [String: Tensor])?
        try run(tracker, cells, templates, frames, prefix: "", &results) { first = ($0, $1) }
        let given = try inputs.tensor("featInit").values
        try run(tracker, cells, (0..<count).map { Array(given[(128 * $0)..<(128 * $0 + 128)]) }, frames, prefix: "given.", &results) {
            _, _ in
        }

        let tokens = try #require(first?.tokens)
        try results.check(
            "corr0", Tensor(shape: [count, 8, 196], (0..<(8 * count)).flatMap { tokens.values[(519 * $0 + 128)..<(519 * $0 + 324)] }))
        let mixer = try engine.compile(key: "mixer", precision: .float32) {
            try tracker.window.mixer.model(count: tokens.shape[0]) { $1().graph.output("\($0)0", $1()) }
        }
        let looked = try mixer(["tokens": tokens])
        try results.check("mixer.in0", self.first(count, #require(looked["mixer.in0"])))
        try results.check("mixer.block0", self.first(count, #require(looked["mixer.block00"])))
        try results.check("delta0", self.first(count, #require(looked["delta0"])))
        results.finish()
    }

    private func checkEncoder(_ weights: Weights, _ images: [RGBImage], _ results: inout TrackerParity) throws {
        let size = images[0].size
        let network = try engine.compile(key: "encoder", precision: .float32) {
            let graph = Graph("encoder")
            let image = graph.input("image", shape: [1, 3, size.height, size.width])
            graph.output("fnet.conv1", try Conv2d(weights["conv1"], from: 3, to: 64, kernel: 7, stride: 2)(image))
            graph.output("fmaps", try FeatureEncoder(weights, stride: 4)(image) { $1().graph.output($0, $1()) })
            return try graph.model()
        }
        let outputs = try images.map { try network(["image": TrackerFrameInput(size: nil).tensor($0)]) }
        #expect(outputs[0].count == 6)
        for name in outputs[0].keys {
            let frames = try outputs.map { try #require($0[name]) }
            try results.check(name, Tensor(shape: [frames.count] + frames[0].shape.dropFirst(), frames.flatMap(\.values)))
        }
    }

    /// Follows points through the window and checks every iteration.
    private func run(
        _ tracker: PIPsTracker, _ cells: [SIMD2<Float>], _ templates: [[Float]], _ frames: [FeaturePyramid], prefix: String,
        _ results: inout TrackerParity, first: (Tensor, [String: Tensor]) -> Void
    ) throws {
        let points = zip(cells, templates).map { PIPsWindow.Point(position: $0, template: $1) }
        var iterations: [(tokens: Tensor, outputs: [String: Tensor], positions: [Float])] = []
        let paths = try tracker.window.follow(points, through: frames) { iterations.append(($1, $2, $3)) }
        /// Points x 8 x width as 1 x 8 x points x width.
        func framesFirst(_ values: [Float], width: Int, scale: Float = 1) -> Tensor {
            Tensor(
                shape: [1, 8, cells.count, width],
                (0..<8).flatMap { frame in
                    cells.indices.flatMap { i in (0..<width).map { values[(8 * i + frame) * width + $0] * scale } }
                })
        }
        for (index, iteration) in iterations.enumerated() {
            try results.checkPixels("\(prefix)iter\(index)", framesFirst(iteration.positions, width: 2, scale: 4))
        }
        try results.check("\(prefix)visLogits", framesFirst(paths.flatMap(\.visibility), width: 1))
        #expect(iterations.last?.positions == paths.flatMap { $0.positions.flatMap { [$0.x, $0.y] } })
        let start = try #require(iterations.first)
        first(start.tokens, start.outputs)
    }

    @Test(arguments: trackers) func trackerMatches(_ parity: ParityCase) throws {
        var results = try TrackerParity(parity)
        let inputs = try parity.inputs()
        let tracker = try PIPsTracker(
            weights: parity.weights(), engine: engine, precision: .float32, options: .init(iterations: parity.config(Config.self).iters))
        let video = FrameStore(PictureSource(pictures: pictures(try inputs.tensor("rgbs"))))
        let queries = queries(try inputs.tensor("queries"))
        var links: [Float] = []
        func pass(_ direction: TimeDirection) throws -> [[TrackedPoint?]] {
            defer { links += [-1, -1] }
            return try follow(tracker, video, queries: queries, direction: direction) { session in
                (session as? PIPsSession)?.windowObserver = { links += [Float($0), Float($1)] }
            }
        }
        let (forward, backward) = (try pass(.forward), try pass(.backward))
        #expect(try links == parity.expected().tensor("links").values)
        try results.checkPixels("rightTrajectories", trajectories(forward))
        try results.checkPixels("leftTrajectories", trajectories(backward))
        let tracks = try merged(forward: forward, backward: backward, queries: queries)
        try results.checkPixels("trajectories", trajectories(tracks))
        // The reference asks the network alone; here, a point outside of the frame is not visible either.
        let visible = tracks.flatMap { $0.map { $0.confidence > 0.5 ? Float(1) : 0 } }
        #expect(try visible == parity.expected().tensor("visibilities").values)
        #expect(tracks.joined().allSatisfy { $0.isVisible == ($0.confidence > 0.5 && video.size.contains($0.position)) })
        results.covered("links", "visibilities")
        results.finish()
        let key = try tracker.features.working(video.size).processor.cacheKey
        print("\(parity): \(video.computations(of: key)) frames encoded of \(video.frameCount), in two passes")
        #expect(video.computations(of: key) <= 2 * video.frameCount)
    }
}

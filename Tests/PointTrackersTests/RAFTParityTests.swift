import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// RAFT against the original code, with every intermediate result that the reference data has.
@Suite(.serialized, .enabled(if: !ParityCase.cases(of: "raft", "primitives").isEmpty, Comment(rawValue: ParityCase.missing)))
struct RAFTParityTests {
    private struct Config: Decodable { var iters: Int }

    static let flows = ParityCase.cases(of: "raft").filter { $0.has("flow") }
    static let trackers = ParityCase.cases(of: "raft").filter { $0.has("trajectories") }

    private let engine: OpenVINOEngine

    init() throws { engine = try OpenVINOEngine(.init(cacheFolder: nil)) }

    @Test(arguments: flows) func flowMatches(_ parity: ParityCase) throws {
        var results = try TrackerParity(parity)
        let (weights, inputs) = (try parity.weights(), try parity.inputs())
        let form = try #require(RAFTArchitecture(of: weights.source))
        #expect(parity.has("mask0") == (form == .large))
        let network = try RAFTNetwork(weights, form)
        let estimator = RAFTFlowEstimator(
            network: network, fingerprint: parity.name, engine: engine, precision: .float32,
            iterations: try parity.config(Config.self).iters)
        let images = try ["image1", "image2"].flatMap { pictures(try inputs.tensor($0)) }
        let (first, second) = (try estimator.maps(of: images[0]), try estimator.maps(of: images[1]))
        let cells = first.grid.cells
        func channelsFirst(_ rows: Tensor) -> Tensor {
            let channels = rows.shape[1]
            return Tensor(shape: [1, channels, cells.height, cells.width]) { target in
                rows.withUnsafeBuffer { rows in
                    for i in 0..<target.count { target[i] = rows[i % cells.pixelCount * channels + i / cells.pixelCount] }
                }
            }
        }
        try results.check("fmap1", channelsFirst(first.features))
        let encoder = try engine.compile(key: "encoder", precision: .float32) {
            try network.encoderModel(cells) { $1().graph.output($0, $1()) }
        }
        try results.check(
            "cnet", #require(try encoder(["image": first.grid.padded(TrackerFrameInput(size: nil).tensor(images[0]))])["cnet"]))

        // The first iteration once more, looked into.
        var correlations = Tensor(shape: [0])
        var last: [String: Tensor] = [:]
        let flow = try estimator.flow(from: first, to: second) { iteration, windows, change, hidden in
            if iteration == 0 { (correlations, last) = (windows, ["hidden": hidden]) }
            do { try results.check("delta\(iteration)", change) } catch { Issue.record(error) }
        }
        try results.check("corr0", channelsFirst(correlations))
        try results.check("net0", #require(last["hidden"]))
        let context = try engine.compile(key: "context", precision: .float32) { try network.contextModel(cells) }
        let update = try engine.compile(key: "update", precision: .float32) {
            try network.updateModel(cells) { $1().graph.output($0, $1()) }
        }
        var given = try context(["context": first.context])
        given["correlations"] = correlations
        given["flow"] = Tensor(shape: [1, 2, cells.height, cells.width])
        given["hidden"] = first.hidden
        try results.check("motion0", #require(try update(given)["motion"]))
        if form == .large {
            let upsampling = try engine.compile(key: "up", precision: .float32) {
                try network.upsamplingModel(cells) { $1().graph.output($0, $1()) }
            }
            given = ["hidden": try #require(last["hidden"]), "flow": Tensor(shape: [1, 2, cells.height, cells.width])]
            try results.check("mask0", #require(try upsampling(given)["mask"]))
        }
        try results.checkPixels("flow", flow.cropped)
        results.finish()
    }

    @Test(arguments: trackers) func trackerMatches(_ parity: ParityCase) throws {
        var results = try TrackerParity(parity)
        let inputs = try parity.inputs()
        let video = FrameStore(PictureSource(pictures: pictures(try inputs.tensor("rgbs"))))
        let tracker = try RAFTTracker(
            weights: parity.weights(), engine: engine, precision: .float32, iterations: parity.config(Config.self).iters,
            findsOcclusions: false)
        let queries = queries(try inputs.tensor("queries"))
        let tracks = try merged(
            forward: follow(tracker, video, queries: queries, direction: .forward),
            backward: follow(tracker, video, queries: queries, direction: .backward), queries: queries)
        try results.checkPixels("trajectories", trajectories(tracks))
        let visible = tracks.flatMap { $0.map { $0.isVisible ? Float(1) : 0 } }
        #expect(try visible == parity.expected().tensor("visibilities").values)
        results.covered("visibilities")
        results.finish()
        // Each frame is encoded once, for the flows to both of its neighbours in both directions.
        #expect(video.computations(of: tracker.maps.cacheKey) == video.frameCount)
    }

    @Test(arguments: ParityCase.cases(of: "primitives")) func enlarging(_ parity: ParityCase) throws {
        let (inputs, expected) = (try parity.inputs(), try parity.expected())
        let (flow, mask) = (try inputs.tensor("flow"), try inputs.tensor("mask"))
        let network = try engine.compile(key: "enlarging", precision: .float32) {
            let graph = Graph("enlarging")
            let (flow, mask) = (graph.input("flow", shape: flow.shape), graph.input("mask", shape: mask.shape))
            graph.output("raft.convexUpsample", RAFTUpsampling.convex(flow, logits: mask))
            graph.output("raft.upflow8", RAFTUpsampling.bilinear(flow))
            return try graph.model()
        }
        let outputs = try network(["flow": flow, "mask": mask])
        #expect(outputs.count == 2)
        for (name, result) in outputs {
            #expect(try relativeL2(result.values, expected.tensor(name).values) <= parity.limit(of: name), "\(name)")
        }
    }

    @Test(arguments: ParityCase.cases(of: "primitives")) func padding(_ parity: ParityCase) throws {
        let field = try parity.inputs().tensor("field")
        let (height, width, values) = (field.shape[2], field.shape[3], field.values)
        let grid = RAFTInputGrid(frame: ImageSize(width: width, height: height), leastCells: 1)
        #expect(grid.input == ImageSize(width: (width + 7) / 8 * 8, height: (height + 7) / 8 * 8))
        let picture = 3 * height * width
        let padded = (0..<field.shape[0]).flatMap {
            grid.padded(Tensor(shape: [1, 3, height, width], Array(values[(picture * $0)..<(picture * ($0 + 1))]))).values
        }
        #expect(try padded == parity.expected().tensor("raft.padded").values)
    }
}

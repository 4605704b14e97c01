import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// A case of reference numbers of TAPIR.
struct TAPIRCase: Sendable, CustomTestStringConvertible {
    let data: ParityCase
    var testDescription: String { data.name }

    private struct Config: Decodable { var pipsIters: Int }

    static let all = ParityCase.cases(of: "tapir").map { TAPIRCase(data: $0) }

    func tracker(_ engine: OpenVINOEngine) throws -> TAPIR { try TAPIR(weights: data.weights(), engine: engine, precision: .float32) }

    func clip() throws -> ClipSource { ClipSource(try data.inputs().tensor("video")) }

    /// Frame, and position.
    func queries() throws -> [(Int, SIMD2<Float>)] {
        let values = try data.inputs().tensor("queries").values
        return stride(from: 0, to: values.count, by: 3).map { (Int(values[$0]), SIMD2(values[$0 + 2], values[$0 + 1])) }
    }

    func estimates(_ tracker: TAPIR) throws -> [[TAPIREstimate]] {
        let maps = try clip().images.map { try tracker.encoder.process($0) }
        let queries = try queries().map { tracker.estimator.query($1, frame: $0, maps: maps[$0]) }
        return try tracker.estimator.estimates(of: queries, in: maps, first: 0)
    }

    /// Brings intermediate results into the reference's order of queries: the original code shuffles them before it works on them, and
    /// the first tokens tell how.
    func reorder(_ results: inout [String: Tensor]) throws {
        let output = try #require(data.outputs.first { $0.name == "mixerIn0" })
        let reference = try data.expected().tensor("mixerIn0").values
        let own = try #require(results["mixerIn0"])
        let (count, frames) = (own.shape[0], own.shape[1])
        let elements = try #require(output.elements(of: own))
        let row = reference.count / count
        func rows(_ values: [Float]) -> [[Float]] { (0..<count).map { Array(values[($0 * row)..<(($0 + 1) * row)]) } }
        let order = rows(reference).map { wanted in
            rows(elements).enumerated().min { relativeL2($0.element, wanted) < relativeL2($1.element, wanted) }?.offset ?? 0
        }
        try #require(Set(order).count == count, "queries are matched one to one")
        for (name, tensor) in results where name.hasPrefix("mixer") {
            let (row, values) = (tensor.count / count, tensor.values)
            results[name] = Tensor(shape: tensor.shape, order.flatMap { values[($0 * row)..<(($0 + 1) * row)] })
        }
        for name in ["costVolume", "heatmapLogits"] {
            guard let tensor = results[name] else { continue }
            let (row, values) = (tensor.count / count / frames, tensor.values)
            let indices = (0..<frames).flatMap { t in order.map { t * count + $0 } }
            results[name] = Tensor(shape: tensor.shape, indices.flatMap { values[($0 * row)..<(($0 + 1) * row)] })
        }
    }

    /// Everything that the case has numbers of, computed by the product's code.
    func results(engine: OpenVINOEngine) throws -> [String: Tensor] {
        let tracker = try tracker(engine)
        let network = tracker.estimator.network
        let images = try clip().images
        let last = try data.config(Config.self).pipsIters
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
        func flat(_ tensor: Tensor) -> Tensor { tensor.reshaped(Array(tensor.shape.dropFirst())) }

        let encoder = try compiled("encoder") { try network.encoder.model(tap: $0) }
        let frames = try images.map { try encoder(["image": SquarePicture.input($0, side: 256)]) }
        for name in frames[0].keys where !name.hasPrefix("map") { results[name] = stacked(frames.compactMap { $0[name].map(flat) }) }
        let maps = frames.map { frame in TAPIRMaps(levels: network.mapSides.indices.compactMap { frame["map\($0)"] }) }

        let queries = try queries().map { tracker.estimator.query($1, frame: $0, maps: maps[$0]) }
        let count = queries.count
        let head = try compiled("head") { try network.start.model(count: count, tap: $0) }
        let templates = Tensor(shape: [count, 256], queries.flatMap { $0.features[128...] })
        let found = try maps.map { try head(["map": $0.levels[1], "templates": templates]) }
        for name in ["costVolume", "heatmapLogits"] { results[name] = stacked(found.compactMap { $0[name].map(flat) }) }

        _ = try tracker.estimator.estimates(of: queries, in: maps, first: 0) { name, tensor in
            // Padding of points and frames is left out.
            func cut(_ channels: Int) -> Tensor {
                let (rows, width) = (tensor.shape[1], tensor.shape[2])
                let values = tensor.values
                return Tensor(
                    shape: [count, maps.count, channels],
                    (0..<count).flatMap { i in (0..<maps.count).flatMap { t in values[((i * rows + t) * width)...].prefix(channels) } })
            }
            if name == "tokens0" { results["mixerIn0"] = cut(tensor.shape[2]) }
            if name.hasPrefix("updates") { results["mixerOut\(name.dropFirst(7))"] = cut(12) }
            guard name.hasPrefix("estimates") else { return }
            let iteration = String(name.dropFirst(9))
            let prefix = iteration == "\(last)" ? "" : "unrefined.\(iteration)."
            let values = tensor.values
            func pick(_ channels: [Int]) -> [Float] { (0..<(count * maps.count)).flatMap { i in channels.map { values[4 * i + $0] } } }
            results[prefix + "tracks"] = Tensor(shape: [1, count, maps.count, 2], pick([0, 1]))
            results[prefix + "occlusion"] = Tensor(shape: [1, count, maps.count], pick([2]))
            results[prefix + "expected_dist"] = Tensor(shape: [1, count, maps.count], pick([3]))
        }
        return results
    }
}

import Foundation
import Inference
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// TAPIR and BootsTAPIR against the original code, with every intermediate result that the reference data has.
@Suite(.serialized, .enabled(if: !TAPIRCase.all.isEmpty, Comment(rawValue: ParityCase.missing)))
struct TAPIRParityTests {
    @Test(arguments: TAPIRCase.all) func float32(_ parity: TAPIRCase) throws {
        var results = try withMemoryToItself { try parity.results(engine: OpenVINOEngine(.init(cacheFolder: nil))) }
        try parity.reorder(&results)
        try expectParity(parity.data, results)
    }

    /// The weights in Haiku's form give the same networks, to the bit.
    @Test(arguments: TAPIRCase.all) func haikuTensorsAreEqual(_ parity: TAPIRCase) throws {
        let torch = try parity.data.weights()
        let haiku = HaikuForm(torch.source)
        #expect(TAPIR.recognises(haiku))
        let converted = TAPIRNetwork.plain(Weights(haiku)).source
        #expect(converted.tensorNames == torch.source.tensorNames)
        for name in torch.source.tensorNames {
            #expect(converted.shape(of: name) == torch.source.shape(of: name), "\(name)")
            let (a, b) = (try converted.tensor(name), try torch.source.tensor(name))
            #expect(a.shape == b.shape && a.withUnsafeBuffer { a in b.withUnsafeBuffer { a.elementsEqual($0) } }, "\(name)")
        }
    }

    @Test func haikuTensorsGiveEqualTracks() throws {
        let parity = try #require(TAPIRCase.all.first { $0.data.name == "tapir" })
        let engine = try OpenVINOEngine(.init(cacheFolder: nil))
        let maps = try parity.tracker(engine)
        let haiku = try TAPIR(weights: Weights(HaikuForm(parity.data.weights().source)), engine: engine, precision: .float32)
        let (a, b) = (try parity.estimates(maps), try parity.estimates(haiku))
        #expect(a == b)
        #expect(a.count == 6 && a.allSatisfy { $0.count == 5 })
    }
}

/// Compares all outputs of a case, positions also in pixels.
func expectParity(_ parity: ParityCase, _ results: [String: Tensor]) throws {
    let expected = try parity.expected()
    var worst = (name: "", ratio: 0.0)
    for output in parity.outputs {
        let result = try #require(results[output.name], "\(parity): \(output.name) is not computed")
        let elements = try #require(output.elements(of: result), "\(parity): \(output.name) has the shape \(result.shape)")
        let reference = try expected.tensor(output.name).values
        let error = relativeL2(elements, reference)
        let limit = parity.limit(of: output.name)
        #expect(error <= limit, "\(parity): \(output.name)")
        if output.name.hasSuffix("tracks") {
            let distance = largestDifference(elements, reference)
            #expect(distance <= 0.001, "\(parity): \(output.name)")
        }
        if error / limit > worst.ratio { worst = (output.name, error / limit) }
    }
    print("\(parity): \(parity.outputs.count) outputs, nearest to its limit \(worst.name) (\(worst.ratio) of it)")
}

struct TAPIRCase: Sendable, CustomTestStringConvertible {
    let data: ParityCase
    var testDescription: String { data.name }

    static let all = ParityCase.all.filter { ["tapir", "bootstapir"].contains($0.name) }.map { TAPIRCase(data: $0) }

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
        var results: [String: Tensor] = [:]
        func compiled(_ key: String, _ model: (Tap) throws -> ONNXModel) throws -> OpenVINONetwork {
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
            let prefix = iteration == "4" ? "" : "unrefined.\(iteration)."
            let values = tensor.values
            func pick(_ channels: [Int]) -> [Float] { (0..<(count * maps.count)).flatMap { i in channels.map { values[4 * i + $0] } } }
            results[prefix + "tracks"] = Tensor(shape: [1, count, maps.count, 2], pick([0, 1]))
            results[prefix + "occlusion"] = Tensor(shape: [1, count, maps.count], pick([2]))
            results[prefix + "expected_dist"] = Tensor(shape: [1, count, maps.count], pick([3]))
        }
        return results
    }
}

/// The tensors of a PyTorch checkpoint as Haiku keeps them.
struct HaikuForm: TensorSource {
    private let source: any TensorSource
    private let names: [String: String]

    init(_ source: any TensorSource) {
        self.source = source
        names = Dictionary(uniqueKeysWithValues: source.tensorNames.map { (Self.haikuName($0), $0) })
    }

    private static let heads = [
        "hid1": "cost_volume_regression_1", "hid2": "cost_volume_regression_2", "hid3": "cost_volume_occlusion_1",
        "hid4": "cost_volume_occlusion_2", "occ_out": "occlusion_out",
    ]

    private static func haikuName(_ name: String) -> String {
        let parts = name.split(separator: ".").map(String.init)
        let isNorm = parts[parts.count - 2].hasPrefix("bn_") || parts[parts.count - 2].hasPrefix("layer_norm")
        let parameter = parts.last == "weight" ? (isNorm ? "scale" : "w") : (isNorm ? "offset" : "b")
        var path: [String]
        switch parts[0] {
        case "resnet_torch":
            path = ["resnet", "~"]
            if parts[1] == "initial_conv" {
                path.append("initial_conv")
            } else {
                let layer = parts[5].replacingOccurrences("bn_", "instancenorm_").replacingOccurrences("proj_conv", "shortcut_conv")
                path += ["block_group_\(parts[2])", "~", "block_\(parts[4])", "~", layer]
            }
        case "torch_cost_volume_track_mods": path = [heads[parts[1]] ?? ""]
        case "torch_pips_mixer":
            path = ["pips_mlp_mixer"]
            path += parts[1] == "blocks" ? [parts[2] == "0" ? "block" : "block_\(parts[2])", parts[parts.count - 2]] : [parts[1]]
        default:
            let block = Int(parts[2]) ?? 0
            func numbered(_ stem: String, _ number: Int) -> String { number == 0 ? stem : "\(stem)_\(number)" }
            let layer = parts[3] == "layer_norm" ? numbered("layer_norm", block) : numbered("conv2_d", 2 * block + (parts[3] == "conv" ? 0 : 1))
            path = ["extra_convs", layer]
        }
        return (["tapir", "~"] + path + [parameter]).joined(separator: "/")
    }

    var name: String { "haiku" }
    var fingerprint: String { source.fingerprint }
    var tensorNames: [String] { names.keys.sorted() }

    func shape(of tensor: String) -> [Int]? {
        guard let original = names[tensor], let shape = source.shape(of: original) else { return nil }
        return tensor.hasSuffix("/w") ? Array(shape[2...]) + [shape[1], shape[0]] : shape
    }

    func tensor(_ name: String) throws -> Tensor {
        guard let original = names[name] else { throw TensorFileError.missingTensor(file: self.name, tensor: name) }
        let tensor = try source.tensor(original)
        guard name.hasSuffix("/w") else { return tensor }
        let (outputs, inputs) = (tensor.shape[0], tensor.shape[1])
        let area = tensor.shape[2...].reduce(1, *)
        return Tensor(shape: Array(tensor.shape[2...]) + [inputs, outputs]) { target in
            tensor.withUnsafeBuffer { values in
                for a in 0..<area {
                    for i in 0..<inputs { for o in 0..<outputs { target[(a * inputs + i) * outputs + o] = values[(o * inputs + i) * area + a] } }
                }
            }
        }
    }
}

extension String {
    fileprivate func replacingOccurrences(_ part: String, _ other: String) -> String {
        guard let range = range(of: part) else { return self }
        return replacingCharacters(in: range, with: other)
    }
}

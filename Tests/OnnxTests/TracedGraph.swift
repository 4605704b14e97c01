import Inference
import Media
import NeuralGraph
import TensorFiles
import TestSupport

@testable import PointTrackers
@testable import Segmenters

/// One of the package's graphs with a way to make inputs for it.
struct TracedGraph: Sendable, CustomStringConvertible {
    let name: String
    let model: @Sendable () throws -> ONNXModel
    /// Inputs that are not any numbers between -1 and 1.
    var special: [String: @Sendable (_ shape: [Int], _ random: inout SplitMix64) -> Tensor] = [:]

    var description: String { name }

    func inputs(_ descriptions: [TensorDescription]) throws -> [String: Tensor] {
        struct Unknown: Error { var input: String }
        var inputs: [String: Tensor] = [:]
        for input in descriptions {
            guard let shape = input.staticShape else { throw Unknown(input: input.name) }
            var random = SplitMix64(seed: input.name.utf8.reduce(72) { $0 &* 31 &+ UInt64($1) })
            inputs[input.name] = special[input.name]?(shape, &random) ?? Self.uniform(shape, -1...1, &random)
        }
        return inputs
    }

    static func uniform(_ shape: [Int], _ range: ClosedRange<Float>, _ random: inout SplitMix64) -> Tensor {
        Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in Float.random(in: range, using: &random) })
    }

    /// In the built-in networks' input of 224 x 160 pixels.
    @Sendable private static func positions(_ shape: [Int], _ random: inout SplitMix64) -> Tensor { uniform(shape, 5...155, &random) }

    /// Numbers and, in the last place of each row, one of the kinds: 1, 0, and -1 for an empty slot.
    private static func labelled(_ range: ClosedRange<Float>) -> @Sendable ([Int], inout SplitMix64) -> Tensor {
        { shape, random in
            let width = shape[shape.count - 1]
            var values = uniform(shape, range, &random).values
            for (row, last) in stride(from: width - 1, to: values.count, by: width).enumerated() { values[last] = Float(1 - row % 3) }
            return Tensor(shape: shape, values)
        }
    }

    // MARK: The built-in models

    static let builtIn: [TracedGraph] = {
        let input = ImageSize(width: 224, height: 160)
        let memory: [String: @Sendable ([Int], inout SplitMix64) -> Tensor] = [
            "points": labelled(5...155), "ref": labelled(-1...1), "has": { shape, _ in Tensor(shape: shape, repeating: 1) },
        ]
        return [
            TracedGraph(name: "nano encoder") { try NanoEncoder.model(weights: NanoWeights.segmenter(), input: input) },
            TracedGraph(
                name: "nano prompt maps", model: { try NanoPromptMaps.model(input: input, objects: 2, points: 32, memory: 24) },
                special: memory),
            TracedGraph(name: "nano decoder trunk") {
                try NanoDecoder.trunkModel(weights: NanoWeights.segmenter(), input: input, objects: 2)
            },
            TracedGraph(
                name: "nano decoder with maps",
                model: { try NanoDecoder.model(weights: NanoWeights.segmenter(), input: input, objects: 2, points: 32, memory: 24) },
                special: memory),
            TracedGraph(name: "tracker head") { try NanoTrackHead.model(weights: NanoTrack.weights(), input: input) },
            TracedGraph(
                name: "tracker start", model: { try NanoTrackStep.startModel(weights: NanoTrack.weights(), input: input, count: 16) },
                special: ["x": positions]),
            TracedGraph(
                name: "tracker step", model: { try NanoTrackStep.stepModel(weights: NanoTrack.weights(), input: input, count: 16) },
                special: ["x": positions, "A": { shape, _ in Tensor(shape: shape, repeating: 1 / Float(shape[1])) }]),
        ]
    }()

    // MARK: The published segmenters, with generated weights

    static let published: [TracedGraph] = ["sam_vit_tiny_test", "sam_hq_vit_tiny_test", "mobile_sam", "sam_hq_vit_tiny"].flatMap { name in
        // Without the reference data there are no weights, and these graphs are skipped.
        @Sendable func network() throws -> SAMNetwork {
            struct Missing: Error {}
            guard let parity = ParityCase.named(name) else { throw Missing() }
            return try SAMNetwork(parity.weights())
        }
        let encoder = TracedGraph(name: "\(name) encoder") { try network().encoderModel() }
        // The last slot is empty.
        let unused: @Sendable ([Int], inout SplitMix64) -> Tensor = { shape, _ in
            let slots = shape[3]
            return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { $0 % slots == slots - 1 ? SAMNetwork.unusedToken : 0 })
        }
        let forms: [SAMNetwork.DecoderForm] = [
            .init(objects: 1, slots: 8, takesMasks: false, isMultiple: true),
            .init(objects: 2, slots: 8, takesMasks: true, isMultiple: false),
        ]
        // The light checkpoints' decoders are the others' with other widths.
        return [encoder]
            + (name.hasSuffix("_test") ? forms : []).map { form in
                TracedGraph(name: "\(name) decoder \(form.key)", model: { try network().decoderModel(form) }, special: ["unused": unused])
            }
    }
}

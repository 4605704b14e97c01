import Inference
import Media
import NeuralGraph
import TensorFiles

/// Compiled decoders, and the packing of prompts into their inputs.
final class SAMDecoder: Sendable {
    private let network: SAMNetwork
    private let prompts: PromptEncoder
    private let key: String
    private let library: NetworkLibrary
    /// Networks that run twice at a time, each on half of the threads.
    private let halves: NetworkLibrary?

    init(_ network: SAMNetwork, fingerprint: String, engine: any InferenceEngine, precision: Precision) throws {
        self.network = network
        halves = engine.threads > 1 ? NetworkLibrary(engine: try engine.divided(among: 2), precision: precision) : nil
        prompts = try network.promptEncoder()
        key = "sam-decoder-4-\(fingerprint)"
        library = NetworkLibrary(engine: engine, precision: precision)
    }

    /// Everything the decoder says about one prompt.
    struct Answer: Sendable {
        /// SAM's mask 0, or its masks 1 to 3.
        var masks: [MaskLogits]
        /// The predicted IoU of each of `masks`.
        var iou: [Float]
        /// HQ-SAM's mask.
        var hqMask: MaskLogits?
    }

    /// How many threads at a time may call `runBeside`.
    var lanes: Int { halves == nil ? 1 : 2 }

    /// The answer to one prompt, while another thread asks for another one's.
    func runBeside(_ prompt: ObjectPrompt, on features: SAMFrameEncoder.Features) throws -> Answer? {
        try run(prompt, multiple: false, on: features, library: halves ?? library)
    }

    /// Answers to any number of prompts, in their order. One by one: an answer must not depend on who else is asked for.
    func run(_ prompts: [ObjectPrompt], multiple: Bool, on features: SAMFrameEncoder.Features) throws -> [Answer] {
        try prompts.compactMap { try run($0, multiple: multiple, on: features, library: library) }
    }

    /// Logits of another grid are ignored.
    private static func hasMask(_ prompt: ObjectPrompt) -> Bool {
        prompt.previousLogits(width: SAMInputGrid.maskSide, height: SAMInputGrid.maskSide) != nil
    }

    private func run(
        _ prompt: ObjectPrompt, multiple: Bool, on features: SAMFrameEncoder.Features, library: NetworkLibrary
    ) throws -> Answer? {
        // Decoders with and without masks are different networks.
        let inputs = Inputs(
            [prompt], takesMasks: Self.hasMask(prompt), isMultiple: multiple, ownTokens: network.architecture.ownTokens, prompts: prompts,
            grid: features.grid)
        let compiled = try library.network("\(key)-\(inputs.form.key)") { try network.decoderModel(inputs.form) }
        return try Self.answers(compiled(inputs.tensors.merging(features.tensors) { own, _ in own }), form: inputs.form).first
    }

    static func answers(_ outputs: [String: Tensor], form: SAMNetwork.DecoderForm) throws -> [Answer] {
        guard let masks = outputs["masks"], let iou = outputs["iou"] else { throw SegmenterError.missingOutput("masks") }
        let perObject = masks.count / form.objects
        let side = SAMInputGrid.maskSide
        func logits(_ tensor: Tensor, _ index: Int) -> MaskLogits {
            tensor.withUnsafeBuffer {
                MaskLogits(width: side, height: side, values: Array($0[(index * side * side)..<((index + 1) * side * side)]))
            }
        }
        let (count, scores) = (perObject / (side * side), iou.values)
        return (0..<form.objects).map { object in
            Answer(
                masks: (0..<count).map { logits(masks, object * count + $0) },
                iou: (0..<count).map { scores[4 * object + (form.isMultiple ? 1 : 0) + $0] },
                hqMask: outputs["hqMask"].map { logits($0, object) })
        }
    }

    /// The inputs of one run that come from the prompts.
    struct Inputs {
        let form: SAMNetwork.DecoderForm
        let tensors: [String: Tensor]

        init(_ batch: [ObjectPrompt], takesMasks: Bool, isMultiple: Bool, ownTokens: Int, prompts: PromptEncoder, grid: SAMInputGrid) {
            let tokens = batch.map { prompts.tokens(points: $0.points, box: $0.box, grid: grid) }
            let most = (tokens.map(\.count).max() ?? 0) / PromptEncoder.width
            form = .init(objects: batch.count, slots: Self.slots(most, own: ownTokens), takesMasks: takesMasks, isMultiple: isMultiple)
            let (slots, width) = (form.slots, PromptEncoder.width)
            var tensors: [String: Tensor] = [:]
            tensors["prompt"] = Tensor(shape: [batch.count, slots, width]) { target in
                target.initialize(repeating: 0)
                for (object, values) in tokens.enumerated() {
                    for i in 0..<values.count { target[object * slots * width + i] = values[i] }
                }
            }
            tensors["unused"] = Tensor(
                shape: [batch.count, 1, 1, slots],
                tokens.flatMap { values in (0..<slots).map { $0 < values.count / width ? 0 : SAMNetwork.unusedToken } })
            if takesMasks {
                let side = SAMInputGrid.maskSide
                tensors["previous"] = Tensor(shape: [batch.count, 1, side, side]) { target in
                    for (object, prompt) in batch.enumerated() {
                        let part = UnsafeMutableBufferPointer(rebasing: target[(object * side * side)..<((object + 1) * side * side)])
                        _ = part.initialize(from: prompt.previousLogits?.values ?? [])
                    }
                }
            }
            self.tensors = tensors
        }

        /// Few sizes, so that few networks are compiled; together with the decoder's own tokens they are multiples of 8. SAM's own padding
        /// token takes part in the attention, so empty slots are no such tokens: they get no attention, and what they themselves attend to
        /// is never read.
        private static func slots(_ count: Int, own: Int) -> Int {
            let step = own + count <= 32 ? 8 : 32
            return (own + count + step - 1) / step * step - own
        }
    }
}

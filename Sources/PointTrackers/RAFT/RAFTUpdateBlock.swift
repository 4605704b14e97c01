import NeuralGraph
import TensorFiles

/// One iteration of RAFT: a recurrent unit looks at correlations and flow, and says how the flow changes.
struct RAFTUpdateBlock {
    private let form: RAFTArchitecture
    private let convc1: Conv2d
    /// The large form alone has it.
    private let convc2: Conv2d?
    private let convf1, convf2, conv: Conv2d
    private let passes: [RecurrentPass]
    private let flow1, flow2: Conv2d
    /// The large form's weights of the convex enlargement.
    private let mask: (Conv2d, Conv2d)?

    init(_ weights: Weights, _ form: RAFTArchitecture) throws {
        self.form = form
        let encoder = weights["encoder"]
        let isLarge = form == .large
        let correlationWidth = isLarge ? 192 : 96
        let flowWidths = isLarge ? (128, 64) : (64, 32)
        let motion = isLarge ? 128 : 82
        convc1 = try Conv2d(encoder["convc1"], from: form.correlations, to: isLarge ? 256 : 96, kernel: 1)
        convc2 = isLarge ? try Conv2d(encoder["convc2"], from: 256, to: 192, kernel: 3) : nil
        convf1 = try Conv2d(encoder["convf1"], from: 2, to: flowWidths.0, kernel: 7)
        convf2 = try Conv2d(encoder["convf2"], from: flowWidths.0, to: flowWidths.1, kernel: 3)
        // The flow itself joins as the last two channels.
        conv = try Conv2d(encoder["conv"], from: correlationWidth + flowWidths.1, to: motion - 2, kernel: 3)
        let gru = weights["gru"]
        passes =
            isLarge
            ? [
                try RecurrentPass(gru, suffix: "1", form, motion: motion, kernel: (1, 5)),
                try RecurrentPass(gru, suffix: "2", form, motion: motion, kernel: (5, 1)),
            ] : [try RecurrentPass(gru, suffix: "", form, motion: motion, kernel: (3, 3))]
        let headWidth = isLarge ? 256 : 128
        flow1 = try Conv2d(weights["flow_head"]["conv1"], from: form.hidden, to: headWidth, kernel: 3)
        flow2 = try Conv2d(weights["flow_head"]["conv2"], from: headWidth, to: 2, kernel: 3)
        mask =
            isLarge
            ? (
                try Conv2d(weights["mask"][0], from: form.hidden, to: 256, kernel: 3),
                try Conv2d(weights["mask"][2], from: 256, to: 576, kernel: 1)
            ) : nil
    }

    /// The names of the maps that `context` makes, in its order.
    static func contextNames(_ form: RAFTArchitecture) -> [String] { (0..<(form == .large ? 6 : 3)).map { "context\($0)" } }

    /// What the recurrent unit makes of the first frame: the same in all iterations. 1 x context x h x w as maps of 1 x hidden x h x w.
    func context(_ x: Value) -> [Value] { passes.flatMap { $0.context(x) } }

    /// - Parameters:
    ///   - correlations: 1 x correlations x h x w.
    ///   - flow: 1 x 2 x h x w, in cells.
    func motion(correlations: Value, flow: Value) -> Value {
        var c = convc1(correlations).relu()
        if let convc2 { c = convc2(c).relu() }
        let f = convf2(convf1(flow).relu()).relu()
        return Value.concatenate([conv(Value.concatenate([c, f], axis: 1)).relu(), flow], axis: 1)
    }

    /// The next hidden state.
    func next(hidden: Value, motion: Value, context: [Value]) -> Value {
        passes.enumerated().reduce(hidden) { h, pass in
            pass.element(h, motion: motion, context: Array(context[(3 * pass.offset)..<(3 * pass.offset + 3)]))
        }
    }

    /// How the flow changes, 1 x 2 x h x w, in cells.
    func flowChange(_ hidden: Value) -> Value { flow2(flow1(hidden).relu()) }

    /// Logits of the weights with which each pixel blends the flows of 9 cells, 1 x 576 x h x w: 9 x 8 x 8 to a cell; nil for the small
    /// form, which enlarges bilinearly.
    func upsamplingLogits(_ hidden: Value) -> Value? { mask.map { $0.1($0.0(hidden).relu()) * 0.25 } }

    /// A convolutional gated recurrent unit. Its convolutions read hidden state, context and motion, one behind the other; they are kept as
    /// a convolution for each, because the context's part stays the same in all iterations.
    private struct RecurrentPass {
        private struct Gate {
            let hidden, context, motion: Conv2d
        }

        private let z, r, q: Gate

        init(_ weights: Weights, suffix: String, _ form: RAFTArchitecture, motion: Int, kernel: (height: Int, width: Int)) throws {
            func gate(_ name: String) throws -> Gate {
                let whole = try Conv2d(
                    weights["conv\(name)\(suffix)"], from: form.hidden + form.context + motion, to: form.hidden,
                    kernelHeight: kernel.height, kernelWidth: kernel.width)
                let end = form.hidden + form.context
                return Gate(
                    hidden: whole.part(inputs: 0..<form.hidden, withBias: false),
                    context: whole.part(inputs: form.hidden..<end, withBias: true),
                    motion: whole.part(inputs: end..<(end + motion), withBias: false))
            }
            (z, r, q) = (try gate("z"), try gate("r"), try gate("q"))
        }

        func context(_ x: Value) -> [Value] { [z.context(x), r.context(x), q.context(x)] }

        func callAsFunction(_ h: Value, motion: Value, context: [Value]) -> Value {
            let update = (z.hidden(h) + z.motion(motion) + context[0]).sigmoid()
            let reset = (r.hidden(h) + r.motion(motion) + context[1]).sigmoid()
            let candidate = (q.hidden(reset * h) + q.motion(motion) + context[2]).tanh()
            return (1 - update) * h + update * candidate
        }
    }
}

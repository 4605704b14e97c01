import Media
import NeuralGraph
import TensorFiles

/// The graphs of RAFT. Sizes are those of maps, in cells (`RAFTInputGrid.cells`).
struct RAFTNetwork {
    let form: RAFTArchitecture
    private let fnet, cnet: RAFTEncoder
    private let update: RAFTUpdateBlock

    /// - Throws: `TensorFileError` naming a tensor that is absent or has another shape.
    init(_ weights: Weights, _ form: RAFTArchitecture) throws {
        self.form = form
        fnet = try .features(weights["fnet"], form)
        cnet = try .context(weights["cnet"], form)
        update = try RAFTUpdateBlock(weights["update_block"], form)
    }

    /// What depends on one frame alone. Input: `image` (1 x 3 x H x W). Outputs: `features` (cells x features), `hidden` (the first hidden
    /// state, 1 x hidden x h x w), `context` (1 x context x h x w).
    func encoderModel(_ cells: ImageSize, tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("raft-encoder")
        let stride = RAFTArchitecture.stride
        let image = graph.input("image", shape: [1, 3, stride * cells.height, stride * cells.width])
        graph.output("features", fnet(image).channelsLast().reshaped([cells.pixelCount, form.features]))
        let both = cnet(image)
        tap("cnet") { both }
        graph.output("hidden", both.sliced(axis: 1, 0..<form.hidden).tanh())
        graph.output("context", both.sliced(axis: 1, form.hidden..<(form.hidden + form.context)).relu())
        return try graph.model()
    }

    /// Correlations of all cells of one frame with all cells of another. Inputs: `first`, `second` (features, cells x features). Outputs:
    /// `level0` ... `level3`: cells of the first frame x cells of the second, whose grid every level halves.
    func correlationModel(_ cells: ImageSize) throws -> ONNXModel {
        let graph = Graph("raft-correlation")
        let first = graph.input("first", shape: [cells.pixelCount, form.features])
        let second = graph.input("second", shape: [cells.pixelCount, form.features])
        let scaled = first * (1 / Float(form.features).squareRoot())
        // Means of correlations are correlations with means.
        var pooled = second.reshaped([1, cells.height, cells.width, form.features]).channelsFirst()
        for level in 0..<RAFTArchitecture.levels {
            if level > 0 { pooled = pooled.averagePooled(2) }
            graph.output("level\(level)", scaled.matmul(pooled.reshaped([form.features, -1])))
        }
        return try graph.model()
    }

    /// What the update makes of the first frame's context. Input: `context`. Outputs: see `RAFTUpdateBlock.contextNames`.
    func contextModel(_ cells: ImageSize) throws -> ONNXModel {
        let graph = Graph("raft-context")
        let context = graph.input("context", shape: [1, form.context, cells.height, cells.width])
        for (name, value) in zip(RAFTUpdateBlock.contextNames(form), update.context(context)) { graph.output(name, value) }
        return try graph.model()
    }

    /// One iteration. Inputs: `correlations` (cells x correlations), `flow` (1 x 2 x h x w, in cells), `hidden` (1 x hidden x h x w), and
    /// the maps of `contextModel`. Outputs: `change` (of the flow) and `nextHidden`.
    func updateModel(_ cells: ImageSize, tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("raft-update")
        func map(_ name: String, _ channels: Int) -> Value { graph.input(name, shape: [1, channels, cells.height, cells.width]) }
        let correlations = graph.input("correlations", shape: [cells.pixelCount, form.correlations])
            .reshaped([1, cells.height, cells.width, form.correlations]).channelsFirst()
        let (flow, hidden) = (map("flow", 2), map("hidden", form.hidden))
        let context = RAFTUpdateBlock.contextNames(form).map { map($0, form.hidden) }
        let motion = update.motion(correlations: correlations, flow: flow)
        tap("motion") { motion }
        let next = update.next(hidden: hidden, motion: motion, context: context)
        graph.output("nextHidden", next)
        graph.output("change", update.flowChange(next))
        return try graph.model()
    }

    /// The flow of pixels. Inputs: `hidden` of the last iteration (of the large form alone), `flow` (1 x 2 x h x w, in cells). Output:
    /// `pixels` (1 x 2 x 8h x 8w).
    func upsamplingModel(_ cells: ImageSize, tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("raft-upsampling")
        let flow = graph.input("flow", shape: [1, 2, cells.height, cells.width])
        if form == .large {
            let hidden = graph.input("hidden", shape: [1, form.hidden, cells.height, cells.width])
            if let logits = update.upsamplingLogits(hidden) {
                tap("mask") { logits }
                graph.output("pixels", RAFTUpsampling.convex(flow, logits: logits))
            }
        } else {
            graph.output("pixels", RAFTUpsampling.bilinear(flow))
        }
        return try graph.model()
    }
}

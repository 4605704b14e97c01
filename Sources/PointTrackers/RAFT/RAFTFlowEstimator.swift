import Foundation
import Inference
import Media
import NeuralGraph
import TensorFiles

/// Optical flow between two frames by RAFT. The compiled networks depend on the frame's size alone.
final class RAFTFlowEstimator: Sendable {
    /// What the network makes of one frame alone; see `RAFTNetwork.encoderModel`.
    struct Maps: Sendable {
        let grid: RAFTInputGrid
        let features, hidden, context: Tensor
    }

    let form: RAFTArchitecture
    let iterations: Int
    let network: RAFTNetwork
    let key: String
    private let library: NetworkLibrary
    /// Correlations and enlarging are computed in float32, whatever the precision of the rest, as in the reference.
    private let exactLibrary: NetworkLibrary

    init(
        network: RAFTNetwork, fingerprint: String, engine: any InferenceEngine, precision: Precision, iterations: Int
    ) {
        self.network = network
        self.iterations = iterations
        form = network.form
        key = "raft-1-\(form.rawValue)-\(fingerprint)"
        library = NetworkLibrary(engine: engine, precision: precision)
        exactLibrary = NetworkLibrary(engine: engine, precision: .float32)
    }

    /// - Parameter input: the size in which the network sees the frame.
    func maps(of image: RGBImage, input: TrackerFrameInput = .init(size: nil)) throws -> Maps {
        let grid = RAFTInputGrid(frame: input.size(of: image.size))
        let encoder = try library.network("\(key)-encoder-\(grid.cells)") { try network.encoderModel(grid.cells) }
        let outputs = try encoder(["image": grid.padded(input.tensor(image))])
        return Maps(
            grid: grid, features: try outputs.named("features"), hidden: try outputs.named("hidden"), context: try outputs.named("context"))
    }

    /// Called with every iteration's number, the correlations it looked up, its change of the flow, and the hidden state after it.
    typealias Observer = (_ iteration: Int, _ correlations: Tensor, _ change: Tensor, _ hidden: Tensor) -> Void

    /// The flow from `first` to `second`, two frames of one size.
    func flow(from first: Maps, to second: Maps, observer: Observer? = nil) throws -> FlowField {
        let cells = first.grid.cells
        let volume = try correlations(first, second)
        let context = try library.network("\(key)-context-\(cells)") { try network.contextModel(cells) }
        var inputs = try context(["context": first.context])
        let update = try library.network("\(key)-update-\(cells)") { try network.updateModel(cells) }
        var flow = Tensor(shape: [1, 2, cells.height, cells.width])
        var hidden = first.hidden
        for iteration in 0..<iterations {
            let windows = volume.windows(flow: flow)
            (inputs["correlations"], inputs["flow"], inputs["hidden"]) = (windows, flow, hidden)
            let outputs = try update(inputs)
            let change = try outputs.named("change")
            hidden = try outputs.named("nextHidden")
            // The next run must not find this tensor shared, or changing it would copy it.
            inputs["flow"] = nil
            flow.withUnsafeMutableBuffer { flow in
                change.withUnsafeBuffer { change in
                    for i in 0..<flow.count { flow[i] += change[i] }
                }
            }
            observer?(iteration, windows, change, hidden)
        }
        let upsampling = try exactLibrary.network("\(key)-upsampling-\(cells)") { try network.upsamplingModel(cells) }
        let outputs = try upsampling(form == .large ? ["flow": flow, "hidden": hidden] : ["flow": flow])
        return FlowField(values: try outputs.named("pixels"), grid: first.grid)
    }

    /// Of every cell of `first` with every cell of `second`.
    func correlations(_ first: Maps, _ second: Maps) throws -> CorrelationVolume {
        let cells = first.grid.cells
        let compiled = try exactLibrary.network("\(key)-correlation-\(cells)") { try network.correlationModel(cells) }
        let outputs = try compiled(["first": first.features, "second": second.features])
        return CorrelationVolume(
            levels: try (0..<RAFTArchitecture.levels).map { try outputs.named("level\($0)") }, cells: cells, radius: form.radius)
    }
}

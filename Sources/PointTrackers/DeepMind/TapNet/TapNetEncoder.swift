import Inference
import Media
import Segmenters
import Support
import TensorFiles

/// The part of TapNet's encoder that sees one frame alone.
final class TapNetStem: FrameProcessor {
    let cacheKey: String
    let network: TapNetNetwork
    private let library: NetworkLibrary

    init(_ network: TapNetNetwork, engine: any InferenceEngine, precision: Precision) {
        self.network = network
        cacheKey = "tapnet-stem-1-\(network.fingerprint)-\(network.side)-\(precision.rawValue)"
        library = NetworkLibrary(engine: engine, precision: precision)
    }

    func process(_ image: RGBImage) throws -> Tensor {
        let stem = try library.network("tapnet-stem-1-\(network.fingerprint)-\(network.side)") { try network.stemModel() }
        guard let output = try stem(["image": SquarePicture.input(image, side: network.side)])["activated0"] else {
            throw TrackerError.missingOutput("activated0")
        }
        return output
    }

    func stage(_ stage: Int) throws -> any CompiledNetwork {
        try library.network("tapnet-stage-1-\(network.fingerprint)-\(network.side)-\(stage)") { try network.stageModel(stage) }
    }
}

/// TapNet's feature maps of a video, frame by frame. A map depends on four frames to both sides; what neighbouring maps have in common is
/// computed once where they are asked for in order, in either direction.
final class TapNetEncoder {
    private struct Stage {
        var activated: Tensor
        var x: Tensor?
    }

    /// Frames to either side of the last map that are remembered.
    private static let reach = TapNetNetwork.stages + 1

    private let video: FrameStore
    private let stem: TapNetStem
    /// By stage (the stem is 0) and frame.
    private var known: [[Int: Stage]]

    init(_ video: FrameStore, stem: TapNetStem) {
        (self.video, self.stem) = (video, stem)
        known = [[Int: Stage]](repeating: [:], count: TapNetNetwork.stages)
    }

    /// Cells x channels. Neighbours that cannot be decoded count like those beyond the video's ends, as zeros.
    func map(at frame: Int) throws -> Tensor {
        for stage in known.indices { known[stage] = known[stage].filter { abs($0.key - frame) <= Self.reach } }
        // Fails here if the frame itself cannot be decoded.
        _ = try output(of: 0, at: frame, required: true)
        guard let map = try run(TapNetNetwork.stages, at: frame)?["map"] else { throw TrackerError.missingOutput("map") }
        return map
    }

    /// What `stage` makes of a frame; nil where there is no such frame.
    private func output(of stage: Int, at frame: Int, required: Bool = false) throws -> Stage? {
        guard video.frames.contains(frame) else { return nil }
        if let output = known[stage][frame] { return output }
        let output: Stage
        if stage == 0 {
            do {
                output = Stage(activated: try video.value(of: stem, at: frame))
            } catch let error where error is MediaError || error is FileError {
                if required { throw error }
                return nil
            }
        } else {
            guard let tensors = try run(stage, at: frame) else { return nil }
            guard let activated = tensors["activated"] else { throw TrackerError.missingOutput("activated") }
            output = Stage(activated: activated, x: tensors["x"])
        }
        known[stage][frame] = output
        return output
    }

    /// Runs a stage, counted from 1, on a frame; nil where there is no such frame.
    private func run(_ stage: Int, at frame: Int) throws -> [String: Tensor]? {
        guard let own = try output(of: stage - 1, at: frame) else { return nil }
        let before = try output(of: stage - 1, at: frame - 1)
        let after = try output(of: stage - 1, at: frame + 1)
        let zeros = Tensor(shape: own.activated.shape)
        var inputs = ["own": own.activated]
        inputs["before"] = before?.activated ?? zeros
        inputs["after"] = after?.activated ?? zeros
        if let x = own.x { inputs["x"] = x }
        let network = try stem.stage(stage - 1)
        return try network(inputs)
    }
}

import Inference
import Media
import NeuralGraph
import Segmenters
import TensorFiles

/// The built-in point tracker: small, learned, on the built-in segmenter's encoder, one frame at a time (docs/models/nano-track.md).
public final class NanoTrack: PointTracker {
    public let name = "nano"
    private let encoder: NanoFrameEncoder
    private let networks: NanoTrackNetworks
    private let visibilityThreshold: Float

    /// - Parameters:
    ///   - encoder: shared with a `NanoPrompt`, it runs once per frame for both.
    ///   - visibilityThreshold: confidence above which a point counts as visible, 0 to 1; 0.3 was best on held-out synthetic clips.
    public init(
        engine: any InferenceEngine, encoder: NanoFrameEncoder, precision: Precision = .automatic, visibilityThreshold: Float = 0.3
    ) throws {
        self.encoder = encoder
        self.visibilityThreshold = visibilityThreshold
        networks = NanoTrackNetworks(weights: try Self.weights(), engine: engine, precision: precision)
    }

    /// The weights shipped with the package.
    static func weights() throws -> Weights {
        let resource = PackageResource("nano-tracker.safetensors", target: "PointTrackers")
        guard let url = resource.find() else { throw SegmenterError.missingResource(resource.name, folder: resource.folderName) }
        return Weights(try SafetensorsFile(url: url))
    }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        guard (0..<video.frameCount).contains(frame) else { throw MediaError.frameOutOfRange(index: frame, count: video.frameCount) }
        return NanoTrackSession(
            video: video, frame: frame, direction: direction, encoder: encoder, networks: networks, threshold: visibilityThreshold)
    }
}

/// The tracker's compiled networks by input size and number of points.
final class NanoTrackNetworks: Sendable {
    private let weights: Weights
    private let heads: NetworkLibrary
    /// Positions need float32 whatever the precision of the rest.
    private let steps: NetworkLibrary

    init(weights: Weights, engine: any InferenceEngine, precision: Precision) {
        self.weights = weights
        heads = NetworkLibrary(engine: engine, precision: precision)
        steps = NetworkLibrary(engine: engine, precision: .float32)
    }

    func head(_ maps: NanoFrameEncoder.Maps) throws -> (f4: Tensor, f8: Tensor) {
        let input = maps.grid.input
        let network = try heads.network("nano-track-head-\(weights.source.fingerprint)-\(input)") {
            try NanoTrackHead.model(weights: weights, input: input)
        }
        let outputs = try network(["c4": maps.c4, "p4": maps.p4, "p8": maps.p8, "e": maps.e])
        guard let f4 = outputs["f4"], let f8 = outputs["f8"] else { throw SegmenterError.missingOutput("f4") }
        return (f4, f8)
    }

    func start(input: ImageSize, count: Int) throws -> any CompiledNetwork {
        try steps.network("nano-track-start-\(weights.source.fingerprint)-\(input)-\(count)") {
            try NanoTrackStep.startModel(weights: weights, input: input, count: count)
        }
    }

    func step(input: ImageSize, count: Int) throws -> any CompiledNetwork {
        try steps.network("nano-track-step-\(weights.source.fingerprint)-\(input)-\(count)") {
            try NanoTrackStep.stepModel(weights: weights, input: input, count: count)
        }
    }

    /// Point counts that networks are compiled for: few, so that changing counts compile little.
    static func slots(for count: Int) -> Int {
        count <= 128 ? max(16, (count + 15) / 16 * 16) : (count + 127) / 128 * 128
    }
}

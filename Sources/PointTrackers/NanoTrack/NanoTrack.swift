import Inference
import Media
import NeuralGraph
import Segmenters
import Support
import TensorFiles

/// The built-in point tracker: small, learned, on the built-in segmenter's encoder, one frame at a time (docs/models/nano-track.md).
///
/// Points of a group tell each other how they move. More than 512 points are moved in several runs; a group that does not fit into one is
/// divided, each part spread over the whole group, and its parts do not know of each other.
public final class NanoTrack: PointTracker {
    public var name: String { TrackerFamily.nanoTrack.name }
    public var isCausal: Bool { TrackerFamily.nanoTrack.isCausal }
    /// The head, for benchmarks that time it alone.
    package let maps: NanoTrackMapsProcessor
    private let networks: NanoTrackNetworks
    private let visibilityThreshold: Float

    /// - Parameters:
    ///   - encoder: shared with a `NanoPrompt`, it runs once per frame for both.
    ///   - visibilityThreshold: confidence above which a point counts as visible, 0 to 1; 0.3 was best on held-out synthetic clips.
    public init(
        engine: any InferenceEngine, encoder: NanoFrameEncoder, precision: Precision = .automatic, visibilityThreshold: Float = 0.3
    ) throws {
        self.visibilityThreshold = visibilityThreshold
        let weights = try Self.weights()
        maps = NanoTrackMapsProcessor(weights: weights, encoder: encoder, engine: engine, precision: precision)
        networks = NanoTrackNetworks(weights: weights, engine: engine)
    }

    /// The weights shipped with the package.
    static func weights() throws -> Weights {
        let file = PackageResource(
            "nano-tracker.safetensors", title: "weights nano-tracker.safetensors", isPlural: true, target: "PointTrackers")
        return Weights(try SafetensorsFile(url: file.locate()))
    }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try video.check(frame: frame)
        return NanoTrackSession(
            video: video, frame: frame, direction: direction, maps: maps, networks: networks, threshold: visibilityThreshold)
    }

    public func loadNetworks(for size: ImageSize, points: Int) throws {
        let input = NanoInputGrid(frame: size).input
        try maps.source.loadNetwork(for: size)
        _ = try maps.network(input)
        let slots = NanoTrackNetworks.slots(for: min(points, NanoTrackBatches.limit))
        // Objects are added one by one.
        _ = try networks.start(input: input, count: NanoTrackNetworks.slots(for: 0))
        _ = try networks.step(input: input, count: slots)
    }
}

/// Tracking embeddings of a frame from the shared encoder's maps: the head, once per frame.
package struct NanoTrackMapsProcessor: DerivedFrameProcessor {
    /// As `NanoTrackHead` returns them.
    package struct Maps: Sendable {
        let f4: Tensor
        let f8: Tensor
    }

    package let source: NanoFrameEncoder
    package let cacheKey: String
    private let weights: Weights
    private let library: NetworkLibrary
    private let inEightBits: Bool

    init(weights: Weights, encoder: NanoFrameEncoder, engine: any InferenceEngine, precision: Precision) {
        source = encoder
        cacheKey = "nano-track-head-\(weights.source.fingerprint)-\(precision.rawValue)-\(encoder.cacheKey)"
        self.weights = weights
        inEightBits = precision.allowsEightBits
        library = NetworkLibrary(engine: engine, precision: precision)
    }

    package func process(_ maps: NanoFrameEncoder.Maps) throws -> Maps {
        let network = try network(maps.grid.input)
        let outputs = try network(["c4": maps.c4, "p4": maps.p4, "p8": maps.p8, "e": maps.e])
        guard let f4 = outputs["f4"], let f8 = outputs["f8"] else { throw TrackerError.missingOutput("f4") }
        return Maps(f4: f4, f8: f8)
    }

    func network(_ input: ImageSize) throws -> any CompiledNetwork {
        try library.network("nano-track-head-2-\(weights.source.fingerprint)-\(input)\(inEightBits ? "-int8" : "")") {
            try NanoTrackHead.model(weights: weights, input: input, inEightBits: inEightBits)
        }
    }
}

/// The networks that follow points, compiled by input size and number of points. Positions need float32 whatever the precision of
/// the rest.
final class NanoTrackNetworks: Sendable {
    private let weights: Weights
    private let library: NetworkLibrary

    init(weights: Weights, engine: any InferenceEngine) {
        self.weights = weights
        library = NetworkLibrary(engine: engine, precision: .float32)
    }

    func start(input: ImageSize, count: Int) throws -> any CompiledNetwork {
        try library.network("nano-track-start-2-\(weights.source.fingerprint)-\(input)-\(count)") {
            try NanoTrackStep.startModel(weights: weights, input: input, count: count)
        }
    }

    func step(input: ImageSize, count: Int) throws -> any CompiledNetwork {
        try library.network("nano-track-step-4-\(weights.source.fingerprint)-\(input)-\(count)") {
            try NanoTrackStep.stepModel(weights: weights, input: input, count: count)
        }
    }

    /// Point counts that networks are compiled for: few, so that changing counts compile little. The least is what one object has after its
    /// first re-initialisation: another network for the frames before would take longer to load than it saves.
    static func slots(for count: Int) -> Int {
        count <= 128 ? max(48, (count + 15) / 16 * 16) : (count + 127) / 128 * 128
    }
}

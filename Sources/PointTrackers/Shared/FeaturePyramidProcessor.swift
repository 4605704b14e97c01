import Inference
import Media
import NeuralGraph
import TensorFiles

/// The feature pyramid of a frame by the encoder `fnet`: computed once per frame while it is in the `FrameStore`'s cache, for all
/// sessions of a tracker.
struct FeaturePyramidProcessor: FrameProcessor {
    let cacheKey: String
    let input: TrackerFrameInput
    let stride: Int
    private let levels: Int
    private let normalizes: Bool
    private let enlargesLate: Bool
    private let weights: Weights
    private let library: NetworkLibrary

    /// Checks that the encoder's tensors are there.
    /// - Parameter weights: those at `fnet`.
    /// - Throws: `TensorFileError` for a tensor that is absent or has another shape.
    init(
        weights: Weights, input: TrackerFrameInput, stride: Int, levels: Int = 4, normalizes: Bool = false, engine: any InferenceEngine,
        precision: Precision
    ) throws {
        _ = try FeatureEncoder(weights, stride: stride)
        (self.weights, self.input, self.stride, self.levels, self.normalizes) = (weights, input, stride, levels, normalizes)
        enlargesLate = precision == .float32
        let forms = (normalizes ? "-normalized" : "") + (enlargesLate ? "-late" : "")
        let kind = "feature-encoder-1-\(weights.source.fingerprint)-\(stride)-\(levels)\(forms)"
        cacheKey = "\(kind)-\(input.key)-\(precision.rawValue)"
        library = NetworkLibrary(engine: engine, precision: precision)
        self.kind = kind
    }

    private let kind: String

    func process(_ image: RGBImage) throws -> FeaturePyramid {
        let size = input.size(of: image.size)
        guard let sizes = FeatureEncoder.levelSizes(input: size, stride: stride, levels: levels) else {
            throw TrackerError.frameTooSmall(width: size.width, height: size.height, least: stride << (levels - 1))
        }
        let network = try library.network("\(kind)-\(size)") {
            try FeatureEncoder.model(
                weights, input: size, stride: stride, levels: levels, normalizes: normalizes, enlargesLate: enlargesLate)
        }
        let outputs = try network(["image": input.tensor(image)])
        return FeaturePyramid(
            levels: try sizes.enumerated().map { level, size in
                let name = FeatureEncoder.levelName(level)
                guard let rows = outputs[name] else { throw TrackerError.missingOutput(name) }
                return FeatureMap(width: size.width, height: size.height, rows: rows)
            })
    }
}

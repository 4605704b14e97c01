import Inference
import Media
import NeuralGraph
import TensorFiles

/// The image encoder that the built-in segmenter and tracker share, as a `FrameProcessor`: whoever asks first runs it, the other
/// finds its maps in the frame store.
public final class NanoFrameEncoder: FrameProcessor {
    /// The encoder's maps of one frame (model card, "Encoder body" and "Feature pyramid"); H and W are those of the padded input.
    public struct Maps: Sendable {
        public let grid: NanoInputGrid
        /// 1 x H/4 x W/4 x 24, before the pyramid.
        public let c4: Tensor
        /// 1 x H/4 x W/4 x 32.
        public let p4: Tensor
        /// 1 x H/8 x W/8 x 64.
        public let p8: Tensor
        /// 1 x H/16 x W/16 x 128.
        public let p16: Tensor
        /// 1 x 64 x H/8 x W/8, unit vectors over channels.
        public let e: Tensor
    }

    public let cacheKey: String
    private let weights: Weights
    private let library: NetworkLibrary

    public init(engine: any InferenceEngine, precision: Precision = .automatic) throws {
        weights = try NanoWeights.segmenter()
        cacheKey = "nano-encoder-\(weights.source.fingerprint)-\(precision.rawValue)"
        library = NetworkLibrary(engine: engine, precision: precision)
    }

    public func process(_ image: RGBImage) throws -> Maps {
        let grid = NanoInputGrid(frame: image.size)
        let network = try library.network("nano-encoder-2-\(weights.source.fingerprint)-\(grid.input)") {
            try NanoEncoder.model(weights: weights, input: grid.input)
        }
        var outputs = try network(["image": Self.networkInput(image, grid: grid)])
        func take(_ name: String) throws -> Tensor {
            guard let tensor = outputs.removeValue(forKey: name) else { throw SegmenterError.missingOutput(name) }
            return tensor
        }
        return Maps(grid: grid, c4: try take("c4"), p4: try take("p4"), p8: try take("p8"), p16: try take("p16"), e: try take("e"))
    }

    /// The frame resized, normalised and padded with zeros: 1 x 3 x H x W.
    static func networkInput(_ image: RGBImage, grid: NanoInputGrid) -> Tensor {
        let (width, height) = (grid.input.width, grid.input.height)
        return Tensor(shape: [1, 3, height, width]) { planes in
            if grid.resized != grid.input { planes.update(repeating: 0) }
            AreaResampler(from: grid.frame, to: grid.resized).write(
                image, to: planes, rowStride: width, planeHeight: height, mean: 127, deviation: 128)
        }
    }
}

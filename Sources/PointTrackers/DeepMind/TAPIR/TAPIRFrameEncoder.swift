import Inference
import Media
import Segmenters
import TensorFiles

/// TAPIR's image encoder as a `FrameProcessor`.
final class TAPIRFrameEncoder: FrameProcessor {
    let cacheKey: String
    private let network: TAPIRNetwork
    private let key: String
    private let library: NetworkLibrary

    init(_ network: TAPIRNetwork, engine: any InferenceEngine, precision: Precision) {
        self.network = network
        key = "tapir-encoder-1-\(network.fingerprint)"
        cacheKey = "\(key)-\(precision.rawValue)"
        library = NetworkLibrary(engine: engine, precision: precision)
    }

    func process(_ image: RGBImage) throws -> TAPIRMaps {
        let compiled = try library.network(key) { try network.encoder.model() }
        let outputs = try compiled(["image": SquarePicture.input(image, side: TAPIRNetwork.side)])
        return TAPIRMaps(
            levels: try network.mapSides.indices.map { index in
                guard let map = outputs["map\(index)"] else { throw TrackerError.missingOutput("map\(index)") }
                return map
            })
    }
}

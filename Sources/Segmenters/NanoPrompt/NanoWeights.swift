import Foundation
import TensorFiles

/// The built-in segmenter's weights, shipped with the package.
enum NanoWeights {
    static func segmenter() throws -> Weights {
        guard let url = Bundle.module.url(forResource: "nano", withExtension: "safetensors") else {
            throw SegmenterError.missingResource("nano.safetensors")
        }
        return Weights(try SafetensorsFile(url: url))
    }
}

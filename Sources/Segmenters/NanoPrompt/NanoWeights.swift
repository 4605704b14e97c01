import Support
import TensorFiles

/// The built-in segmenter's weights, shipped with the package.
enum NanoWeights {
    static func segmenter() throws -> Weights {
        let resource = PackageResource("nano.safetensors", target: "Segmenters")
        guard let url = resource.find() else { throw SegmenterError.missingResource(resource.name, folder: resource.folderName) }
        return Weights(try SafetensorsFile(url: url))
    }
}

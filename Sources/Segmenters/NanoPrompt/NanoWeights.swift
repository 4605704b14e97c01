import Support
import TensorFiles

/// The built-in segmenter's weights, shipped with the package.
enum NanoWeights {
    static func segmenter() throws -> Weights {
        let file = PackageResource("nano.safetensors", title: "weights nano.safetensors", isPlural: true, target: "Segmenters")
        return Weights(try SafetensorsFile(url: file.locate()))
    }
}

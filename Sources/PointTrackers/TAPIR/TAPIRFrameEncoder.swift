import Foundation
import Inference
import Media
import Segmenters
import TensorFiles

/// TAPIR's feature maps of a frame.
struct TAPIRMaps: Sendable {
    /// Cells x channels each, as `TAPIREncoder` gives them.
    let levels: [Tensor]
}

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
        return TAPIRMaps(levels: try network.mapSides.indices.map { index in
            guard let map = outputs["map\(index)"] else { throw SegmenterError.missingOutput("map\(index)") }
            return map
        })
    }
}

/// The input of DeepMind's trackers: the frame squeezed into a square, whatever its aspect.
enum SquarePicture {
    /// 1 x 3 x side x side, -1 to 1; resized bilinearly with smoothing (antialiased), in steps of 8 bits.
    static func input(_ image: RGBImage, side: Int) -> Tensor {
        let resized = PillowResampler(from: image.size, to: ImageSize(width: side, height: side)).resized(image)
        return Tensor(shape: [1, 3, side, side]) { planes in
            resized.pixels.withUnsafeBufferPointer { pixels in
                for channel in 0..<3 {
                    for i in 0..<(side * side) { planes[channel * side * side + i] = Float(pixels[3 * i + channel]) / 255 * 2 - 1 }
                }
            }
        }
    }
}

extension TAPIRMaps: StorableFeatures {
    var storedBytes: Data {
        var bytes = Data(capacity: levels.reduce(0) { $0 + 4 * $1.count })
        for level in levels { level.withUnsafeBuffer { bytes.append($0) } }
        return bytes
    }

    init?(storedBytes: Data, frame: ImageSize) {
        var levels: [Tensor] = []
        var rest = storedBytes[...]
        var side = TAPIRNetwork.side / 4
        while !rest.isEmpty, side > 0 {
            let shape = [side * side, levels.isEmpty ? TAPIRNetwork.highChannels : TAPIRNetwork.lowChannels]
            let part = rest.prefix(4 * shape[0] * shape[1])
            rest = rest.dropFirst(part.count)
            guard part.count == 4 * shape[0] * shape[1] else { return nil }
            levels.append(Tensor(shape: shape) { target in
                part.withUnsafeBytes { UnsafeMutableRawBufferPointer(target).copyMemory(from: $0) }
            })
            side /= 2
        }
        guard rest.isEmpty, levels.count >= 2 else { return nil }
        self.init(levels: levels)
    }
}

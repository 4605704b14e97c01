import Foundation
import Inference
import Media
import NeuralGraph
import Support
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
    private let inEightBits: Bool
    /// Of the last frame's size.
    private let resampler = Protected<AreaResampler?>(nil)

    public init(engine: any InferenceEngine, precision: Precision = .automatic) throws {
        weights = try NanoWeights.segmenter()
        cacheKey = "nano-encoder-\(weights.source.fingerprint)-\(precision.rawValue)"
        inEightBits = precision.allowsEightBits
        library = NetworkLibrary(engine: engine, precision: precision)
    }

    public func process(_ image: RGBImage) throws -> Maps {
        let grid = NanoInputGrid(frame: image.size)
        let network = try network(grid.input)
        var outputs = try network(["image": Self.networkInput(image, grid: grid, resampler: resampler(for: grid))])
        func take(_ name: String) throws -> Tensor {
            guard let tensor = outputs.removeValue(forKey: name) else { throw SegmenterError.missingOutput(name) }
            return tensor
        }
        return Maps(grid: grid, c4: try take("c4"), p4: try take("p4"), p8: try take("p8"), p16: try take("p16"), e: try take("e"))
    }

    private func network(_ input: ImageSize) throws -> any CompiledNetwork {
        try library.network("nano-encoder-2-\(weights.source.fingerprint)-\(input)\(inEightBits ? "-int8" : "")") {
            try NanoEncoder.model(weights: weights, input: input, inEightBits: inEightBits)
        }
    }

    /// Loads the network for frames of a size.
    package func loadNetwork(for size: ImageSize) throws { _ = try network(NanoInputGrid(frame: size).input) }

    private func resampler(for grid: NanoInputGrid) -> AreaResampler {
        resampler.withLock { last in
            if let last, last.source == grid.frame, last.target == grid.resized { return last }
            let made = AreaResampler(from: grid.frame, to: grid.resized)
            last = made
            return made
        }
    }

    /// The frame resized, normalised and padded with zeros: 1 x 3 x H x W.
    static func networkInput(_ image: RGBImage, grid: NanoInputGrid, resampler: AreaResampler) -> Tensor {
        let (width, height) = (grid.input.width, grid.input.height)
        return Tensor(shape: [1, 3, height, width]) { planes in
            if grid.resized != grid.input { planes.update(repeating: 0) }
            resampler.write(image, to: planes, rowStride: width, planeHeight: height, mean: 127, deviation: 128)
        }
    }
}

extension NanoFrameEncoder.Maps: StorableFeatures {
    private static func shapes(_ grid: NanoInputGrid) -> [[Int]] {
        let (width, height) = (grid.input.width, grid.input.height)
        return [
            [1, height / 4, width / 4, 24], [1, height / 4, width / 4, 32], [1, height / 8, width / 8, 64],
            [1, height / 16, width / 16, 128],
            [1, 64, height / 8, width / 8],
        ]
    }

    public var storedBytes: Data {
        let maps = [c4, p4, p8, p16, e]
        var bytes = Data(capacity: 4 * maps.reduce(0) { $0 + $1.count })
        for map in maps { map.withUnsafeBuffer { bytes.append($0) } }
        return bytes
    }

    public init?(storedBytes: Data, frame: ImageSize) {
        grid = NanoInputGrid(frame: frame)
        let shapes = Self.shapes(grid)
        guard storedBytes.count == 4 * shapes.reduce(0, { $0 + $1.reduce(1, *) }) else { return nil }
        var start = storedBytes.startIndex
        let maps = shapes.map { shape in
            Tensor(shape: shape) { target in
                storedBytes[start..<(start + 4 * target.count)].withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(target).copyMemory(from: $0)
                }
                start += 4 * target.count
            }
        }
        (c4, p4, p8, p16, e) = (maps[0], maps[1], maps[2], maps[3], maps[4])
    }
}

import Foundation
import Inference
import Media
import NeuralGraph
import TensorFiles

/// SAM's image encoder as a `FrameProcessor`, with everything else that depends on the picture alone.
final class SAMFrameEncoder: FrameProcessor {
    /// What the decoder reads of one frame.
    struct Features: Sendable {
        let grid: SAMInputGrid
        /// The encoder's outputs by name (`SAMNetwork.encoderModel`).
        let tensors: [String: Tensor]
    }

    let cacheKey: String
    private let network: SAMNetwork
    private let key, fingerprint: String
    private let engine: any InferenceEngine
    private let library: NetworkLibrary

    init(_ network: SAMNetwork, fingerprint: String, engine: any InferenceEngine, precision: Precision) {
        self.network = network
        (self.engine, self.fingerprint) = (engine, fingerprint)
        key = "sam-encoder-2-\(fingerprint)"
        cacheKey = "\(key)-\(precision.rawValue)"
        library = NetworkLibrary(engine: engine, precision: precision)
    }

    func process(_ image: RGBImage) throws -> Features {
        let grid = SAMInputGrid(frame: image.size)
        guard let part = network.architecture.filledPart(of: grid.resized) else {
            let compiled = try library.network(key) { try network.encoderModel() }
            return Features(grid: grid, tensors: try compiled(["image": Self.networkInput(image, grid: grid)]))
        }
        let compiled = try library.network("\(key)-\(part.key)") { try network.encoderModel(part, blank: blankMaps()) }
        return Features(grid: grid, tensors: try compiled(["image": Self.networkInput(image, grid: grid, shape: part.inputShape)]))
    }

    /// Needed only where a network is compiled that is not in the cache.
    private func blankMaps() throws -> BlankMaps {
        let side = SAMInputGrid.side
        let blank = try engine.compile(key: "sam-blank-1-\(fingerprint)", precision: .float32) { try network.blankModel() }
        return BlankMaps(try blank(["image": Tensor(shape: [1, 3, side, side])]))
    }

    private static let means: [Float] = [123.675, 116.28, 103.53]
    private static let deviations: [Float] = [58.395, 57.12, 57.375]

    /// The frame resized, normalised, and then padded with zeros.
    /// - Parameter shape: 1 x 3 x rows x columns, no smaller than the frame.
    static func networkInput(
        _ image: RGBImage, grid: SAMInputGrid, shape: [Int] = [1, 3, SAMInputGrid.side, SAMInputGrid.side]
    ) -> Tensor {
        let (rows, columns) = (shape[2], shape[3])
        let resized = PillowResampler(from: grid.frame, to: grid.resized).resized(image)
        let (width, height) = (resized.width, resized.height)
        return Tensor(shape: shape) { planes in
            planes.update(repeating: 0)
            resized.pixels.withUnsafeBufferPointer { pixels in
                for channel in 0..<3 {
                    let (mean, deviation) = (means[channel], deviations[channel])
                    for y in 0..<height {
                        let line = UnsafeMutableBufferPointer(rebasing: planes[((channel * rows + y) * columns)...].prefix(width))
                        let from = 3 * y * width + channel
                        for x in 0..<width { line[x] = (Float(pixels[from + 3 * x]) - mean) / deviation }
                    }
                }
            }
        }
    }
}

extension SAMFrameEncoder.Features: StorableFeatures {
    /// The outputs in the order they are stored in; the last one HQ-SAM alone has.
    private static let outputs: [(name: String, shape: [Int])] = {
        let (cells, maskSide) = (SAMInputGrid.cells * SAMInputGrid.cells, SAMInputGrid.maskSide)
        return [
            ("embedding", [cells, 256]), ("keys", [cells, 128]), ("values", [cells, 128]), ("queries", [cells, 128]),
            ("hq", [32, maskSide * maskSide]),
        ]
    }()

    var storedBytes: Data {
        var bytes = Data(capacity: tensors.values.reduce(0) { $0 + 4 * $1.count })
        for output in Self.outputs { tensors[output.name]?.withUnsafeBuffer { bytes.append($0) } }
        return bytes
    }

    init?(storedBytes: Data, frame: ImageSize) {
        var tensors: [String: Tensor] = [:]
        var rest = storedBytes[...]
        for (name, shape) in Self.outputs where !rest.isEmpty {
            let part = rest.prefix(4 * shape.reduce(1, *))
            rest = rest.dropFirst(part.count)
            guard part.count == 4 * shape.reduce(1, *) else { return nil }
            tensors[name] = Tensor(shape: shape) { target in
                part.withUnsafeBytes { UnsafeMutableRawBufferPointer(target).copyMemory(from: $0) }
            }
        }
        guard rest.isEmpty, tensors.count >= Self.outputs.count - 1 else { return nil }
        self.init(grid: SAMInputGrid(frame: frame), tensors: tensors)
    }
}

import Inference
import Media
import NeuralGraph
import TensorFiles

/// The key points of a frame, found once while it is in the `FrameStore`'s cache.
struct SuperPointProcessor: FrameProcessor {
    let cacheKey: String
    private let network: SuperPoint
    private let selection: KeypointSelection
    private let longestSide: Int?
    private let fingerprint: String
    private let library: NetworkLibrary
    private let tap: GraphTap?

    /// - Parameters:
    ///   - longestSide: larger pictures are reduced to it; nil: none.
    ///   - tap: nil but in tests.
    init(
        weights: Weights, selection: KeypointSelection, longestSide: Int?, engine: any InferenceEngine, precision: Precision,
        tap: GraphTap? = nil
    ) throws {
        network = try SuperPoint(weights)
        (self.selection, self.longestSide, self.tap) = (selection, longestSide, tap)
        fingerprint = weights.fingerprint
        library = NetworkLibrary(engine: engine, precision: precision)
        let kept = "\(selection.threshold)-\(selection.radius)-\(selection.maximumCount ?? 0)"
        cacheKey = "superpoint-1-\(fingerprint)-\(kept)-\(longestSide ?? 0)-\(precision.rawValue)"
    }

    /// The size in which key points of a frame are found.
    func size(of frame: ImageSize) -> ImageSize {
        guard let longestSide, frame.longestSide > longestSide else { return frame }
        func scaled(_ side: Int) -> Int { max(1, (side * longestSide + frame.longestSide / 2) / frame.longestSide) }
        return ImageSize(width: scaled(frame.width), height: scaled(frame.height))
    }

    func process(_ image: RGBImage) throws -> Keypoints {
        try keypoints(gray(image)).keypoints
    }

    /// Grey levels, 0 to 1: 1 x 1 x height x width. As in the reference, a fraction of an 8-bit level is cut off.
    func gray(_ image: RGBImage) -> Tensor {
        let target = size(of: image.size)
        let area = target.pixelCount
        return Tensor(shape: [1, 1, target.height, target.width]) { levels in
            func level(_ red: Float, _ green: Float, _ blue: Float) -> Float {
                (0.2989 * red + 0.587 * green + 0.114 * blue).rounded(.down) / 255
            }
            if target == image.size {
                image.pixels.withUnsafeBufferPointer { pixels in
                    for i in 0..<area { levels[i] = level(Float(pixels[3 * i]), Float(pixels[3 * i + 1]), Float(pixels[3 * i + 2])) }
                }
                return
            }
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * area) { planes in
                LinearResampler(from: image.size, to: target, method: .antialiased).resample(image, into: planes)
                for i in 0..<area { levels[i] = level(planes[i], planes[area + i], planes[2 * area + i]) }
            }
        }
    }

    /// - Parameter gray: 1 x 1 x height x width, 0 to 1.
    /// - Returns: also the network's outputs.
    func keypoints(_ gray: Tensor) throws -> (keypoints: Keypoints, outputs: [String: Tensor]) {
        let size = ImageSize(width: gray.shape[3], height: gray.shape[2])
        let cells = SuperPoint.cells(in: size)
        guard cells.pixelCount > 0 else { return (Keypoints(image: size), [:]) }
        let compiled = try library.network("superpoint-1-\(fingerprint)-\(size)\(tap == nil ? "" : "-tapped")") {
            try network.model(image: size, tap: tap ?? noGraphTap)
        }
        let outputs = try compiled(["image": gray])
        let map = FeatureMap(width: cells.width, height: cells.height, rows: try outputs.named("descriptors"))
        return (Keypoints(image: size, selected: selection(try outputs.named("scores")), cells: map), outputs)
    }
}

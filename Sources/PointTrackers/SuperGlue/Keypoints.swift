import Media
import TensorFiles

/// The key points of a picture.
struct Keypoints: Sendable {
    /// The picture's size, in which positions are.
    let image: ImageSize
    /// In pixels of the picture, pixel centres at whole numbers.
    let positions: [SIMD2<Float>]
    /// Probabilities, 0 to 1.
    let scores: [Float]
    /// n x 256, each row of length 1.
    let descriptors: Tensor

    var count: Int { positions.count }

    /// No key points.
    init(image: ImageSize) {
        (self.image, positions, scores) = (image, [], [])
        descriptors = Tensor(shape: [0, SuperPoint.width])
    }

    /// - Parameter cells: descriptors of the picture's cells.
    init(image: ImageSize, selected: [KeypointSelection.Selected], cells: FeatureMap) {
        self.image = image
        positions = selected.map { SIMD2(Float($0.x), Float($0.y)) }
        scores = selected.map(\.score)
        descriptors = Self.descriptors(at: positions, cells: cells)
    }

    /// Bilinear samples between the cells' centres, of length 1 again.
    ///
    /// As the weights were trained, the centres are spread a little: pixel 3.5 is at the first one, and the last one is at the picture's
    /// last cell's end less 1 pixel.
    private static func descriptors(at positions: [SIMD2<Float>], cells: FeatureMap) -> Tensor {
        let side = Float(SuperPoint.cell)
        let count = SIMD2(Float(cells.width), Float(cells.height))
        let scale = (count - 1) / (count * side - side / 2 - 0.5)
        let channels = cells.channels
        return Tensor(shape: [positions.count, channels]) { rows in
            guard let base = rows.baseAddress else { return }
            for (i, position) in positions.enumerated() {
                let row = base + i * channels
                cells.sampleAtEdge((position - (side / 2 - 0.5)) * scale, into: row)
                let factor = 1 / max(CorrelationWindows.dot(row, row, channels).squareRoot(), 1e-12)
                for k in 0..<channels { row[k] *= factor }
            }
        }
    }
}

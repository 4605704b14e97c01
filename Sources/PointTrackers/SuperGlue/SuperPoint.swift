import Media
import NeuralGraph
import TensorFiles

/// The network of SuperPoint: how likely every pixel is a key point, and descriptors for cells of 8 x 8 pixels.
///
/// Source: DeTone, Malisiewicz, Rabinovich 2018, arXiv:1712.07629; the published weights' names and shapes.
struct SuperPoint: Sendable {
    /// Numbers in a descriptor.
    static let width = 256
    /// Pixels in a cell's side.
    static let cell = 8

    /// Two convolutions for each of four sizes.
    private let stages: [(first: Conv2d, second: Conv2d)]
    private let convPa, convPb, convDa, convDb: Conv2d

    /// - Parameter weights: those at the root of `superpoint_v1.pth`.
    init(_ weights: Weights) throws {
        var inputs = 1
        var stages: [(Conv2d, Conv2d)] = []
        for (index, outputs) in [64, 64, 128, 128].enumerated() {
            stages.append(
                (
                    try Conv2d(weights["conv\(index + 1)a"], from: inputs, to: outputs, kernel: 3),
                    try Conv2d(weights["conv\(index + 1)b"], from: outputs, to: outputs, kernel: 3)
                ))
            inputs = outputs
        }
        self.stages = stages
        convPa = try Conv2d(weights["convPa"], from: inputs, to: 256, kernel: 3)
        convPb = try Conv2d(weights["convPb"], from: 256, to: Self.cell * Self.cell + 1, kernel: 1)
        convDa = try Conv2d(weights["convDa"], from: inputs, to: 256, kernel: 3)
        convDb = try Conv2d(weights["convDb"], from: 256, to: Self.width, kernel: 1)
    }

    /// Whole cells in a picture. Pixels to the right of them and below them are in no cell.
    static func cells(in image: ImageSize) -> ImageSize { ImageSize(width: image.width / cell, height: image.height / cell) }

    static func recognises(_ source: any TensorSource) -> Bool {
        source.shape(of: "conv1a.weight") == [64, 1, 3, 3] && source.shape(of: "convPb.weight") == [65, 256, 1, 1]
            && source.shape(of: "convDb.weight") == [width, 256, 1, 1]
    }

    /// Input: `image` (1 x 1 x height x width, 0 to 1). Outputs: `scores` (pixels of whole cells: 8 rows x 8 columns, probabilities) and
    /// `descriptors` (cells x 256, row by row, each of length 1).
    /// - Precondition: the picture has a whole cell.
    func model(image size: ImageSize, tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("superpoint")
        var x = graph.input("image", shape: [1, 1, size.height, size.width])
        for (index, stage) in stages.enumerated() {
            if index > 0 { x = x.maxPooled(2) }
            let y = stage.second(stage.first(x).relu())
            if index == stages.count - 1 { tap("encoder") { y } }
            x = y.relu()
        }
        let logits = convPb(convPa(x).relu())
        tap("scoreLogits") { logits }
        let (rows, columns, cell) = (logits.shape[2], logits.shape[3], Self.cell)
        // The last class is a cell without a key point; the others are its pixels, row by row.
        let pixels = logits.softmax(axis: 1).sliced(axis: 1, 0..<(cell * cell))
        graph.output(
            "scores", pixels.reshaped([cell, cell, rows, columns]).transposed([2, 0, 3, 1]).reshaped([rows * cell, columns * cell]))
        let descriptors = convDb(convDa(x).relu())
        tap("descriptorMap") { descriptors }
        graph.output("descriptors", descriptors.normalized(axis: 1, epsilon: 1e-24).channelsLast().reshaped([rows * columns, Self.width]))
        return try graph.model()
    }
}

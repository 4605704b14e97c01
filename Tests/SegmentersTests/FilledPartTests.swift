import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import Segmenters

/// What is left out of the padding makes no difference.
@Suite(.serialized, .enabled(if: !SAMParityCase.all.isEmpty, Comment(rawValue: ParityCase.missing)))
struct FilledPartTests {
    private static let names = ["sam_vit_tiny_test", "sam_hq_vit_tiny"].filter { ParityCase.named($0) != nil }

    @Test(arguments: names, [ImageSize(width: 854, height: 480), ImageSize(width: 300, height: 400), ImageSize(width: 1024, height: 4)])
    func equalsTheWhole(_ name: String, _ size: ImageSize) throws {
        let parity = try #require(SAMParityCase.all.first { $0.data.name == name })
        let network = try SAMNetwork(parity.data.weights())
        let grid = SAMInputGrid(frame: size)
        let part = try #require(network.architecture.filledPart(of: grid.resized))
        var generator = ByteGenerator(state: 72)
        let image = RGBImage(width: size.width, height: size.height, pixels: (0..<(3 * size.pixelCount)).map { _ in generator.byte() })
        try withMemoryToItself {
            let engine = try OpenVINOEngine(.init(cacheFolder: nil))
            let whole = try engine.network(key: "whole", precision: .float32) { try network.encoderModel() }
            let expected = try whole(["image": SAMFrameEncoder.networkInput(image, grid: grid)])
            let encoder = SAMFrameEncoder(network, fingerprint: "test", engine: engine, precision: .float32)
            let found = try encoder.process(image).tensors
            #expect(Set(found.keys) == Set(expected.keys))
            for (name, tensor) in expected {
                let error = try relativeL2(#require(found[name]).values, tensor.values)
                #expect(error < 1e-5, "\(name) of \(size), \(part.key)")
            }
        }
    }

    @Test(arguments: names) func nothingIsSavedOfSquares(_ name: String) throws {
        let parity = try #require(SAMParityCase.all.first { $0.data.name == name })
        let architecture = try SAMArchitecture(parity.data.weights())
        #expect(architecture.filledPart(of: ImageSize(width: 1024, height: 1024)) == nil)
        #expect(architecture.filledPart(of: ImageSize(width: 1000, height: 1024)) == nil)
        #expect(architecture.filledPart(of: ImageSize(width: 1024, height: 576))?.axis == 1)
        #expect(architecture.filledPart(of: ImageSize(width: 576, height: 1024))?.axis == 2)
    }
}

/// Bytes that look random, the same in every run.
private struct ByteGenerator {
    var state: UInt64

    mutating func byte() -> UInt8 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
}

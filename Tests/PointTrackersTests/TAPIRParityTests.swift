import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// TAPIR and BootsTAPIR against the original code, with every intermediate result that the reference data has.
@Suite(.serialized, .enabled(if: !TAPIRCase.all.isEmpty, Comment(rawValue: ParityCase.missing)))
struct TAPIRParityTests {
    @Test(arguments: TAPIRCase.all) func float32(_ parity: TAPIRCase) throws {
        var results = try withMemoryToItself { try parity.results(engine: OpenVINOEngine(.init(cacheFolder: nil))) }
        try parity.reorder(&results)
        try expectParity(parity.data, results)
    }

    /// The weights in Haiku's form give the same networks, to the bit.
    @Test(arguments: TAPIRCase.all) func haikuTensorsAreEqual(_ parity: TAPIRCase) throws {
        let torch = try parity.data.weights()
        let haiku = HaikuForm(torch.source)
        #expect(TAPIR.recognises(haiku))
        let converted = TAPIRNetwork.plain(Weights(haiku)).source
        #expect(converted.tensorNames == torch.source.tensorNames)
        for name in torch.source.tensorNames {
            #expect(converted.shape(of: name) == torch.source.shape(of: name), "\(name)")
            let (a, b) = (try converted.tensor(name), try torch.source.tensor(name))
            #expect(a.shape == b.shape && a.withUnsafeBuffer { a in b.withUnsafeBuffer { a.elementsEqual($0) } }, "\(name)")
        }
    }

    @Test(arguments: TAPIRCase.all.suffix(1)) func haikuTensorsGiveEqualTracks(_ parity: TAPIRCase) throws {
        let engine = try OpenVINOEngine(.init(cacheFolder: nil))
        let maps = try parity.tracker(engine)
        let haiku = try TAPIR(weights: Weights(HaikuForm(parity.data.weights().source)), engine: engine, precision: .float32)
        let (a, b) = (try parity.estimates(maps), try parity.estimates(haiku))
        #expect(a == b)
        let (points, frames) = (try parity.queries().count, try parity.clip().frameCount)
        #expect(a.count == points && a.allSatisfy { $0.count == frames })
    }
}

/// Compares all outputs of a case, positions also in pixels.
func expectParity(_ parity: ParityCase, _ results: [String: Tensor]) throws {
    let expected = try parity.expected()
    var worst = (name: "", ratio: 0.0)
    for output in parity.outputs {
        let result = try #require(results[output.name], "\(parity): \(output.name) is not computed")
        let elements = try #require(output.elements(of: result), "\(parity): \(output.name) has the shape \(result.shape)")
        let reference = try expected.tensor(output.name).values
        let error = relativeL2(elements, reference)
        let limit = parity.limit(of: output.name)
        #expect(error <= limit, "\(parity): \(output.name)")
        if output.name.hasSuffix("tracks") {
            let distance = largestDifference(elements, reference)
            #expect(distance <= parity.largestDifference(of: output.name), "\(parity): \(output.name)")
        }
        if error / limit > worst.ratio { worst = (output.name, error / limit) }
    }
    print("\(parity): \(parity.outputs.count) outputs, nearest to its limit \(worst.name) (\(worst.ratio) of it)")
}

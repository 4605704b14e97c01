import Foundation
import TestSupport
import Testing

@testable import TensorFiles

struct FiniteTensorsTests {
    private func source(_ value: Float) throws -> any TensorSource {
        let file = try Fixtures.temporaryFolder().appendingPathComponent("weights.safetensors")
        let good = Tensor(shape: [2, 2], [0, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, .greatestFiniteMagnitude])
        try SafetensorsFile.write(
            ["a.good": good, "b.other": Tensor(shape: [3], [1, value, -2]), "c.empty": Tensor(shape: [0])], to: file)
        return try TensorFile.open(file)
    }

    @Test(arguments: [Float.nan, -.nan, .signalingNaN, .infinity, -.infinity]) func findsWhatIsNoNumber(_ value: Float) throws {
        let source = try source(value)
        #expect(throws: TensorFileError.notFinite(file: source.name, tensor: "b.other")) { try source.checkFinite() }
        #expect(throws: TensorFileError.notFinite(file: source.name, tensor: "b.other")) { try source.checkFinite(prefix: "b.") }
        try source.checkFinite(prefix: "a.")
    }

    @Test(arguments: [Float(0), -0.0, 3e38]) func takesNumbers(_ value: Float) throws {
        try source(value).checkFinite()
    }
}

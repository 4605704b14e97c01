import Foundation
import TensorFiles
import TestSupport
import Testing

struct SafetensorsWriterTests {
    private let tensors = [
        "b.weight": Tensor(shape: [2, 3], [1, -2, 0.5, 65504, 1e-30, -0.0]), "a": Tensor(shape: [], [7]), "none": Tensor(shape: [0, 4]),
    ]

    @Test func whatIsWrittenIsRead() throws {
        let url = try Fixtures.temporaryFolder().appendingPathComponent("x.safetensors")
        defer { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }
        try SafetensorsFile.write(tensors, metadata: ["made": "für \"tests\"/1"], to: url)
        let file = try SafetensorsFile(url: url)
        #expect(file.tensorNames == ["a", "b.weight", "none"])
        #expect(file.metadata == ["made": "für \"tests\"/1"])
        for (name, tensor) in tensors {
            #expect(try file.tensor(name).values.map(\.bitPattern) == tensor.values.map(\.bitPattern), "\(name)")
            #expect(file.shape(of: name) == tensor.shape)
            #expect(file.elementType(of: name) == .float32)
        }
    }

    @Test func equalContentsGiveEqualBytes() throws {
        let first = try SafetensorsFile.data(tensors)
        #expect(try SafetensorsFile.data(Dictionary(uniqueKeysWithValues: tensors.reversed().map { ($0.key, $0.value) })) == first)
        // Tensors start at a multiple of 8 bytes.
        #expect(first.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } % 8 == 0)
    }

    @Test func bfloat16RoundsToNearestEven() throws {
        // Halfway between 1 and the next bfloat16, the same above an odd one, just above halfway, overflow, and special values.
        let given: [Float] = [0x1.01p0, 0x1.03p0, 0x1.0101p0, .greatestFiniteMagnitude, -.infinity, .nan, -2.5]
        let data = try SafetensorsFile.data(["x": Tensor(shape: [7], given)], as: .bfloat16)
        let read = try SafetensorsFile(data: data, name: "test").tensor("x").values
        let nearest: [Float] = [0x1p0, 0x1.04p0, 0x1.02p0, .infinity, -.infinity]
        #expect(Array(read[0..<5]) == nearest)
        #expect(read[5].isNaN)
        #expect(read[6] == -2.5)
    }

    @Test func reservedNamesAreRefused() {
        #expect(throws: TensorFileError.self) { try SafetensorsFile.data(["__metadata__": Tensor(shape: [1])]) }
    }
}

import Foundation
import TestSupport
import Testing

@testable import TensorFiles

/// Large float32 tensors of a file stay where the file has them.
struct MappedTensorTests {
    private static let count = 100_000
    private static let values = (0..<count).map { Float($0) * 0.5 - 7 }

    private func file() throws -> (source: any TensorSource, folder: URL) {
        let folder = try Fixtures.temporaryFolder()
        let url = folder.appendingPathComponent("large.safetensors")
        try SafetensorsFile.write(["large": Tensor(shape: [Self.count], Self.values), "small": Tensor(shape: [2], [1, 2])], to: url)
        return (try TensorFile.open(url), folder)
    }

    private func place(_ tensor: Tensor) -> Int { tensor.withUnsafeBuffer { Int(bitPattern: $0.baseAddress) } }

    @Test func largeTensorsAreNotCopied() throws {
        let (source, folder) = try file()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try place(source.tensor("large")) == place(source.tensor("large")))
        #expect(try place(source.tensor("small")) != place(source.tensor("small")))
        #expect(try source.tensor("large").values == Self.values)
    }

    @Test func elementsOutliveTheSourceAndComeBackWhenTheirPagesAreDropped() throws {
        var (source, folder): (any TensorSource, URL) = try file()
        let tensor = try source.tensor("large")
        source = try TensorFile.open(data: SafetensorsFile.data(["other": Tensor(shape: [1])]), name: "other")
        try FileManager.default.removeItem(at: folder)
        tensor.dropMappedPages()
        #expect(tensor.values == Self.values)
        _ = source
    }

    @Test func changesAreMadeInACopy() throws {
        let (source, folder) = try file()
        defer { try? FileManager.default.removeItem(at: folder) }
        var tensor = try source.tensor("large")
        tensor.withUnsafeMutableBuffer { $0[3] = 1000 }
        tensor.dropMappedPages()
        #expect(tensor.values[3] == 1000)
        #expect(try source.tensor("large").values == Self.values)
    }

    /// Of tensors in memory nothing may be dropped.
    @Test func tensorsInMemoryKeepTheirElements() {
        let tensor = Tensor(shape: [Self.count], Self.values)
        tensor.dropMappedPages()
        #expect(tensor.values == Self.values)
    }
}

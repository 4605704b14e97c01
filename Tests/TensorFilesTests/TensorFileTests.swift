import Foundation
import TensorFiles
import TestSupport
import Testing

struct TensorFileTests {
    private static let tensors = ["module.a": Tensor(shape: [2], [1, 2]), "module.b": Tensor(shape: [1], [3])]

    @Test func formatsAreRecognisedByTheirContents() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let safetensors = try SafetensorsFile.data(["a": Tensor(shape: [2], [1, 2])])
        for (index, (data, type)) in [
            (safetensors, "SafetensorsFile"), (NumpyFiles.int16, "NumpyFile"), (TensorFileFuzzing.ownSeeds[0], "UnprefixedTensors"),
        ].enumerated() {
            // Whatever its name.
            let url = folder.appendingPathComponent("weights\(index).dat")
            try data.write(to: url)
            let source = try TensorFile.open(url)
            #expect("\(Swift.type(of: source))" == type)
            #expect(source.name == url.path)
            let name = try #require(source.tensorNames.first)
            // Where the file says the tensor is, there are its bytes.
            if let location = try source.fileLocation(of: name) {
                #expect(data[location.offset..<(location.offset + location.byteCount)] == (try source.bytes(of: name)))
                #expect(location.url == url)
            } else {
                #expect(type == "UnprefixedTensors", "a view with gaps")
                #expect(try source.fileLocation(of: "b")?.byteCount == 6)
            }
        }
    }

    @Test(arguments: [
        ("", "empty"), ("<!DOCTYPE html><html>not found</html>", "web page"),
        ("version https://git-lfs.github.com/spec/v1\noid", "Git LFS"),
        ("\u{1f}\u{8b}", "download"), ("hello, world", "not known"), ("\u{80}", "not known"),
    ])
    func otherFilesAreNamed(text: String, message: String) {
        #expect { try TensorFile.open(data: Data(text.utf8), name: "x.pth") } throws: {
            "\($0)".hasPrefix("x.pth: ") && "\($0)".contains(message)
        }
    }

    @Test func archivesAndPicklesAreNamed() {
        let pickle = PickleBytes.pickle(PickleBytes.none)
        for (bytes, message) in [([0x1f, 0x8b, 8, 0], "compressed archive"), (pickle, "torch.save did not")] as [([UInt8], String)] {
            #expect { try TensorFile.open(data: Data(bytes), name: "x") } throws: { "\($0)".contains(message) }
        }
    }

    @Test func whatIsNoFileIsRefused() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let pipe = folder.appendingPathComponent("pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        for url in [folder, pipe, folder.appendingPathComponent("absent.pth")] {
            #expect { try TensorFile.open(url) } throws: {
                if case TensorFileError.unreadable(url.path, _) = $0 { true } else { false }
            }
        }
        // Files shorter than anything that is mapped.
        for count in 0..<20 {
            let url = folder.appendingPathComponent("short")
            try Data(repeating: 0x50, count: count).write(to: url)
            #expect(throws: TensorFileError.self) { try TensorFile.open(url) }
        }
    }

    @Test func prefixOfDataParallelIsLeftOut() throws {
        let source = try TensorFile.open(data: SafetensorsFile.data(Self.tensors), name: "x")
        #expect(source.tensorNames == ["a", "b"])
        #expect(try source.tensor("a").values == [1, 2])
        #expect(source.shape(of: "module.a") == nil)
        // Not all have it, or nothing would be left of a name.
        for other in ["b", "module."] {
            let data = try SafetensorsFile.data(["module.a": Tensor(shape: [1]), other: Tensor(shape: [1])])
            #expect(try TensorFile.open(data: data, name: "x").tensorNames == ["module.a", other].sorted())
        }
    }

    @Test func sourcesInMemoryHaveDefaults() throws {
        struct Constant: TensorSource {
            let name = "constant"
            let fingerprint = "0"
            let tensorNames = ["a"]
            func shape(of tensor: String) -> [Int]? { tensor == "a" ? [1] : nil }
            func tensor(_ name: String) throws -> Tensor { Tensor(shape: [1], [1]) }
        }
        #expect(Constant().elementType(of: "a") == .float32 && Constant().elementType(of: "b") == nil)
        #expect(try Constant().bytes(of: "a") == Data([0, 0, 128, 63]))
        #expect(try Constant().fileLocation(of: "a") == nil)
    }
}

import Foundation
import TensorFiles
import Testing

struct SafetensorsFileTests {
    private func file(_ header: String, _ bytes: [UInt8] = []) -> Data {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8) + Data(bytes)
    }

    @Test func readsEveryElementType() throws {
        let cases: [(String, [UInt8], [Float])] = [
            ("F32", [0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0], [1.5, -2]), ("F16", [0, 0x3e, 0, 0xc0], [1.5, -2]),
            ("BF16", [0xc0, 0x3f, 0, 0xc0], [1.5, -2]), ("F64", [0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0], [1.5, -2]),
            ("I64", [7, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 255, count: 8), [7, -1]),
            ("I32", [7, 0, 0, 0, 255, 255, 255, 255], [7, -1]),
            ("I16", [7, 0, 255, 255], [7, -1]), ("I8", [7, 255], [7, -1]), ("U8", [7, 255], [7, 255]), ("BOOL", [0, 1], [0, 1]),
        ]
        for (type, bytes, values) in cases {
            let header = #"{"a":{"dtype":"\#(type)","shape":[2],"data_offsets":[0,\#(bytes.count)]}}"#
            let source = try SafetensorsFile(data: file(header, bytes), name: "test")
            #expect(try source.tensor("a").values == values, "\(type)")
            #expect(source.shape(of: "a") == [2])
        }
    }

    @Test func halvesCoverSpecialValues() throws {
        // Smallest subnormal, largest finite, infinity, minus zero.
        let header = #"{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},"__metadata__":{"format":"pt"}}"#
        let source = try SafetensorsFile(data: file(header, [1, 0, 0xff, 0x7b, 0, 0x7c, 0, 0x80]), name: "test")
        #expect(try source.tensor("a").values == [0x1p-24, 65504, .infinity, -0.0])
        #expect(source.metadata == ["format": "pt"])
    }

    @Test(arguments: [
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, #"{"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1]}}"#, #"{"a":3}"#, "[]", "{", "",
    ])
    func hostileHeadersAreRefused(header: String) {
        #expect(throws: TensorFileError.self) { _ = try SafetensorsFile(data: file(header, [0, 0, 0, 0]), name: "test") }
    }

    @Test func shortFilesAreRefused() {
        #expect(throws: TensorFileError.self) { _ = try SafetensorsFile(data: Data([1, 2, 3]), name: "test") }
        #expect(throws: TensorFileError.self) { _ = try SafetensorsFile(data: Data(repeating: 255, count: 16), name: "test") }
        #expect(throws: TensorFileError.self) { _ = try SafetensorsFile(url: URL(fileURLWithPath: "/no/such.safetensors")) }
    }

    @Test func weightsNameWhatIsWrong() throws {
        let header = #"{"net.conv.weight":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]}}"#
        let weights = Weights(try SafetensorsFile(data: file(header, [1, 2, 3, 4]), name: "test"))
        #expect(try weights["net"]["conv"].tensor("weight", shape: [2, 2]).values == [1, 2, 3, 4])
        #expect(throws: TensorFileError.missingTensor(file: "test", tensor: "net.conv.bias")) { try weights["net"]["conv"].tensor("bias") }
        #expect(throws: TensorFileError.shapeMismatch(file: "test", tensor: "net.conv.weight", expected: [4], found: [2, 2])) {
            try weights["net"]["conv"].tensor("weight", shape: [4])
        }
    }
}

struct TensorTests {
    @Test func copiesOnWrite() {
        let original = Tensor(shape: [2, 2], [1, 2, 3, 4])
        var copy = original.reshaped([4])
        copy.withUnsafeMutableBuffer { $0[0] = 9 }
        #expect(original.values == [1, 2, 3, 4])
        #expect(copy.values == [9, 2, 3, 4] && copy.shape == [4])
    }
}

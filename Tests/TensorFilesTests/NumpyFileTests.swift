import Foundation
import TensorFiles
import TestSupport
import Testing

struct NumpyFileTests {
    @Test func plainArrays() throws {
        let file = try NumpyFile(data: NumpyFiles.int16, name: "a.npy")
        #expect(file.tensorNames == [NumpyFile.arrayName])
        #expect(file.shape(of: "array") == [3, 4])
        #expect(file.elementType(of: "array") == .int16)
        #expect(try file.tensor("array").values == (0..<12).map { Float($0 - 5) })
        #expect(try file.bytes(of: "array") == NumpyFiles.int16.suffix(24))
    }

    @Test func columnMajorArraysBecomeRowMajor() throws {
        let file = try NumpyFile(data: NumpyFiles.columnMajor, name: "a.npy")
        #expect(file.shape(of: "array") == [3, 4])
        #expect(try file.tensor("array").values == (0..<12).map(Float.init))
        #expect(try file.bytes(of: "array") == (0..<12).map(Double.init).withUnsafeBufferPointer { Data(buffer: $0) })
    }

    @Test func otherByteOrdersAreRefused() {
        #expect(throws: TensorFileError.unsupportedType(file: "a.npy", tensor: "array", type: ">f4")) {
            try NumpyFile(data: NumpyFiles.bigEndian, name: "a.npy")
        }
    }

    @Test(arguments: [2, 3, 4, 5])
    func haikuParameters(pickleProtocol: Int) throws {
        let file = try NumpyFile(data: try #require(NumpyFiles.haiku[pickleProtocol]), name: "tapir.npy")
        #expect(
            file.tensorNames == [
                "tapir/norm/scale", "tapir/norm/~/mean_ema/average", "tapir/norm/~/mean_ema/counter", "tapir/~/extra_convs/b",
                "tapir/~/extra_convs/w",
            ])
        #expect(file.root == ["params"])
        #expect(file.shape(of: "tapir/~/extra_convs/w") == [2, 3])
        #expect(try file.tensor("tapir/~/extra_convs/w").values == [-1, -0.5, 0, 0.5, 1, 1.5])
        #expect(file.elementType(of: "tapir/~/extra_convs/b") == .float16)
        #expect(try file.tensor("tapir/~/extra_convs/b").values == [1.5, -2])
        #expect(file.shape(of: "tapir/norm/scale") == [2, 3])
        #expect(try file.tensor("tapir/norm/scale").values == [0, 1, 2, 3, 4, 5])
        #expect(try file.tensor("tapir/norm/~/mean_ema/average").values == [3.25])
        #expect(try file.bytes(of: "tapir/norm/~/mean_ema/counter") == Data([7, 200]))
    }

    @Test func namesOfOlderNumpyAndJax() throws {
        // numpy before 2.0 called the module numpy.core.
        let new = try #require(NumpyFiles.haiku[3])
        let old = try #require(String(data: new, encoding: .isoLatin1)).replacingOccurrences(of: "numpy._core.", with: "numpy.core.")
        let file = try NumpyFile(data: try #require(old.data(using: .isoLatin1)), name: "old.npy")
        #expect(try file.tensor("tapir/~/extra_convs/b").values == [1.5, -2])

        let type = PickleBytes.call(PickleBytes.global("numpy", "dtype"), [PickleBytes.string("f4")])
        let state = PickleBytes.tuple([
            PickleBytes.int(1), PickleBytes.tuple([PickleBytes.int(1)]), type, PickleBytes.bool(false), PickleBytes.bytes([0, 0, 128, 63]),
        ])
        let reconstruct = PickleBytes.global("numpy.core.multiarray", "_reconstruct")
        let arguments = PickleBytes.tuple([
            PickleBytes.global("numpy", "ndarray"), PickleBytes.tuple([PickleBytes.int(0)]), PickleBytes.bytes([98]),
        ])
        let more = PickleBytes.dict([(name: "weak_type", value: PickleBytes.bool(false))])
        let array = PickleBytes.call(PickleBytes.global("jax._src.array", "_reconstruct_array"), [reconstruct, arguments, state, more])
        let module = PickleBytes.dict([(name: "net", value: PickleBytes.dict([(name: "w", value: array)]))])
        #expect(try NumpyFile(data: Self.object(module), name: "jax.npy").tensor("w").values == [1])
    }

    @Test func hostileHeadersAreRefused() {
        for header in [
            "", "{", "{}", "[]", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
            "{'descr': 3, 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,4)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': 1}", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '<u4', 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '', 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': True, 'shape': (9223372036854775807,0)}",
        ] {
            #expect(throws: TensorFileError.self, "\(header)") { try NumpyFile(data: Self.file(header, [0, 0, 128, 63]), name: "x.npy") }
        }
        let old = Self.file("{'descr': '<f4', 'fortran_order': False, 'shape': (1L,)}", [0, 0, 128, 63])
        #expect(throws: Never.self) { try NumpyFile(data: old, name: "x.npy") }
    }

    @Test func hostileObjectsAreRefused() {
        let call = PickleBytes.call(PickleBytes.global("os", "system"), [PickleBytes.string("true")])
        #expect(throws: TensorFileError.notPlainData(file: "x.npy", object: "os.system")) {
            try NumpyFile(data: Self.object(call), name: "x.npy")
        }
        let numbers = PickleBytes.dict([(name: "a", value: PickleBytes.int(1))])
        #expect(throws: TensorFileError.self) { try NumpyFile(data: Self.object(numbers), name: "x.npy") }
    }

    private static func file(_ header: String, _ data: [UInt8]) -> Data {
        Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + data)
    }

    /// A file with one object, as `np.save` writes it.
    private static func object(_ value: [UInt8]) -> Data {
        let type = PickleBytes.call(PickleBytes.global("numpy", "dtype"), [PickleBytes.string("O8")])
        let state = PickleBytes.tuple([PickleBytes.int(1), PickleBytes.tuple([]), type, PickleBytes.bool(false), PickleBytes.list([value])])
        let array = PickleBytes.call(
            PickleBytes.global("numpy.core.multiarray", "_reconstruct"),
            [PickleBytes.global("numpy", "ndarray"), PickleBytes.tuple([PickleBytes.int(0)]), PickleBytes.bytes([98])])
        return file("{'descr': '|O', 'fortran_order': False, 'shape': (), }", PickleBytes.pickle(array + state + [0x62]))
    }
}

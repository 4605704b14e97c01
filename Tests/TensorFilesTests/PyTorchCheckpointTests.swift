import Foundation
import TensorFiles
import TestSupport
import Testing

/// What the parity fixtures' checkpoints do not have.
struct PyTorchCheckpointTests {
    private static let floats: [UInt8] = (1...6).flatMap { withUnsafeBytes(of: Float($0).bitPattern.littleEndian) { Array($0) } }
    private static let tensor = PickleBytes.tensor(
        PickleBytes.storage("FloatStorage", key: "0", count: 6), shape: [2, 3], strides: [3, 1])

    private static func archive(_ value: [UInt8], more: [(name: String, bytes: [UInt8])] = []) -> Data {
        StoredZip([("x/data.pkl", PickleBytes.pickle(value)), ("x/byteorder", Array("little".utf8)), ("x/data/0", floats)] + more).data
    }

    /// The older format, with one storage.
    private static func legacy(_ value: [UInt8], key: String = "0", elements: [UInt8] = floats, count: Int = 6) -> Data {
        let magic: [UInt8] = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]
        let properties = PickleBytes.dict([(name: "little_endian", value: PickleBytes.bool(true))])
        var bytes = magic + PickleBytes.pickle(PickleBytes.int(1001)) + PickleBytes.pickle(properties) + PickleBytes.pickle(value)
        bytes += PickleBytes.pickle(PickleBytes.list([PickleBytes.string(key)]))
        return Data(bytes + withUnsafeBytes(of: Int64(count).littleEndian) { Array($0) } + elements)
    }

    private static func open(_ data: Data) throws -> PyTorchCheckpoint { try PyTorchCheckpoint(data: data, name: "x.pth") }

    @Test func ordinaryArchive() throws {
        let file = try Self.open(Self.archive(PickleBytes.dict([(name: "w", value: Self.tensor)])))
        #expect(try file.tensor("w").values == [1, 2, 3, 4, 5, 6])
        #expect(throws: TensorFileError.missingTensor(file: "x.pth", tensor: "v")) { try file.tensor("v") }
        #expect(try file.fileLocation(of: "w") == nil, "it is in memory")
    }

    /// Archives beyond 4 GiB have their numbers in other places.
    @Test func archivesWith64BitNumbers() throws {
        let zip = try #require(StoredZip(Self.archive(PickleBytes.dict([(name: "w", value: Self.tensor)]))))
        let data = zip.data(with64BitNumbers: true)
        #expect(try Self.open(data).tensor("w").values == [1, 2, 3, 4, 5, 6])
        // Every damaged byte of the directory ends in an error, or does not matter.
        let directory = try #require(data.range(of: Data([0x50, 0x4b, 1, 2])))
        for index in directory.lowerBound..<data.count {
            var damaged = data
            damaged[index] ^= 0x81
            guard let file = try? Self.open(damaged) else { continue }
            #expect((try? file.tensor("w").values) ?? [1, 2, 3, 4, 5, 6] == [1, 2, 3, 4, 5, 6], "byte \(index)")
        }
    }

    /// Python 2 pickled an OrderedDict as a call with a list of pairs, and text as bytes.
    @Test func dictionariesOfPython2() throws {
        let key: [UInt8] = [0x55, 1, 0x77]
        for pair in [PickleBytes.list([key, Self.tensor]), PickleBytes.tuple([key, Self.tensor])] {
            let dict = PickleBytes.call(PickleBytes.global("collections", "OrderedDict"), [PickleBytes.list([pair])])
            for data in [Self.archive(dict), Self.legacy(dict)] { #expect(try Self.open(data).tensor("w").values == [1, 2, 3, 4, 5, 6]) }
        }
    }

    @Test func viewsOfStoragesInOldFiles() throws {
        func file(offset: Int, count: Int) throws -> PyTorchCheckpoint {
            let view = PickleBytes.tuple([PickleBytes.string("9"), PickleBytes.int(offset), PickleBytes.int(count)])
            let storage = PickleBytes.storage("FloatStorage", key: "0", count: 6, view: view)
            let tensor = PickleBytes.tensor(storage, offset: 1, shape: [2], strides: [1])
            return try Self.open(Self.legacy(PickleBytes.dict([(name: "w", value: tensor)])))
        }
        #expect(try file(offset: 2, count: 3).tensor("w").values == [4, 5])
        for (offset, count) in [(2, 2), (4, 3), (-1, 3), (7, 0), (0, -1), (Int.max, 3), (3, Int.max)] {
            #expect(throws: TensorFileError.self, "\(offset) \(count)") { try file(offset: offset, count: count) }
        }
    }

    @Test func nestedDictionariesAndTheRoot() throws {
        func dict(_ pairs: [(name: String, value: [UInt8])]) -> [UInt8] { PickleBytes.dict(pairs) }
        let inner = dict([("w", Self.tensor)])
        // Below known keys; unknown keys stay in the names; a known key without tensors does not lead astray.
        let model = dict([("encoder", inner), ("head", inner)])
        let nested = try Self.open(Self.archive(dict([("state_dict", dict([("model", model)])), ("epoch", PickleBytes.int(4))])))
        #expect(nested.root == ["state_dict", "model"])
        #expect(nested.tensorNames == ["encoder.w", "head.w"])
        #expect(nested.scalars == ["epoch": .int(4)])
        let flat = try Self.open(Self.archive(dict([("model", PickleBytes.string("vit_b")), ("w", Self.tensor)])))
        #expect(flat.root == [] && flat.tensorNames == ["w"])
        #expect(flat.scalars == ["model": .string("vit_b")])
    }

    @Test func numpyArraysAndNamespacesInArchives() throws {
        let type = PickleBytes.call(PickleBytes.global("numpy", "dtype"), [PickleBytes.string("u1")])
        let array = PickleBytes.call(
            PickleBytes.global("numpy.core.numeric", "_frombuffer"),
            [PickleBytes.bytes([1, 2, 3]), type, PickleBytes.tuple([PickleBytes.int(3)]), PickleBytes.string("C")])
        let attributes = PickleBytes.dict([(name: "lr", value: PickleBytes.int(1))])
        let namespace = PickleBytes.global("argparse", "Namespace") + PickleBytes.tuple([]) + [0x81] + attributes + [0x62]
        let file = try Self.open(Self.archive(PickleBytes.dict([(name: "a", value: array), (name: "args", value: namespace)])))
        #expect(try file.tensor("a").values == [1, 2, 3])
    }

    @Test func damageIsNoticedWhereItIs() throws {
        var data = Self.archive(PickleBytes.dict([(name: "w", value: Self.tensor)]))
        let place = try #require(data.range(of: Data(Self.floats)))
        data[place.lowerBound + 2] ^= 1
        let file = try Self.open(data)
        for _ in 0..<2 {
            #expect(throws: TensorFileError.self) { try file.tensor("w") }
            #expect(throws: TensorFileError.self) { try file.bytes(of: "w") }
        }
    }

    @Test func storagesOfTheOlderFormatMustBeAsDeclared() {
        let dict = PickleBytes.dict([(name: "w", value: Self.tensor)])
        #expect(throws: Never.self) { try Self.open(Self.legacy(dict)) }
        #expect(throws: TensorFileError.self) { try Self.open(Self.legacy(dict, count: 5)) }
        #expect(throws: TensorFileError.self) { try Self.open(Self.legacy(dict, count: 7)) }
        #expect(throws: TensorFileError.self) { try Self.open(Self.legacy(dict, count: .max)) }
        #expect(throws: TensorFileError.self) { try Self.open(Self.legacy(dict, key: "1")) }
        #expect(throws: TensorFileError.self) { try Self.open(Self.legacy(dict, elements: Self.floats.dropLast())) }
    }

    @Test func archivesOfSomethingElse() {
        for names in [["a.txt"], ["x/data.pkl", "y/data.pkl"], ["x/data.pkl", "x/constants.pkl"]] {
            #expect { try Self.open(StoredZip(names.map { (name: $0, bytes: Self.floats) }).data) } throws: {
                if case TensorFileError.unknownFormat = $0 { true } else { false }
            }
        }
    }

    /// Sharing must not multiply work: calls that copy the same list or dictionary again and again end in an error.
    @Test func copiesAreCounted() {
        let pairs = (0..<2000).map { _ in PickleBytes.tuple([PickleBytes.string("k"), PickleBytes.none]) }
        let list = PickleBytes.list(pairs) + [0x71, 0]
        let copy = PickleBytes.global("collections", "OrderedDict") + [0x68, 0, 0x85, 0x52, 0x30]
        let many = list + Array(repeating: copy, count: 10_000).joined() + PickleBytes.dict([(name: "w", value: Self.tensor)])
        let start = ContinuousClock.now
        #expect(throws: TensorFileError.self) { try Self.open(Self.archive(many)) }
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}

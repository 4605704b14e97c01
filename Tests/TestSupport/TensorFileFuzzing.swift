import Foundation
import TensorFiles

/// Mutated files of tensors, and reading them as a program would.
public struct TensorFileFuzzing: Sendable {
    /// Files to start from.
    public let seeds: [Data]
    /// The records of the seeds that are zip archives: only with right checksums do mutations get past the first check.
    private let archives: [[(name: String, bytes: [UInt8])]?]

    public init(seeds: [Data]) {
        self.seeds = seeds
        archives = seeds.map { StoredZip($0)?.records }
    }

    /// Small files of every format, made here.
    public static var ownSeeds: [Data] {
        let tensor = PickleBytes.tensor(
            PickleBytes.storage("FloatStorage", key: "0", count: 6), offset: 1, shape: [2, 2], strides: [1, 2])
        let half = PickleBytes.tensor(PickleBytes.storage("HalfStorage", key: "1", count: 3), shape: [3], strides: [1])
        let parameter = PickleBytes.call(
            PickleBytes.global("torch._utils", "_rebuild_parameter"),
            [half, PickleBytes.bool(true), PickleBytes.call(PickleBytes.global("collections", "OrderedDict"), [])])
        let state = PickleBytes.dict([(name: "module.a", value: tensor), (name: "module.b", value: parameter)])
        let zip = StoredZip([
            (
                "x/data.pkl",
                PickleBytes.pickle(PickleBytes.dict([(name: "model", value: state), (name: "epoch", value: PickleBytes.int(3))]))
            ),
            ("x/byteorder", Array("little".utf8)), ("x/data/0", [UInt8](repeating: 63, count: 24)), ("x/data/1", [0, 60, 1, 0, 0, 124]),
        ])
        return [zip.data, NumpyFiles.int16, NumpyFiles.columnMajor, NumpyFiles.bigEndian]
            + NumpyFiles.haiku.sorted { $0.key < $1.key }.map(\.value)
            + [(try? SafetensorsFile.data(["w": Tensor(shape: [2, 3], repeating: 1), "v": Tensor(shape: [])])) ?? Data()]
    }

    /// The files in a folder.
    public static func seeds(in folder: URL) throws -> [Data] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension != "json" }.sorted { $0.path < $1.path }.map { try Data(contentsOf: $0) }
    }

    /// The input of a number: the same for equal seeds.
    public func input(_ number: UInt64, seed: UInt64) -> Data {
        var random = SplitMix64(seed: seed &* 0x9e37_79b9_7f4a_7c15 ^ number)
        var index = Int.random(in: seeds.indices, using: &random)
        // Large seeds take long and are mostly filling.
        if seeds[index].count > 1 << 16, random.next() % 8 != 0 { index = Int.random(in: seeds.indices, using: &random) }
        if let records = archives[index], !records.isEmpty, random.next() % 4 != 0 {
            var zip = StoredZip(records)
            let pickle = records.firstIndex { $0.name.hasSuffix("data.pkl") }
            let changed = random.next() % 8 == 0 ? nil : pickle
            mutate(&zip.records[changed ?? Int.random(in: records.indices, using: &random)].bytes, using: &random)
            return zip.data
        }
        var bytes = [UInt8](seeds[index])
        mutate(&bytes, using: &random)
        return Data(bytes)
    }

    private static let numbers: [UInt64] = [
        0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000,
        .max,
        0x4000_0000_0000_0000,
    ]
    /// Opcodes of pickles and characters of JSON.
    private static let symbols = Array("(.012NJKMGQRTUXabcdehjlqrstu]})[{:,\"-9e+".utf8) + Array(0x80...0x98)

    private func mutate(_ bytes: inout [UInt8], using random: inout SplitMix64) {
        // Mostly one change: many leave little of the file.
        for _ in 0..<(random.next() % 2 == 0 ? 1 : Int.random(in: 1...6, using: &random)) {
            guard !bytes.isEmpty else {
                bytes = [UInt8.random(in: 0...255, using: &random)]
                continue
            }
            let place = Int.random(in: bytes.indices, using: &random)
            let length = min(bytes.count - place, Int.random(in: 1...64, using: &random))
            switch random.next() % 9 {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes[place] = Self.symbols.randomElement(using: &random) ?? 0
            case 3:
                let number = Self.numbers.randomElement(using: &random) ?? 0
                let size = [1, 2, 4, 8].randomElement(using: &random) ?? 1
                for i in 0..<min(size, bytes.count - place) { bytes[place + i] = UInt8(truncatingIfNeeded: number >> UInt64(8 * i)) }
            case 4: bytes.removeSubrange(place..<(place + length))
            case 5: bytes.insert(contentsOf: bytes[place..<(place + length)], at: Int.random(in: 0...bytes.count, using: &random))
            case 6: bytes.insert(Self.symbols.randomElement(using: &random) ?? 0, at: place)
            case 7:
                let other = seeds[Int.random(in: seeds.indices, using: &random)]
                guard !other.isEmpty else { continue }
                let start = Int.random(in: 0..<other.count, using: &random)
                bytes.replaceSubrange(place..<(place + length), with: other[start..<min(other.count, start + length)])
            default: if random.next() % 4 == 0 { bytes.removeSubrange(place...) }
            }
        }
    }

    /// Opens a file and reads its tensors, up to a few million elements.
    /// - Returns: whether it was opened. Errors of the documented type are what damaged files should give.
    /// - Throws: what is a defect: errors of another type, tensors of a wrong size.
    public static func read(_ data: Data) throws -> Bool {
        do {
            let source = try TensorFile.open(data: data, name: "input")
            var left = 1 << 22
            for name in source.tensorNames {
                guard let shape = source.shape(of: name), let type = source.elementType(of: name) else { throw Defect.absent(name) }
                let count = shape.contains(0) ? 0 : shape.reduce(1, *)
                guard count <= left else { continue }
                left -= count
                guard try source.tensor(name).count == count, try source.bytes(of: name).count == count * type.byteCount else {
                    throw Defect.wrongSize(name)
                }
            }
            return true
        } catch is TensorFileError {
            return false
        }
    }

    enum Defect: Error {
        case absent(String), wrongSize(String)
    }
}

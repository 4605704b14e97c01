import Foundation
import TensorFiles

/// The generated weights of a parity case, each made when it is asked for.
public struct ParityWeights: TensorSource {
    struct Entry: Sendable, Decodable {
        var name: String
        var shape: [Int]
        var scale: Double?
        var offset: Double?
        var values: [Float]?
        var aliasOf: String?
        var generatedShape: [Int]?
    }

    private struct Manifest: Decodable {
        var `case`: String
        var caseSeed: String
        var tensors: [Entry]
    }

    public let name: String
    public let fingerprint: String
    private let seed: UInt64
    private let entries: [String: Entry]

    public init(manifest: Data) throws {
        let decoded = try JSONDecoder().decode(Manifest.self, from: manifest)
        try self.init(name: decoded.case, seed: decoded.caseSeed, entries: decoded.tensors)
    }

    init(name: String, seed: String, entries: [Entry]) throws {
        guard let seed = UInt64(seed.drop { $0 == "0" }.drop { $0 == "x" }, radix: 16) else {
            throw TensorFileError.malformed(file: name, reason: "the seed \(seed) is no number")
        }
        self.name = name
        self.seed = seed
        fingerprint = "generated-\(name)-\(String(seed, radix: 16))"
        self.entries = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
    }

    public var tensorNames: [String] { entries.keys.sorted() }
    public func shape(of tensor: String) -> [Int]? { entries[tensor]?.shape }

    public func tensor(_ name: String) throws -> Tensor {
        guard let entry = entries[name] else { throw TensorFileError.missingTensor(file: self.name, tensor: name) }
        if let values = entry.values { return Tensor(shape: entry.shape, values) }
        let source = entry.aliasOf.flatMap { entries[$0] } ?? entry
        let shape = entry.generatedShape ?? entry.shape
        let generated = Self.generate(shape, name: source.name, seed: seed, scale: source.scale ?? 1, offset: source.offset ?? 0)
        return shape == entry.shape ? generated : Self.repeated(generated, shape: entry.shape)
    }

    static func hash(_ name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    /// Number `index` of the SplitMix64 stream of `seed`.
    @inline(__always)
    static func random(_ seed: UInt64, _ index: Int) -> UInt64 {
        var z = seed &+ UInt64(truncatingIfNeeded: index + 1) &* 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    static func generate(_ shape: [Int], name: String, seed: UInt64, scale: Double, offset: Double) -> Tensor {
        let stream = hash(name) ^ seed
        return Tensor(shape: shape) { target in
            for i in 0..<target.count {
                let unit = Double(Int64(truncatingIfNeeded: random(stream, i) >> 40)) * 0x1p-24 * 2 - 1
                target[i] = Float(unit * scale + offset)
            }
        }
    }

    /// Repeats a tensor along its axes of length 1.
    private static func repeated(_ tensor: Tensor, shape: [Int]) -> Tensor {
        let from = tensor.shape
        return Tensor(shape: shape) { target in
            tensor.withUnsafeBuffer { values in
                for i in 0..<target.count {
                    var (rest, position, stride) = (i, 0, 1)
                    for axis in shape.indices.reversed() {
                        position += (from[axis] == 1 ? 0 : rest % shape[axis]) * stride
                        stride *= from[axis]
                        rest /= shape[axis]
                    }
                    target[i] = values[position]
                }
            }
        }
    }
}

import Foundation
import TensorFiles

/// A case of the folder of reference numbers: generated weights, inputs, and what the original code made of them. The folder's README
/// describes the form. Cases are found by looking into the folder, so that further ones of the same form run as well.
public struct ParityCase: Sendable, CustomStringConvertible {
    public let name: String
    /// What the numbers are of: `sam`, `sam_hq`, `cotracker2`, ...
    public let network: String
    public let outputs: [Output]
    public let folder: URL
    private let manifest: Data

    /// A stored output: all of a tensor, or regularly spaced elements of it.
    public struct Output: Sendable, Decodable {
        public var name: String
        public var shape: [Int]
        public var fullShape: [Int]?
        public var start: [Int]?
        public var step: [Int]?
        public var dtype: String

        /// The stored elements of a whole tensor; nil when it has another shape than the reference's. Axes of length 1 do not count.
        public func elements(of whole: Tensor) -> [Float]? {
            let full = fullShape ?? shape
            func essential(_ shape: [Int]) -> [Int] { shape.filter { $0 != 1 } }
            guard essential(full) == essential(whole.shape) else { return nil }
            guard let start, let step else { return whole.values }
            var offsets = [0]
            for axis in full.indices {
                let stride = full[(axis + 1)...].reduce(1, *)
                offsets = offsets.flatMap { offset in (0..<shape[axis]).map { offset + (start[axis] + $0 * step[axis]) * stride } }
            }
            return whole.withUnsafeBuffer { values in offsets.map { values[$0] } }
        }
    }

    private struct Manifest: Decodable {
        struct Tolerance: Decodable {
            struct Noise: Decodable {
                var relL2: Double?
                var maxAbs: Double?
            }
            var outputs: [String: Noise]
        }
        var `case`: String
        var network: String
        var outputs: [Output]
        var tolerance: Tolerance
    }

    private struct Configuration<T: Decodable>: Decodable { var config: T }

    private let noise: [String: Double]
    private let largestNoise: [String: Double]

    /// The folder of cases: `SAMPT_PARITY_DIR`, or `parity` among the shared data.
    public static var root: URL {
        if let path = ProcessInfo.processInfo.environment["SAMPT_PARITY_DIR"] { return URL(fileURLWithPath: path) }
        return Fixtures.shared.appendingPathComponent("parity")
    }

    /// The message of tests that skip.
    public static let missing = "no reference numbers found in the parity folder; set SAMPT_PARITY_DIR to it"

    /// All readable cases, in order of their names.
    public static let all: [ParityCase] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.sorted().compactMap { try? ParityCase(folder: root.appendingPathComponent($0)) }
    }()

    /// The cases of some networks.
    public static func cases(of networks: String...) -> [ParityCase] { all.filter { networks.contains($0.network) } }

    public static func named(_ name: String) -> ParityCase? { all.first { $0.name == name } }

    public init(folder: URL) throws {
        manifest = try Data(contentsOf: folder.appendingPathComponent("manifest.json"))
        let decoded = try JSONDecoder().decode(Manifest.self, from: manifest)
        (name, network, outputs, self.folder) = (decoded.case, decoded.network, decoded.outputs, folder)
        noise = decoded.tolerance.outputs.compactMapValues(\.relL2)
        largestNoise = decoded.tolerance.outputs.compactMapValues(\.maxAbs)
    }

    public var description: String { name }

    /// Whether the case has an output of this name.
    public func has(_ output: String) -> Bool { outputs.contains { $0.name == output } }

    /// The shape of an output before some elements were chosen.
    /// - Throws: `Incomparable` when there is none of this name.
    public func shape(of output: String) throws -> [Int] {
        guard let found = outputs.first(where: { $0.name == output }) else {
            throw Incomparable(description: "\(self): no output is called \(output)")
        }
        return found.fullShape ?? found.shape
    }

    /// The sizes in the names of outputs `PREFIX.14x31.SUFFIX`: height, width.
    public func sizes(in prefix: String, suffix: String) -> [(height: Int, width: Int)] {
        outputs.compactMap { output in
            let words = output.name.dropFirst(prefix.count + 1).split(separator: ".")
            guard output.name.hasPrefix(prefix + "."), words.count == 2, words[1] == suffix else { return nil }
            let sides = words[0].split(separator: "x").compactMap { Int($0) }
            return sides.count == 2 ? (sides[0], sides[1]) : nil
        }
    }

    /// The case's `config`, as the test that reads it wants it.
    public func config<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(Configuration<T>.self, from: manifest).config
    }

    public func weights() throws -> Weights { Weights(try ParityWeights(manifest: manifest)) }
    public func inputs() throws -> SafetensorsFile { try SafetensorsFile(url: folder.appendingPathComponent("inputs.safetensors")) }
    public func expected() throws -> SafetensorsFile { try SafetensorsFile(url: folder.appendingPathComponent("outputs.safetensors")) }

    /// Whether the noise of an output has been measured.
    public func hasNoise(of output: String) -> Bool { noise[output] != nil }

    /// The limit of the relative error in float32 that the README recommends.
    public func limit(of output: String) -> Double { max(20 * (noise[output] ?? 0), 1e-5) }

    /// The limit of the largest absolute difference of coordinates in pixels, in float32, that the README recommends.
    public func largestDifference(of output: String) -> Float { Float(max(20 * (largestNoise[output] ?? 0), 0.001)) }
}

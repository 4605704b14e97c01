import Foundation
import Media
import Support
import TestSupport
import Testing

private let folder = "palette-png"

private struct PaletteFixture: Decodable {
    struct Valid: Decodable {
        var file: String
        var width: Int
        var height: Int
        var kind: String
        var values: [[UInt16]]?
        var index_values: [[UInt16]]?
        var histogram: [String: Int]?

        /// A picture whose colours no id has.
        var isForeign: Bool { kind.hasPrefix("rgb") && index_values == nil }
    }
    struct Refused: Decodable {
        var file: String
        var level: String
    }
    var davis_palette: [[UInt8]]
    var valid: [Valid]
    var refuse: [Refused]
}

struct IndexMaskFileTests {
    @Suite(.enabled(if: Fixtures.hasEvaluation(folder), Comment(rawValue: Fixtures.missing)))
    struct IndexPNGFixtureTests {
        private let fixture: PaletteFixture

        init() throws {
            fixture = try JSONDecoder().decode(
                PaletteFixture.self, from: Data(contentsOf: Fixtures.evaluation.appendingPathComponent("\(folder)/expected.json")))
        }

        @Test func paletteIsDAVISs() {
            #expect(davisPalette.map { [$0.red, $0.green, $0.blue] } == fixture.davis_palette)
        }

        @Test func validFilesAreExact() throws {
            #expect(!fixture.valid.isEmpty)
            for item in fixture.valid where !item.isForeign {
                let mask = try ImageFile.readIndexMask(Fixtures.evaluation.appendingPathComponent("\(folder)/\(item.file)").path)
                #expect(mask.width == item.width && mask.height == item.height, "\(item.file)")
                if let values = item.index_values ?? item.values { #expect(mask.values == values.flatMap { $0 }, "\(item.file)") }
                guard let histogram = item.histogram else { continue }
                var counts: [String: Int] = [:]
                for value in mask.values { counts["\(value)", default: 0] += 1 }
                #expect(counts == histogram, "\(item.file)")
            }
        }

        @Test func foreignColoursAreNamed() {
            for item in fixture.valid where item.isForeign {
                #expect(throws: MediaError.self, "\(item.file)") {
                    try ImageFile.readIndexMask(Fixtures.evaluation.appendingPathComponent("\(folder)/\(item.file)").path)
                }
            }
        }

        @Test func damagedFilesAreRefused() {
            for item in fixture.refuse where item.level == "must" {
                #expect {
                    _ = try ImageFile.readIndexMask(Fixtures.evaluation.appendingPathComponent("\(folder)/\(item.file)").path)
                } throws: {
                    $0.isRefusal
                }
            }
        }
    }

    @Test(arguments: [200, 2107]) func roundTripIsExact(largest: UInt16) throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("mask.png").path
        let mask = IndexMask(width: 37, height: 23, values: (0..<(37 * 23)).map { UInt16($0 * 7919 % (Int(largest) + 1)) })
        try ImageFile.writeIndexMask(mask, to: path)
        #expect(try ImageFile.readIndexMask(path) == mask)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["mask.png"])
    }

    @Test("Any damage is an error, or changes nothing that counts") func randomDamage() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("mask.png").path
        let mask = IndexMask(width: 37, height: 23, values: (0..<(37 * 23)).map { UInt16($0 / 60) })
        try ImageFile.writeIndexMask(mask, to: path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for position in 0..<whole.count {
            var changed = whole
            changed[position] ^= 0x21
            for damaged in [whole.prefix(position), changed] {
                try damaged.write(to: URL(fileURLWithPath: path))
                if let found = try? ImageFile.readIndexMask(path) { #expect(found == mask, "byte \(position)") }
            }
        }
    }

    @Test func unwritableIsSaid() {
        #expect(throws: FileError.self) { try ImageFile.writeIndexMask(IndexMask(width: 2, height: 2), to: "/nowhere/at/all.png") }
    }
}

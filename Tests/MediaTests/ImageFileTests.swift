import CFFmpeg
import Foundation
import Support
import TestSupport
import Testing

@testable import Media

struct ImageFileTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func file(_ name: String, _ data: Data) throws -> String {
        let path = folder.path(name)
        try data.write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func rgbRoundTrip() throws {
        for size in [ImageSize(width: 1, height: 1), ImageSize(width: 161, height: 97)] {
            let image = ClipMaker.barcode(300, size: size)
            try ImageFile.writePNG(image, to: folder.path("a.png"))
            #expect(try ImageFile.readRGB(folder.path("a.png")) == image)
        }
    }

    @Test func indexMaskRoundTrip() throws {
        for highest in [1, 255, 256, 65535] {
            var mask = IndexMask(width: 37, height: 23)
            for i in 0..<mask.values.count { mask.values[i] = UInt16(i * highest / (mask.values.count - 1)) }
            let path = folder.path("mask-\(highest).png")
            try ImageFile.writeIndexMask(mask, to: path)
            #expect(try ImageFile.readIndexMask(path) == mask)
            let header = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)).prefix(26))
            #expect(Array(header[24...]) == (highest < 256 ? [8, 3] : [16, 0]))
            // Other programs see DAVIS's colours.
            if highest == 255 {
                let colors = try ImageFile.readRGB(path)
                for i in stride(from: 0, to: mask.values.count, by: 13) {
                    let (color, expected) = (colors[i % 37, i / 37], davisPalette[Int(mask.values[i])])
                    #expect(color == expected)
                }
            }
        }
    }

    @Test func maskRoundTrip() throws {
        let mask = Mask(width: 5, height: 3, values: [0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1])
        try ImageFile.writeMask(mask, to: folder.path("mask.png"))
        #expect(try ImageFile.readIndexMask(folder.path("mask.png")).foreground == mask)
        #expect(try ImageFile.readGray(folder.path("mask.png")).pixels == mask.values.map { $0 * 255 })
    }

    @Test func jpegIsReadAndCutOnesAreRefused() throws {
        let path = folder.path("frame.jpg")
        var maker = ClipMaker(encoder: "mjpeg", pixelFormat: AV_PIX_FMT_YUVJ420P)
        maker.times = [0]
        maker.options = ["flags": "+qscale", "global_quality": "236"]
        maker.picture = { _, size in RGBImage(width: size.width, height: size.height, red: 200, green: 60, blue: 30) }
        try maker.write(to: path)
        let pixel = try ImageFile.readRGB(path)[80, 50]
        for (a, b) in [(pixel.red, 200), (pixel.green, 60), (pixel.blue, 30)] { #expect(abs(Int(a) - b) <= 4) }
        maker.picture = { ClipMaker.barcode($0, size: $1) }
        try maker.write(to: path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for share in [0.02, 0.3, 0.6, 0.9, 0.995] {
            let cut = try file("cut.jpg", whole.prefix(Int(Double(whole.count) * share)))
            #expect(throws: FileError.self, "\(share)") { _ = try ImageFile.readRGB(cut) }
        }
    }

    @Test func whatIsNoPictureIsRefused() throws {
        let absent = folder.path("absent.png")
        #expect(throws: FileError.notFound(path: absent)) { try ImageFile.readRGB(absent) }
        for (name, data) in [
            ("empty.png", Data()), ("text.jpg", Data("no picture".utf8)), ("zeros.png", Data(count: 4000)),
            ("soi.jpg", Data([0xff, 0xd8])),
        ] {
            let path = try file(name, data)
            #expect(throws: FileError.self, "\(name)") { try ImageFile.readRGB(path) }
            #expect { try ImageFile.readIndexMask(path) } throws: { $0.isRefusal }
        }
        #expect(throws: FileError.self) { try ImageFile.readRGB(folder.url.path) }
    }

    /// Any damage is an error or another picture, never a crash.
    @Test func randomDamage() throws {
        try ImageFile.writePNG(ClipMaker.barcode(77, size: ImageSize(width: 64, height: 48)), to: folder.path("a.png"))
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder.path("a.png")))
        var refused = 0
        for position in 0..<whole.count {
            var data = whole
            data[position] ^= 0x10
            do { _ = try ImageFile.readRGB(try file("b.png", data)) } catch let error where error.isRefusal { refused += 1 }
        }
        // Every byte of a PNG is under a checksum.
        #expect(refused > whole.count * 99 / 100)
    }
}

/// What `IndexMaskFileTests` leaves open: pictures are refused like masks, and files with equal checksums hold equal values.
struct PNGFixtureTests {
    struct Expected: Decodable {
        struct Valid: Decodable {
            var file: String, kind: String
            var sha256_row_major_little_endian: String
            var values: [[UInt16]]?
        }
        struct Refused: Decodable {
            var file: String, level: String
        }
        var valid: [Valid]
        var refuse: [Refused]
    }

    static let root = "palette-png"
    static let exists = Fixtures.hasEvaluation(root + "/expected.json")

    static func expected() throws -> Expected {
        try JSONDecoder().decode(Expected.self, from: Data(contentsOf: Fixtures.evaluation.appendingPathComponent(root + "/expected.json")))
    }

    @Test(.enabled(if: exists, Comment(rawValue: Fixtures.missing)))
    func equalChecksumsAreEqualMasks() throws {
        let items = try Self.expected().valid.filter { !$0.kind.hasPrefix("rgb") }
        var known: [String: [UInt16]] = [:]
        for item in items { if let values = item.values { known[item.sha256_row_major_little_endian] = values.flatMap { $0 } } }
        var compared = 0
        for item in items {
            guard let values = known[item.sha256_row_major_little_endian] else { continue }
            #expect(
                try ImageFile.readIndexMask(Fixtures.evaluation.appendingPathComponent(Self.root + "/" + item.file).path).values == values,
                "\(item.file)")
            compared += 1
        }
        #expect(compared > 0)
    }

    @Test(.enabled(if: exists, Comment(rawValue: Fixtures.missing)))
    func damagedPicturesAreRefused() throws {
        for item in try Self.expected().refuse where item.level == "must" {
            #expect(throws: FileError.self, "\(item.file)") {
                _ = try ImageFile.readRGB(Fixtures.evaluation.appendingPathComponent(Self.root + "/" + item.file).path)
            }
        }
    }
}

import Foundation
import Support
import TestSupport
import Testing

@testable import Media

/// A small picture or clip that is part of the repository; the scripts beside them made them.
func testData(_ name: String) -> String { Fixtures.packageRoot.appendingPathComponent("Tests/Data/\(name)").path }

struct PictureFormatTests {
    struct Expected: Decodable, Sendable {
        var width: Int, height: Int, sha256: String
    }

    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func file(_ name: String, _ data: Data) throws -> String {
        let path = folder.path(name)
        try data.write(to: URL(fileURLWithPath: path))
        return path
    }

    private func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: testData("pictures/\(name)"))) }

    /// Every byte as Pillow reads it: grey, all kinds of subsampling, progressive, arithmetic, four inks, odd sizes, and as Exif turns it.
    @Test func picturesAreThoseOfPillow() throws {
        let expected = try JSONDecoder().decode([String: Expected].self, from: data("pixels.json"))
        #expect(expected.count >= 28)
        for (name, picture) in expected {
            let image = try ImageFile.readRGB(testData("pictures/\(name)"))
            #expect(image.size == ImageSize(width: picture.width, height: picture.height), "\(name)")
            #expect(SHA256.hex(Data(image.pixels)) == picture.sha256, "\(name)")
            #expect(try ImageFile.readRGB(data: data(name), name: name) == image)
        }
    }

    @Test func levelsOfGreyPicturesStay() throws {
        let gray = try ImageFile.readGray(testData("pictures/grey.jpg"))
        let image = try ImageFile.readRGB(testData("pictures/grey.jpg"))
        #expect(gray.size == image.size)
        #expect(image.pixels == gray.pixels.flatMap { [$0, $0, $0] })
        // Turned like the coloured picture.
        #expect(try ImageFile.readGray(testData("pictures/exif-6.jpg")) == ImageFile.readRGB(testData("pictures/exif-6.jpg")).gray())
    }

    @Test(arguments: ["420.jpg", "progressive.jpg", "cmyk.jpg", "arithmetic.jpg", "restart.jpg"])
    func cutJPEGsAreRefused(name: String) throws {
        let whole = try data(name)
        for length in stride(from: 1, to: whole.count, by: 7) {
            let path = try file("cut.jpg", whole.prefix(length))
            #expect(throws: FileError.self, "\(length)") { try ImageFile.readRGB(path) }
        }
    }

    /// Any damage is an error or another picture, never a crash, whatever sizes and tables the bytes ask for.
    @Test(arguments: ["420.jpg", "progressive.jpg", "cmyk.jpg", "exif-6.jpg"])
    func damagedJPEGs(name: String) throws {
        let whole = try data(name)
        for position in 2..<whole.count {
            for bit in [0, 7] {
                var damaged = whole
                damaged[position] ^= 1 << UInt8(bit)
                do { _ = try ImageFile.readRGB(data: damaged, name: name) } catch let error where error.isRefusal {}
            }
        }
    }

    /// A header's claim is refused before memory is asked for.
    @Test(arguments: [[0xff, 0xff, 0xff, 0xff], [0x40, 0, 0x40, 0], [0x40, 1, 0, 1], [0, 0, 0, 9]] as [[UInt8]])
    func hugeJPEGsAreRefused(size: [UInt8]) throws {
        var bytes = try data("progressive.jpg")
        let frame = try #require(bytes.range(of: Data([0xff, 0xc2])))
        bytes.replaceSubrange((frame.lowerBound + 5)..<(frame.lowerBound + 9), with: size)
        let path = try file("huge.jpg", bytes)
        #expect(throws: FileError.self) { try ImageFile.readRGB(path) }
    }

    /// Programs leave a few bytes before the end; the picture is whole.
    @Test func strayBytesAreNoDamage() throws {
        let whole = try data("420.jpg")
        let stray = whole.dropLast(2) + Data([0, 0, 0]) + whole.suffix(2)
        #expect(try ImageFile.readRGB(data: stray, name: "stray") == ImageFile.readRGB(testData("pictures/420.jpg")))
    }

    @Test func masksAreNotJPEGs() {
        #expect(throws: MediaError.invalidMask(path: testData("pictures/grey.jpg"), reason: "it is not a PNG; other formats blur the ids"))
        {
            try ImageFile.readIndexMask(testData("pictures/grey.jpg"))
        }
    }

    /// An animation is a video; in a folder it is one picture; and one frame is taken where one is asked for.
    @Test(arguments: ["animated.png", "animated.gif"])
    func animations(name: String) throws {
        let frames = try openFrames(testData("pictures/\(name)"))
        #expect(frames.frameCount == 3)
        let colours = try (0..<3).map { try frames.frame(at: $0)[12, 8] }
        for (colour, expected) in zip(colours, [(200, 30, 40), (30, 200, 40), (30, 40, 200)] as [(UInt8, UInt8, UInt8)]) {
            #expect(colour == expected)
        }
        #expect(abs(frames.timing.seconds(2) - 0.2) < 0.02)
        #expect((frames as? VideoReader)?.damage == nil)
        guard name == "animated.png" else { return }
        #expect(try ImageFile.readRGB(testData("pictures/animated.png"))[0, 0] == (200, 30, 40))
        _ = try file("1.png", data(name))
        #expect(try openFrames(folder.url.path).frameCount == 1)
        let cut = try VideoReader(path: file("cut.png", data(name).dropLast(60)))
        #expect(cut.damage != nil)
    }

    @Test func animatedWebPIsNamed() {
        #expect(performing: { try openFrames(testData("pictures/animated.webp")) }, throws: { "\($0)".contains("animated WebP") })
    }

    /// Hostile Exif data: offsets and counts that lead outside.
    @Test func exifIsBounded() {
        let good: [UInt8] = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0]
        func read(_ bytes: [UInt8]) -> PictureOrientation { bytes.withUnsafeBytes { ExifOrientation.read($0) } }
        #expect(read(good) == .counterclockwise)
        for length in 0..<good.count { #expect(read(Array(good.prefix(length))) == .upright) }
        for position in 0..<good.count {
            for value in [0, 9, 0x7f, 0xff] as [UInt8] {
                var bytes = good
                bytes[position] = value
                _ = read(bytes)
                let png =
                    Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 22]) + Data("eXIf".utf8) + Data(bytes) + Data(count: 4)
                _ = ExifOrientation.read(file: png)
            }
        }
    }
}

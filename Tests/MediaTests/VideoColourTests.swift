import Foundation
import Testing

@testable import Media

/// Against what FFmpeg's own program makes of the same clips (Tests/Data/clips/make.sh).
struct VideoColourTests {
    /// The largest difference, and the mean one. Builds of FFmpeg for other processors may round otherwise.
    private func differences(_ name: String) throws -> (largest: Int, mean: Double) {
        let frame = try VideoReader(path: testData("clips/\(name).mkv")).frame(at: 0)
        let expected = try ImageFile.readRGB(testData("clips/\(name).png"))
        try #require(frame.size == expected.size)
        let all = zip(frame.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
        return (all.max() ?? 255, Double(all.reduce(0, +)) / Double(all.count))
    }

    @Test(arguments: ["bt709", "smpte170m", "bt470bg", "smpte240m", "fcc", "bt2020nc"], ["tv", "pc"])
    func matrixAndRange(matrix: String, range: String) throws {
        let found = try differences("colour-\(matrix)-\(range)")
        #expect(found.largest <= 2 && found.mean < 0.5)
    }

    @Test(arguments: ["yuv420p", "yuv422p", "yuv411p", "yuv440p", "yuv420p10le", "gray"])
    func subsampling(format: String) throws {
        let found = try differences("format-\(format)")
        #expect(found.largest <= 2 && found.mean < 0.5)
    }

    /// YUV4MPEG2 names matrix-less levels, ranges and the pixels' shape in its header.
    @Test(arguments: [("Cmono", 235), ("Cmono XCOLORRANGE=LIMITED", 255), ("Cmono XCOLORRANGE=FULL", 235), ("C444", 255)])
    func yuv4mpeg(tags: String, level: Int) throws {
        let folder = try TestFolder()
        let planes = [UInt8](repeating: 235, count: 64) + [UInt8](repeating: 128, count: tags == "C444" ? 128 : 0)
        try Data(Array("YUV4MPEG2 W8 H8 F25:1 Ip A16:15 \(tags)\nFRAME\n".utf8) + planes).write(
            to: URL(fileURLWithPath: folder.path("a.y4m")))
        let capture = try YUV4MPEGCapture(path: folder.path("a.y4m"))
        #expect(capture.pixelAspect == PixelAspect(plausible: 16, 15))
        let pixel = try #require(try capture.next()).picture()[4, 4]
        for value in [pixel.red, pixel.green, pixel.blue] { #expect(abs(Int(value) - level) <= 1) }
    }

    /// The references differ from each other by more than is allowed: a tag that is not looked at shows. FCC's matrix is BT.601's but for
    /// rounding.
    @Test func tagsMatter() throws {
        let pictures = try ["bt709-tv", "smpte170m-tv", "smpte240m-tv", "bt2020nc-tv", "bt709-pc"].map {
            try ImageFile.readRGB(testData("clips/colour-\($0).png")).pixels
        }
        for a in pictures.indices {
            for b in 0..<a { #expect(zip(pictures[a], pictures[b]).contains { abs(Int($0) - Int($1)) > 4 }, "\(a) \(b)") }
        }
    }
}

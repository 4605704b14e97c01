import CFFmpeg
import Foundation
import Testing

@testable import Media

struct PixelAspectTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    @Test func shapes() {
        let stored = ImageSize(width: 720, height: 576)
        #expect(PixelAspect(plausible: 16, 15).shown(stored) == ImageSize(width: 768, height: 576))
        #expect(PixelAspect(plausible: 8, 9).shown(stored) == ImageSize(width: 720, height: 648))
        #expect(PixelAspect(plausible: 64, 60) == PixelAspect(plausible: 16, 15))
        #expect(PixelAspect.square.shown(stored) == stored)
        #expect(PixelAspect(plausible: 16, 1).shown(ImageSize(width: 16384, height: 1)) == ImageSize(width: 16384, height: 1))
        for (width, height) in [(0, 1), (1, 0), (-1, 1), (17, 1), (1, 17), (.max, .min), (.max, .max), (.min, .min)] as [(Int, Int)] {
            #expect(PixelAspect(plausible: width, height) == .square)
        }
    }

    /// What a reader finds in a video goes into the videos made of it, and comes back.
    @Test(arguments: ["mp4", "mov", "mkv"], [(16, 15), (1, 2), (1, 1)])
    func videosKeepIt(container: String, ratio: (Int, Int)) throws {
        let aspect = PixelAspect(plausible: ratio.0, ratio.1)
        let path = folder.path("out.\(container)")
        let writer = try VideoWriter(path: path, size: ImageSize(width: 120, height: 64), timeBase: (1, 25), pixelAspect: aspect)
        for time in 0..<3 { try writer.append(RGBImage(width: 120, height: 64, red: 90), timestamp: Int64(time)) }
        try writer.finish()
        let reader = try VideoReader(path: path)
        #expect(reader.pixelAspect == aspect && reader.size == ImageSize(width: 120, height: 64))
        #expect(try SubrangeSource(reader, start: 1).pixelAspect == aspect)
    }

    /// Pictures name it as density: without a unit the ratio itself, with one dots in a length.
    @Test func picturesNameIt() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: testData("pictures/444.jpg")))
        let start = try #require(whole.range(of: Data("JFIF\0".utf8))?.upperBound)
        func aspect(unit: UInt8, _ x: UInt8, _ y: UInt8) throws -> PixelAspect {
            var data = whole
            data.replaceSubrange((start + 2)..<(start + 7), with: [unit, 0, x, 0, y])
            try data.write(to: URL(fileURLWithPath: folder.path("a.jpg")))
            return try openFrames(folder.path("a.jpg")).pixelAspect
        }
        #expect(try aspect(unit: 0, 16, 15) == PixelAspect(plausible: 16, 15))
        #expect(try aspect(unit: 1, 200, 100) == PixelAspect(plausible: 1, 2))
        #expect(try aspect(unit: 1, 72, 72) == .square)
        #expect(try aspect(unit: 0, 0, 0) == .square)
    }

    @Test func shownPicturesAreStretched() throws {
        let image = ClipMaker.barcode(5, size: ImageSize(width: 40, height: 30))
        #expect(image.shown(.square) == image)
        let wide = image.shown(PixelAspect(plausible: 2, 1))
        #expect(wide.size == ImageSize(width: 80, height: 30))
        #expect(ClipMaker.number(in: wide) == 5)
    }
}

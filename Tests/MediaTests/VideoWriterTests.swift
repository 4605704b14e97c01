import CFFmpeg
import Foundation
import Support
import Testing

@testable import Media

struct VideoWriterTests {
    private let folder: TestFolder
    private let size = ImageSize(width: 160, height: 96)

    init() throws { folder = try TestFolder() }

    private func contents() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() }

    private func write(_ path: String, size: ImageSize, base: (Int, Int), times: [Int64], encoders: [String]? = nil) throws {
        let writer = try VideoWriter(path: path, size: size, timeBase: base, encoders: encoders ?? VideoWriter.encoders)
        for (number, time) in times.enumerated() { try writer.append(ClipMaker.barcode(number, size: size), timestamp: time) }
        try writer.finish()
    }

    @Test(arguments: ["mp4", "mov", "mkv"], [1, 2, 40])
    func framesAndTimesComeBack(container: String, count: Int) throws {
        let path = folder.path("out.\(container)")
        let times = (0..<Int64(count)).map { (n: Int64) -> Int64 in n * 3003 + (n * n * 100) % 700 }
        try write(path, size: size, base: (1, 90000), times: times)
        #expect(try contents() == ["out.\(container)"])
        let reader = try VideoReader(path: path)
        #expect(reader.frameCount == count && reader.size == size && reader.damage == nil)
        for index in 0..<reader.frameCount {
            #expect(ClipMaker.number(in: try reader.frame(at: index)) == index)
            #expect(abs(reader.timing.seconds(index) - Double(times[index]) / 90000) < 1e-3)
        }
    }

    /// Times that do not start at 0, long gaps, and the bases that sources really have.
    @Test(arguments: [(1, 25), (1001, 30000), (1, 12800), (1, 1_000_000), (1, 1)])
    func timeBases(base: (Int, Int)) throws {
        let path = folder.path("out.mp4")
        let times: [Int64] = [0, 1, 2, 3, 50, 51, 400]
        try write(path, size: size, base: base, times: times)
        let reader = try VideoReader(path: path)
        #expect(reader.frameCount == times.count)
        for (index, time) in times.enumerated() where index < reader.frameCount {
            #expect(ClipMaker.number(in: try reader.frame(at: index)) == index)
            let expected = Double(time) * Double(base.0) / Double(base.1)
            #expect(abs(reader.timing.seconds(index) - expected) < 1e-4 + expected * 1e-4, "frame \(index)")
        }
    }

    /// A level far above the picture's needs makes hardware players refuse the file.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)))
    func levelSuitsThePicture() throws {
        let path = folder.path("out.mp4")
        try write(path, size: ImageSize(width: 854, height: 480), base: (1, 90000), times: (0..<5).map { $0 * 3600 })
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let position = try #require(data.range(of: Data("avcC".utf8))?.upperBound)
        #expect(data[position + 3] <= 40)
    }

    @Test func oddSizesAreExtended() throws {
        let path = folder.path("out.mp4")
        let odd = ImageSize(width: 161, height: 97)
        var image = RGBImage(width: 161, height: 97, red: 20, green: 40, blue: 60)
        for y in 0..<97 { image[160, y] = (240, 200, 180) }
        for x in 0..<161 { image[x, 96] = (240, 200, 180) }
        #expect(image.extended(to: ImageSize(width: 162, height: 98))[161, 97] == (240, 200, 180))
        #expect(image.extended(to: ImageSize(width: 162, height: 98))[3, 97] == (240, 200, 180))
        #expect(image.extended(to: ImageSize(width: 162, height: 98))[161, 3] == (240, 200, 180))
        #expect(image.extended(to: ImageSize(width: 162, height: 98))[159, 95] == (20, 40, 60))
        let writer = try VideoWriter(path: path, size: odd, timeBase: (1, 25))
        for time in 0..<5 { try writer.append(image, timestamp: Int64(time)) }
        try writer.finish()
        let reader = try VideoReader(path: path)
        #expect(reader.size == ImageSize(width: 162, height: 98))
        #expect(try reader.frame(at: 2)[161, 97].red > 190)
    }

    /// The colour matrix that is used is the one that is named, for SD (BT.601) and HD (BT.709).
    @Test(arguments: [ImageSize(width: 320, height: 180), ImageSize(width: 1280, height: 720)])
    func coloursComeBack(size: ImageSize) throws {
        let path = folder.path("out.mp4")
        for (red, green, blue) in [(220, 30, 40), (20, 200, 60), (30, 60, 230), (255, 255, 255), (0, 0, 0), (128, 128, 128)]
            as [(UInt8, UInt8, UInt8)]
        {
            let writer = try VideoWriter(path: path, size: size, timeBase: (1, 25))
            try writer.append(RGBImage(width: size.width, height: size.height, red: red, green: green, blue: blue), timestamp: 0)
            try writer.finish()
            let pixel = try VideoReader(path: path).frame(at: 0)[size.width / 2, size.height / 2]
            for (a, b) in [(pixel.red, red), (pixel.green, green), (pixel.blue, blue)] { #expect(abs(Int(a) - Int(b)) <= 4) }
        }
    }

    /// Without libx264, and where an encoder that FFmpeg knows cannot be opened.
    @Test func otherEncoders() throws {
        let path = folder.path("out.mp4")
        let times = (0..<10).map { Int64($0) * 3600 }
        try write(path, size: size, base: (1, 90000), times: times, encoders: ["no such encoder", "h264_nvenc", "mpeg4"])
        let reader = try VideoReader(path: path)
        #expect(try (0..<10).map { ClipMaker.number(in: try reader.frame(at: $0)) } == Array(0..<10))
        #expect(abs(reader.timing.seconds(9) - 0.36) < 1e-3)
        #expect(throws: FileError.self) { try VideoWriter(path: path, size: size, timeBase: (1, 25), encoders: ["no such encoder"]) }
    }

    @Test func unfinishedLeavesNothing() throws {
        let path = folder.path("out.mp4")
        let picture = ClipMaker.barcode(1, size: size)
        let cancelled = try VideoWriter(path: path, size: size, timeBase: (1, 25))
        try cancelled.append(picture, timestamp: 0)
        cancelled.cancel()
        #expect(throws: FileError.self) { try cancelled.append(picture, timestamp: 1) }
        do {
            let dropped = try VideoWriter(path: path, size: size, timeBase: (1, 25))
            try dropped.append(picture, timestamp: 0)
        }
        let empty = try VideoWriter(path: path, size: size, timeBase: (1, 25))
        try empty.finish()
        #expect(try contents() == [])
    }

    /// A former result stays until the new one is complete.
    @Test func formerFileIsReplacedAtTheEnd() throws {
        let path = folder.path("out.mp4")
        try Data("former".utf8).write(to: URL(fileURLWithPath: path))
        let writer = try VideoWriter(path: path, size: size, timeBase: (1, 25))
        try writer.append(ClipMaker.barcode(1, size: size), timestamp: 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("former".utf8))
        try writer.finish()
        #expect(try VideoReader(path: path).frameCount == 1)
        #expect(try contents() == ["out.mp4"])
    }

    @Test("A video through a symbolic link whose target has another extension")
    func link() throws {
        #expect(symlink("data", folder.path("out.mp4")) == 0)
        let writer = try VideoWriter(path: folder.path("out.mp4"), size: size, timeBase: (1, 25))
        for frame in 0..<3 { try writer.append(RGBImage(width: size.width, height: size.height), timestamp: Int64(frame)) }
        try writer.finish()
        #expect(try contents() == ["data", "out.mp4"])
        #expect(try VideoReader(path: folder.path("data")).frameCount == 3)
    }

    @Test func wrongInputIsRefused() throws {
        let path = folder.path("out.mp4")
        #expect(throws: FileError.self) { try VideoWriter(path: folder.path("no/such/folder/out.mp4"), size: size, timeBase: (1, 25)) }
        for name in ["out.xyz", "out", "out.png", "out.wav", "out.srt"] {
            #expect(throws: FileError.self, "\(name)") { try VideoWriter(path: folder.path(name), size: size, timeBase: (1, 25)) }
        }
        for (width, height) in [(0, 10), (10, -1), (100_000, 10), (Int.max, Int.max)] {
            #expect(throws: MediaError.self) {
                try VideoWriter(path: path, size: ImageSize(width: width, height: height), timeBase: (1, 25))
            }
        }
        for base in [(0, 25), (1, 0), (-1, 25), (Int.max, 1)] {
            #expect(throws: MediaError.self, "\(base)") { try VideoWriter(path: path, size: size, timeBase: base) }
        }
        #expect(try contents() == [])
        let writer = try VideoWriter(path: path, size: size, timeBase: (1, 25))
        let picture = ClipMaker.barcode(1, size: size)
        try writer.append(picture, timestamp: 5)
        #expect(throws: MediaError.self) { try writer.append(picture, timestamp: 5) }
        #expect(throws: MediaError.self) { try writer.append(RGBImage(width: 3, height: 3), timestamp: 6) }
        // Neither spoils what was written.
        try writer.append(picture, timestamp: 6)
        try writer.finish()
        #expect(try VideoReader(path: path).frameCount == 2)
    }
}

import Foundation
import Support
import Testing

@testable import Media

struct FrameFolderTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func add(_ name: String, gray: UInt8, width: Int = 8, height: Int = 6) throws {
        let path = folder.path(name)
        // The content decides on reading, so a .jpg may hold PNG data here.
        try ImageFile.writePNG(RGBImage(width: width, height: height, red: gray, green: gray, blue: gray), to: path)
    }

    @Test func naturalOrder() throws {
        let ordered = [
            "2.PNG", "10.png", "frame-1.png", "frame-2.jpg", "frame-10.JPEG", "frame-010b.png", "frame-99999999999999999999999.png",
            "g.Jpg",
        ]
        for (index, name) in ordered.enumerated().reversed() { try add(name, gray: UInt8(10 * index)) }
        try add(".hidden.png", gray: 255)
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder.path("readme.txt")))
        let frames = try FrameFolder(path: folder.url.path, rate: 10)
        #expect(frames.paths.map { URL(fileURLWithPath: $0).lastPathComponent } == ordered)
        #expect(frames.frameCount == 8)
        #expect(frames.size == ImageSize(width: 8, height: 6))
        #expect(frames.timing.seconds(5) == 0.5)
        for index in [7, 0, 3] { #expect(try frames.frame(at: index)[0, 0].red == UInt8(10 * index)) }
        #expect(throws: MediaError.frameOutOfRange(index: 8, count: 8)) { try frames.frame(at: 8) }
        #expect(throws: MediaError.frameOutOfRange(index: -1, count: 8)) { try frames.frame(at: -1) }
    }

    @Test func orderingIsTotal() {
        let names = ["a1", "a01", "a001", "a2", "a10", "a", "", "1", "01", "b", "a1b", "a1b2", "a01b1", "é2", "é10"]
        for a in names {
            #expect(!FrameFolder.naturallyBefore(a, a))
            for b in names where a != b {
                #expect(FrameFolder.naturallyBefore(a, b) != FrameFolder.naturallyBefore(b, a), "\(a) \(b)")
                for c in names where FrameFolder.naturallyBefore(a, b) && FrameFolder.naturallyBefore(b, c) {
                    #expect(FrameFolder.naturallyBefore(a, c), "\(a) \(b) \(c)")
                }
            }
        }
    }

    @Test func otherSizesAreNamed() throws {
        try add("1.png", gray: 0)
        try add("2.png", gray: 0, width: 9)
        let frames = try FrameFolder(path: folder.url.path)
        let error = MediaError.frameSizeDiffers(
            path: folder.path("2.png"), expected: ImageSize(width: 8, height: 6), found: ImageSize(width: 9, height: 6))
        #expect(throws: error) { try frames.frame(at: 1) }
    }

    @Test func openFramesDecides() throws {
        #expect(throws: FileError.notFound(path: folder.path("absent"))) { try openFrames(folder.path("absent")) }
        #expect(throws: MediaError.noFrames(path: folder.url.path)) { try openFrames(folder.url.path) }
        try add("1.png", gray: 50)
        try add("2.png", gray: 60)
        #expect(try openFrames(folder.url.path).frameCount == 2)
        let single = try openFrames(folder.path("2.png"))
        #expect(single.frameCount == 1 && single.name == "2.png")
        #expect(try single.frame(at: 0)[0, 0].red == 60)
        if ClipMaker.hasX264 {
            try ClipMaker.h264(isOpen: false, frames: 4).write(to: folder.path("clip.mp4"))
            #expect(try openFrames(folder.path("clip.mp4")).frameCount == 4)
        }
    }

    @Test func subrange() throws {
        for index in 0..<10 { try add("\(index).png", gray: UInt8(index)) }
        let base = try FrameFolder(path: folder.url.path, rate: 1)
        let part = try SubrangeSource(base, start: 2, end: 9, stride: 3)
        #expect(part.indices == [2, 5, 8])
        #expect(part.timing.timestamps == [0, 3, 6])
        #expect(try (0..<3).map { try part.frame(at: $0)[0, 0].red } == [2, 5, 8])
        #expect(try SubrangeSource(base, start: 9, end: 99, stride: .max).frameCount == 1)
        #expect(throws: MediaError.frameOutOfRange(index: 3, count: 3)) { try part.frame(at: 3) }
        for (start, end, stride) in [(-1, 5, 1), (5, 5, 1), (10, 12, 1), (0, 5, 0), (0, -3, 1), (7, 3, 1)] {
            #expect(throws: MediaError.self) { try SubrangeSource(base, start: start, end: end, stride: stride) }
        }
    }
}

import Foundation
import TestSupport
import Testing

@testable import Media

/// Streams that go on with larger frames than they began with.
struct HugeFramesTests {
    /// A grey keyframe of VP8; its size stands at byte 6.
    private static let keyframe: [UInt8] = [
        0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x10, 0x00, 0x10, 0x00, 0x00, 0x47, 0x08, 0x85, 0x85, 0x88, 0x85, 0x84, 0x88, 0x02, 0x02, 0x00,
        0x0c, 0x0e, 0x60, 0x00, 0xfe, 0x68, 0x00,
    ]

    private static func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    /// An IVF file of square frames.
    private static func file(_ sides: [Int], in folder: TestFolder) throws -> String {
        var bytes = Array("DKIF".utf8) + little(0, 2) + little(32, 2) + Array("VP80".utf8) + little(sides[0], 2) + little(sides[0], 2)
        bytes += little(25, 4) + little(1, 4) + little(sides.count, 4) + little(0, 4)
        for (number, side) in sides.enumerated() {
            // More data than a small frame has, as the decoder asks of a large one.
            let frame = keyframe[..<6] + little(side, 2) + little(side, 2) + keyframe[10...] + [UInt8](repeating: 0, count: 100)
            bytes += little(frame.count, 4) + little(number, 8) + frame
        }
        let path = folder.path("clip.ivf")
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// One such frame costs seconds and a gigabyte, and a file of a kilobyte has several.
    @Test(arguments: [4000, 16000]) func areNotDecoded(side: Int) throws {
        let folder = try TestFolder()
        let path = try Self.file([16] + [Int](repeating: side, count: 5), in: folder)
        let reader = try VideoReader(path: path)
        #expect(reader.size == ImageSize(width: 16, height: 16) && reader.frameCount == 6)
        #expect(throws: MediaError.undecodable(path: path, frame: 1, reason: "its data is damaged or missing")) { try reader.frame(at: 1) }
        #expect(throws: MediaError.self) { try reader.frame(at: 5) }
        #expect(try reader.frame(at: 0).size == reader.size)
    }

    @Test func ordinaryChangesAreNamed() throws {
        let folder = try TestFolder()
        let path = try Self.file([16, 16, 1920], in: folder)
        let reader = try VideoReader(path: path)
        #expect(try reader.frame(at: 1).size == reader.size)
        let (expected, found) = (reader.size, ImageSize(width: 1920, height: 1920))
        #expect(throws: MediaError.frameSizeDiffers(path: path, expected: expected, found: found)) { try reader.frame(at: 2) }
    }

    @Test func largeFramesFromTheStartAreRead() throws {
        let folder = try TestFolder()
        let reader = try VideoReader(path: try Self.file([4000, 4000], in: folder))
        #expect(try reader.frame(at: 1).size == ImageSize(width: 4000, height: 4000))
    }
}

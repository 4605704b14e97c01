import Support

#if os(Linux)
    import Foundation
    import TestSupport
    import Testing

    @testable import Media

    @Suite(.enabled(if: SmallDisk.mayMount, Comment(rawValue: SmallDisk.needed)))
    struct FullDiskTests {
        private let disk: SmallDisk
        private let size = ImageSize(width: 640, height: 480)

        init() throws { disk = try SmallDisk() }

        private func noise(_ seed: Int) -> RGBImage {
            var state = UInt32(truncatingIfNeeded: seed &* 2_654_435_761 | 1)
            return RGBImage(
                width: size.width, height: size.height,
                pixels: (0..<(3 * size.pixelCount)).map { _ in
                    state ^= state << 13
                    state ^= state >> 17
                    state ^= state << 5
                    return UInt8(truncatingIfNeeded: state)
                })
        }

        @Test func videoWriterSaysSo() throws {
            let path = disk.path("out.mp4")
            #expect(throws: FileError.unwritable(path: path, reason: "no space left on device")) {
                let writer = try VideoWriter(path: path, size: size, timeBase: (1, 25))
                for frame in 0..<40 { try writer.append(noise(frame), timestamp: Int64(frame)) }
                try writer.finish()
            }
            #expect(try disk.contents == [])
        }

        @Test func picturesSaySo() throws {
            let path = disk.path("out.png")
            #expect(throws: FileError.unwritable(path: path, reason: "no space left on device")) {
                try ImageFile.writePNG(noise(1), to: path)
            }
            #expect(try disk.contents == [])
        }
    }
#endif

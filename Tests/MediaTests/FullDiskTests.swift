#if os(Linux)
    import Foundation
    import Glibc
    import Testing

    @testable import Media

    /// A file system of 256 KiB in memory.
    private final class SmallDisk: Sendable {
        static let mayMount: Bool = {
            guard geteuid() == 0, let disk = try? SmallDisk() else { return false }
            _ = disk
            return true
        }()

        let folder: TestFolder

        init() throws {
            folder = try TestFolder()
            guard mount("tmpfs", folder.url.path, "tmpfs", 0, "size=256k") == 0 else { throw POSIXError(.EPERM) }
        }

        deinit { umount2(folder.url.path, Int32(MNT_DETACH)) }
    }

    @Suite(.enabled(if: SmallDisk.mayMount, "needs the right to mount a small file system"))
    struct FullDiskTests {
        private let disk: SmallDisk
        private let size = ImageSize(width: 640, height: 480)

        init() throws { disk = try SmallDisk() }

        private func noise(_ seed: Int) -> RGBImage {
            var state = UInt32(truncatingIfNeeded: seed &* 2_654_435_761 | 1)
            return RGBImage(width: size.width, height: size.height, pixels: (0..<(3 * size.pixelCount)).map { _ in
                state ^= state << 13
                state ^= state >> 17
                state ^= state << 5
                return UInt8(truncatingIfNeeded: state)
            })
        }

        private func contents() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: disk.folder.url.path) }

        @Test func videoWriterSaysSo() throws {
            let path = disk.folder.path("out.mp4")
            #expect(throws: MediaError.unwritable(path: path, reason: "no space left on device")) {
                let writer = try VideoWriter(path: path, size: size, timeBase: (1, 25))
                for frame in 0..<40 { try writer.append(noise(frame), timestamp: Int64(frame)) }
                try writer.finish()
            }
            #expect(try contents() == [])
        }

        @Test func picturesSaySo() throws {
            let path = disk.folder.path("out.png")
            #expect(throws: MediaError.unwritable(path: path, reason: "no space left on device")) { try ImageFile.writePNG(noise(1), to: path) }
            #expect(try contents() == [])
        }
    }
#endif

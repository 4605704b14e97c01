import CFFmpeg
import Foundation
import TestSupport
import Testing

@testable import Media

struct VideoReaderTests {
    private func inFolder<R>(_ body: (URL) throws -> R) throws -> R {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// Orders in which frames are asked for.
    private static let orders: [[Int]] = [
        Array(0..<60), Array((0..<60).reversed()), (0..<60).map { $0 * 37 % 60 }, [59, 0, 30, 31, 29, 12, 11, 24, 13, 36],
    ]

    @Test(arguments: orders) func anyOrderGivesTheSamePictures(order: [Int]) throws {
        try inFolder { folder in
            let path = folder.appendingPathComponent("open.mp4").path
            try TestClips.write(path, count: 60, settings: TestClips.openGroups)
            let inOrder = try VideoReader(path: path)
            #expect(inOrder.frameCount == 60)
            let pictures = try (0..<60).map { try inOrder.frame(at: $0) }
            #expect(pictures.map(TestClips.number) == Array(0..<60))
            let reader = try VideoReader(path: path)
            for index in order { #expect(try reader.frame(at: index) == pictures[index], "frame \(index)") }
        }
    }

    @Test func variableFrameRateIsKept() throws {
        try inFolder { folder in
            let path = folder.appendingPathComponent("vfr.mp4").path
            let times: [Int64] = [0, 1, 2, 7, 8, 20, 21, 22, 40]
            try TestClips.write(path, count: 9, timestamps: { times[$0] })
            let reader = try VideoReader(path: path)
            let seconds = (0..<9).map { (reader.timing.seconds($0) * 25).rounded() }
            #expect(seconds == times.map(Double.init))
            #expect(try TestClips.number(in: reader.frame(at: 5)) == 5)
        }
    }

    @Test func startsAfterZero() throws {
        try inFolder { folder in
            let path = folder.appendingPathComponent("late.mkv").path
            try TestClips.write(path, count: 12, timestamps: { Int64($0) + 100 })
            let reader = try VideoReader(path: path)
            #expect(reader.timing.timestamps[0] == 0)
            #expect(try (0..<12).map { try TestClips.number(in: reader.frame(at: $0)) } == Array(0..<12))
        }
    }

    @Test func oddSizesArePaddedToEven() throws {
        try inFolder { folder in
            let path = folder.appendingPathComponent("odd.mp4").path
            try TestClips.write(path, count: 3, width: 161, height: 97)
            let reader = try VideoReader(path: path)
            #expect(reader.size == ImageSize(width: 162, height: 98))
            #expect(try TestClips.number(in: reader.frame(at: 2)) == 2)
        }
    }

    @Test func tenBitAndAlphaAreRead() throws {
        try inFolder { folder in
            var tenBit = VideoWriter.EncoderSettings.h264
            tenBit.pixelFormat = AV_PIX_FMT_YUV420P10LE
            let alpha = VideoWriter.EncoderSettings(encoders: ["qtrle"], pixelFormat: AV_PIX_FMT_ARGB, options: [:], usesBTColours: false)
            for (name, settings) in [("ten.mp4", tenBit), ("alpha.mov", alpha)] {
                let path = folder.appendingPathComponent(name).path
                try TestClips.write(path, count: 5, settings: settings)
                let reader = try VideoReader(path: path)
                #expect(try (0..<5).map { try TestClips.number(in: reader.frame(at: $0)) } == Array(0..<5), "\(name)")
                let color = try reader.frame(at: 0)[150, 90]
                #expect(abs(Int(color.red) - 60) < 8 && abs(Int(color.green) - 110) < 8 && abs(Int(color.blue) - 160) < 8, "\(name)")
            }
        }
    }

    @Test(arguments: [1, 2, 3]) func rotationIsApplied(quarterTurns: Int) throws {
        try inFolder { folder in
            let path = folder.appendingPathComponent("turned.mp4").path
            try TestClips.write(path, count: 3)
            // The matrix in the track header, as cameras write it: a turn clockwise.
            var data = try Data(contentsOf: URL(fileURLWithPath: path))
            let header = try #require(data.range(of: Data("tkhd".utf8)))
            let matrices: [[Int32]] = [[0, 1, -1, 0], [-1, 0, 0, -1], [0, -1, 1, 0]]
            for (slot, value) in zip([0, 1, 3, 4], matrices[quarterTurns - 1]) {
                let position = header.upperBound + 40 + 4 * slot
                withUnsafeBytes(of: (value << 16).bigEndian) { data.replaceSubrange(position..<(position + 4), with: $0) }
            }
            try data.write(to: URL(fileURLWithPath: path))
            let reader = try VideoReader(path: path)
            let upright = try reader.frame(at: 1)
            #expect(upright.size == (quarterTurns == 2 ? ImageSize(width: 160, height: 96) : ImageSize(width: 96, height: 160)))
            #expect(TestClips.number(in: upright.rotated(quarterTurnsClockwise: 4 - quarterTurns)) == 1)
        }
    }

    @Test func cutFilesServeWhatIsThere() throws {
        try inFolder { folder in
            let path = folder.appendingPathComponent("whole.mp4").path
            try TestClips.write(path, count: 60, settings: TestClips.openGroups)
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            let cut = folder.appendingPathComponent("cut.mp4")
            try data.prefix(data.count * 7 / 10).write(to: cut)
            let reader = try VideoReader(path: cut.path)
            #expect(reader.damage != nil)
            #expect(reader.frameCount > 10 && reader.frameCount < 60)
            #expect(try TestClips.number(in: reader.frame(at: 8)) == 8)
        }
    }

    @Test func unusableInputsAreNamed() throws {
        try inFolder { folder in
            #expect(throws: MediaError.notFound(path: "/no/such/file.mp4")) { try VideoReader(path: "/no/such/file.mp4") }
            let text = folder.appendingPathComponent("text.mp4")
            try Data("This is not a video.\n".utf8).write(to: text)
            #expect(throws: MediaError.self) { try VideoReader(path: text.path) }
            let empty = folder.appendingPathComponent("empty.mp4")
            try Data().write(to: empty)
            #expect(throws: MediaError.self) { try VideoReader(path: empty.path) }
            let sound = folder.appendingPathComponent("sound.wav")
            try Self.silence.write(to: sound)
            #expect(throws: MediaError.noVideoStream(path: sound.path)) { try VideoReader(path: sound.path) }
            let bare = folder.appendingPathComponent("bare")
            try FileManager.default.createDirectory(at: bare, withIntermediateDirectories: true)
            #expect(throws: MediaError.noFrames(path: bare.path)) { try openFrames(bare.path) }
        }
    }

    /// A WAV file of a tenth of a second.
    private static var silence: Data {
        func little(_ value: Int, _ bytes: Int) -> Data { Data((0..<bytes).map { UInt8(value >> (8 * $0) & 255) }) }
        let samples = Data(count: 1600)
        return Data("RIFF".utf8) + little(36 + samples.count, 4) + Data("WAVEfmt ".utf8) + little(16, 4) + little(1, 2) + little(1, 2)
            + little(8000, 4) + little(16000, 4) + little(2, 2) + little(16, 2) + Data("data".utf8) + little(samples.count, 4) + samples
    }

    @Test func requestsOutsideAreRefused() throws {
        try inFolder { folder in
            let path = folder.appendingPathComponent("clip.mp4").path
            try TestClips.write(path, count: 4)
            let reader = try VideoReader(path: path)
            for index in [-1, 4, 1000] {
                #expect(throws: MediaError.frameOutOfRange(index: index, count: 4)) { try reader.frame(at: index) }
            }
            let part = try SubrangeSource(reader, start: 1, end: 4, stride: 2)
            #expect(part.frameCount == 2)
            #expect(try TestClips.number(in: part.frame(at: 1)) == 3)
            #expect(throws: MediaError.self) { try SubrangeSource(reader, start: 4) }
        }
    }
}

struct FrameFolderTests {
    @Test func namesSortNaturally() {
        let names = ["frame-10.png", "frame-2.png", "frame-1.png", "frame-002b.png", "Frame-3.png", "a.png"]
        #expect(names.sorted(by: FrameFolder.naturallyBefore) == ["Frame-3.png", "a.png", "frame-1.png", "frame-2.png", "frame-002b.png", "frame-10.png"])
    }

    @Test func foldersAreVideos() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for index in [10, 2, 1] { try ImageFile.writePNG(TestClips.picture(index), to: folder.appendingPathComponent("f\(index).png").path) }
        let source = try openFrames(folder.path)
        #expect(source.frameCount == 3)
        #expect(try (0..<3).map { try TestClips.number(in: source.frame(at: $0)) } == [1, 2, 10])
        try ImageFile.writePNG(RGBImage(width: 10, height: 10), to: folder.appendingPathComponent("f3.png").path)
        let mixed = try openFrames(folder.path)
        #expect(throws: MediaError.self) { try mixed.frame(at: 2) }
    }
}

struct VideoWriterTests {
    @Test func nothingIsLeftBehindOnFailure() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("out.mp4").path
        let writer = try VideoWriter(path: path, size: ImageSize(width: 160, height: 96), timeBase: (1, 25))
        try writer.append(TestClips.picture(0), timestamp: 0)
        #expect(throws: MediaError.self) { try writer.append(TestClips.picture(1), timestamp: 0) }
        #expect(throws: MediaError.self) { try writer.append(RGBImage(width: 2, height: 2), timestamp: 5) }
        writer.cancel()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        #expect(throws: MediaError.self) {
            try VideoWriter(path: "/nowhere/at/all.mp4", size: ImageSize(width: 16, height: 16), timeBase: (1, 25))
        }
    }

    #if os(Linux)
    /// Needs a small file system of its own, which only root can mount.
    @Test(.enabled(if: getuid() == 0, "mounting a small file system needs root")) func fullDiskIsSaid() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else { return }
        defer { umount(folder.path) }
        let path = folder.appendingPathComponent("out.mp4").path
        var failure: MediaError?
        do {
            let writer = try VideoWriter(path: path, size: ImageSize(width: 640, height: 480), timeBase: (1, 25))
            var generator = SystemRandomNumberGenerator()
            for index in 0..<40 {
                let noise = (0..<(640 * 480 * 3)).map { _ in UInt8.random(in: 0...255, using: &generator) }
                try writer.append(RGBImage(width: 640, height: 480, pixels: noise), timestamp: Int64(index))
            }
            try writer.finish()
        } catch let error as MediaError {
            failure = error
        }
        guard case .unwritable = failure else {
            Issue.record("a full disk was not noticed: \(String(describing: failure))")
            return
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
    #endif
}

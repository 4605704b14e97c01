import CFFmpeg
import Foundation
import Testing

@testable import Media

struct VideoReaderTests {
    /// Reads `path` in order, then backwards, then at random, and compares.
    private func expectExactAccess(
        _ path: String, frames: Int, numbers: [Int]? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let reader = try VideoReader(path: path)
        #expect(reader.frameCount == frames, sourceLocation: sourceLocation)
        #expect(reader.damage == nil, sourceLocation: sourceLocation)
        let inOrder = try (0..<reader.frameCount).map { try reader.frame(at: $0) }
        #expect(inOrder.map(ClipMaker.number) == numbers ?? Array(0..<frames), sourceLocation: sourceLocation)
        for index in (0..<reader.frameCount).reversed() where try reader.frame(at: index) != inOrder[index] {
            Issue.record("frame \(index) differs when read backwards", sourceLocation: sourceLocation)
        }
        var state: UInt64 = 7
        for _ in 0..<(2 * frames) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let index = Int(state >> 33) % reader.frameCount
            if try reader.frame(at: index) != inOrder[index] {
                Issue.record("frame \(index) differs when read at random", sourceLocation: sourceLocation)
            }
        }
        // A fresh reader that seeks at once.
        for index in stride(from: reader.frameCount - 1, through: 0, by: -7) {
            let fresh = try VideoReader(path: path).frame(at: index)
            if fresh != inOrder[index] { Issue.record("frame \(index) differs when sought first", sourceLocation: sourceLocation) }
        }
    }

    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: [true, false], ["mp4", "mkv", "ts", "mov"])
    func h264WithBFrames(isOpen: Bool, container: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("clip.\(container)").path
            try ClipMaker.h264(isOpen: isOpen).write(to: path)
            try expectExactAccess(path, frames: 60)
        }
    }

    /// Keyframes closer together than the decoder's reordering delay: a container that seeks by decoding time lands on the wrong one.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: ["mp4", "mkv", "ts"])
    func h264WithDenseKeyframes(container: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("clip.\(container)").path
            var maker = ClipMaker.h264(isOpen: true, interval: 2, frames: 40)
            maker.keyframes = [20, 21, 22, 24, 25]
            try maker.write(to: path)
            try expectExactAccess(path, frames: 40)
        }
    }

    /// Packets without presentation times: frames are known by their order.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: ["h264", "avi"])
    func h264WithoutTimes(container: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("clip.\(container)").path
            var maker = ClipMaker.h264(isOpen: false, frames: 40)
            maker.timeBase = (1, 25)
            maker.times = Array(0..<40)
            try maker.write(to: path)
            try expectExactAccess(path, frames: 40)
            let rate = try VideoReader(path: path).timing.averageRate
            #expect(abs(rate - 25) < 0.5)
        }
    }

    @Test(arguments: ["mpeg4", "mpeg2video", "mjpeg", "ffv1", "libvpx-vp9", "libx265"])
    func otherCodecs(encoder: String) throws {
        guard avcodec_find_encoder_by_name(encoder) != nil else { return }
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("clip.mkv").path
            var maker = ClipMaker(encoder: encoder)
            maker.timeBase = (1, 25)
            maker.times = Array(0..<30)
            maker.options = [
                "g": "8", "bf": ["mpeg4", "mpeg2video"].contains(encoder) ? "2" : "0", "cpu-used": "8", "preset": "ultrafast",
                "x265-params": "log-level=none:keyint=8", "b": "2000000",
            ]
            if encoder == "mjpeg" { maker.pixelFormat = AV_PIX_FMT_YUVJ420P }
            try maker.write(to: path)
            try expectExactAccess(path, frames: 30)
        }
    }

    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: ["mp4", "mkv"])
    func variableFrameRateIsKept(container: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("clip.\(container)").path
            var maker = ClipMaker.h264(isOpen: true)
            maker.times = (0..<Int64(60)).map { (n: Int64) -> Int64 in n * 40 + (n * n * 3) % 17 }
            try maker.write(to: path)
            try expectExactAccess(path, frames: 60)
            let timing = try VideoReader(path: path).timing
            #expect(timing.timestamps[0] == 0)
            for (index, time) in maker.times.enumerated() { #expect(abs(timing.seconds(index) - Double(time) / 1000) < 1e-3) }
        }
    }

    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: ["mp4", "mkv", "ts"])
    func startsLate(container: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("clip.\(container)").path
            var maker = ClipMaker.h264(isOpen: true)
            maker.times = maker.times.map { $0 + 5000 }
            maker.formatOptions["avoid_negative_ts"] = "disabled"
            try maker.write(to: path)
            try expectExactAccess(path, frames: 60)
            #expect(try VideoReader(path: path).timing.timestamps[0] == 0)
        }
    }

    /// An edit list hides the first frames: they are no part of the video, nor is their absence damage.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)))
    func editListTrims() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("clip.mp4").path
            var maker = ClipMaker.h264(isOpen: false)
            maker.times = maker.times.map { $0 - 400 }
            maker.formatOptions = ["avoid_negative_ts": "disabled", "use_editlist": "1"]
            try maker.write(to: path)
            try expectExactAccess(path, frames: 50, numbers: Array(10..<60))
        }
    }

    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: [0.0, 90, 180, 270])
    func rotationIsApplied(degrees: Double) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("clip.mp4").path
            var maker = ClipMaker()
            maker.times = [0, 40, 80]
            maker.rotation = degrees
            maker.picture = { _, size in  // the top-left corner is white
                var image = RGBImage(width: size.width, height: size.height)
                for y in 0..<32 { for x in 0..<48 { image[x, y] = (255, 255, 255) } }
                return image
            }
            try maker.write(to: path)
            let reader = try VideoReader(path: path)
            let image = try reader.frame(at: 1)
            #expect(image.size == reader.size)
            let isTurned = degrees == 90 || degrees == 270
            #expect(reader.size == (isTurned ? ImageSize(width: 96, height: 160) : ImageSize(width: 160, height: 96)))
            let corners = [image[4, 4], image[image.width - 5, 4], image[image.width - 5, image.height - 5], image[4, image.height - 5]]
            // Turning counter-clockwise, the top-left corner goes to the bottom left, bottom right, top right.
            let expected = [0.0: 0, 90: 3, 180: 2, 270: 1][degrees]
            #expect(corners.firstIndex { $0.red > 200 } == expected)
            #expect(corners.filter { $0.red > 200 }.count == 1)
        }
    }

    struct Format: Sendable, CustomTestStringConvertible {
        var encoder: String, format: AVPixelFormat, container: String, tolerance: Int
        var testDescription: String { "\(encoder) \(av_get_pix_fmt_name(format).map { String(cString: $0) } ?? "?")" }
    }

    /// Odd sizes, high bit depths, alpha, RGB: the colours arrive. (Halved colour resolution blurs edges: no bound on the worst pixel
    /// there.)
    @Test(arguments: [
        Format(encoder: "ffv1", format: AV_PIX_FMT_YUV420P10LE, container: "mkv", tolerance: 255),
        Format(encoder: "ffv1", format: AV_PIX_FMT_YUV444P, container: "mkv", tolerance: 6),
        Format(encoder: "libx264", format: AV_PIX_FMT_YUV444P, container: "mp4", tolerance: 60),
        Format(encoder: "libx264", format: AV_PIX_FMT_YUV444P10LE, container: "mp4", tolerance: 60),
        Format(encoder: "qtrle", format: AV_PIX_FMT_ARGB, container: "mov", tolerance: 0),
        Format(encoder: "png", format: AV_PIX_FMT_RGBA, container: "mov", tolerance: 0),
        Format(encoder: "ffv1", format: AV_PIX_FMT_BGRA, container: "mkv", tolerance: 0),
        Format(encoder: "rawvideo", format: AV_PIX_FMT_YUVA444P, container: "nut", tolerance: 6),
    ])
    func pixelFormats(_ item: Format) throws {
        guard avcodec_find_encoder_by_name(item.encoder) != nil else { return }
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("clip.\(item.container)").path
            var maker = ClipMaker(encoder: item.encoder, pixelFormat: item.format)
            maker.size = ImageSize(width: 161, height: 97)
            maker.timeBase = (1, 25)
            maker.times = Array(0..<6)
            if item.encoder != "libx264" { maker.options = [:] }
            maker.picture = { number, size in
                var image = RGBImage(width: size.width, height: size.height, red: 200, green: 60, blue: 30)
                for y in 0..<40 { for x in 0..<(20 + 10 * number) { image[x, y] = (20, 90, 220) } }
                return image
            }
            try maker.write(to: path)
            let reader = try VideoReader(path: path)
            #expect(reader.size == maker.size)
            #expect(reader.frameCount == 6)
            for index in [5, 0, 3] {
                let (found, expected) = (try reader.frame(at: index), maker.picture(index, maker.size))
                let worst = zip(found.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
                #expect(worst <= item.tolerance, "frame \(index)")
                let (corner, far) = (found[2, 2], found[159, 90])
                for (a, b) in [(corner.red, 20), (corner.green, 90), (corner.blue, 220), (far.red, 200), (far.green, 60), (far.blue, 30)] {
                    #expect(abs(Int(a) - b) <= 4)
                }
            }
        }
    }

    /// Reading the same frame again, or one step back, must not be an expensive surprise; nor may indices outside trap.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)))
    func indicesOutsideThrow() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("clip.mp4").path
            try ClipMaker.h264(isOpen: false, frames: 5).write(to: path)
            let reader = try VideoReader(path: path)
            #expect(throws: MediaError.frameOutOfRange(index: 5, count: 5)) { try reader.frame(at: 5) }
            #expect(throws: MediaError.frameOutOfRange(index: -1, count: 5)) { try reader.frame(at: -1) }
            #expect(throws: MediaError.frameOutOfRange(index: .min, count: 5)) { try reader.frame(at: .min) }
            #expect(try reader.frame(at: 4) == reader.frame(at: 4))
        }
    }

    /// Reading in order decodes every frame once; a frame elsewhere costs its group of pictures and a little more.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: ["mp4", "mkv", "ts"])
    func accessIsCheap(container: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("clip.\(container)").path
            try ClipMaker.h264(isOpen: true, frames: 240).write(to: path)
            let reader = try VideoReader(path: path)
            for index in 0..<240 {
                let first = try reader.frame(at: index)
                #expect(try reader.frame(at: index) == first)
            }
            #expect(reader.decodedCount == 240)
            var before = reader.decodedCount
            for index in [200, 10, 120, 119, 239, 30] {
                _ = try reader.frame(at: index)
                #expect(reader.decodedCount - before <= 30, "frame \(index)")
                before = reader.decodedCount
            }
            _ = try reader.frame(at: 239)
            before = reader.decodedCount
            for index in (0..<239).reversed() { _ = try reader.frame(at: index) }
            #expect(reader.decodedCount - before <= 240 * 2)
        }
    }

    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)))
    func severalThreadsReadTheSamePictures() async throws {
        let folder = try TestFolder()
        let path = folder.path("clip.mp4")
        try ClipMaker.h264(isOpen: true).write(to: path)
        let reader = try VideoReader(path: path)
        let numbers = try await withThrowingTaskGroup(of: [Bool].self) { group in
            for start in 0..<4 {
                group.addTask { try stride(from: start, to: 60, by: 4).map { ClipMaker.number(in: try reader.frame(at: $0)) == $0 } }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(numbers.count == 60 && numbers.allSatisfy { $0 })
    }
}

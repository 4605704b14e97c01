import CFFmpeg
import Foundation
import Support
import Testing

@testable import Media

/// The reading end of a pipe into which a thread writes.
private func pipeEnd(timeout: Double? = 10, closes: Bool = true, _ data: Data, chunk: Int = 1000) -> ByteStream {
    let pipe = Pipe()
    signal(SIGPIPE, SIG_IGN)
    Thread {
        var rest = data[...]
        while !rest.isEmpty {
            guard (try? pipe.fileHandleForWriting.write(contentsOf: rest.prefix(chunk))) != nil else { return }
            rest = rest.dropFirst(chunk)
        }
        // Without a writer the pipe would end: a silent one keeps one for good.
        if closes { try? pipe.fileHandleForWriting.close() } else { _ = dup(pipe.fileHandleForWriting.fileDescriptor) }
    }.start()
    return ByteStream(descriptor: dup(pipe.fileHandleForReading.fileDescriptor), name: "pipe", closes: true, timeout: timeout)
}

private func pictures(_ capture: any LiveCapture) throws -> [RGBImage] {
    var pictures: [RGBImage] = []
    while let frame = try capture.next() { pictures.append(try frame.picture()) }
    return pictures
}

@Suite("Live sources: bare bytes, YUV4MPEG2 and containers on pipes")
struct LiveCaptureTests {
    private func bars(_ count: Int, size: ImageSize) -> [RGBImage] { (0..<count).map { ClipMaker.barcode($0, size: size) } }

    private func y4m(_ header: String, frames: [[UInt8]]) -> Data {
        frames.reduce(into: Data((header + "\n").utf8)) { $0 += Data("FRAME\n".utf8) + Data($1) }
    }

    @Test("Bare bytes are the frames, however they arrive", arguments: [1, 7, 4096])
    func raw(chunk: Int) throws {
        let size = ImageSize(width: 20, height: 11)
        let expected = bars(3, size: size)
        let capture = try RawVideoCapture(pipeEnd(Data(expected.flatMap(\.pixels)), chunk: chunk), size: size, rate: 50)
        var times: [Double?] = []
        for picture in expected {
            let frame = try #require(try capture.next())
            times.append(frame.streamSeconds)
            #expect(try frame.picture() == picture)
        }
        #expect(times == [0, 0.02, 0.04])
        #expect(try capture.next() == nil)
    }

    @Test("A last frame that is cut short is named")
    func cut() throws {
        let size = ImageSize(width: 20, height: 11)
        let data = Data(bars(3, size: size).flatMap(\.pixels)).dropLast(100)
        let capture = try RawVideoCapture(pipeEnd(Data(data)), size: size, rate: nil)
        #expect(try capture.next() != nil && capture.next() != nil)
        #expect(throws: FileError.cutFrame("pipe", frame: 2, found: 560, expected: 660)) { try capture.next() }
        let planar = y4m("YUV4MPEG2 W4 H2 F25:1", frames: [[UInt8](repeating: 9, count: 12), []])
        let other = try YUV4MPEGCapture(pipeEnd(planar))
        #expect(try other.next() != nil)
        #expect(throws: FileError.cutFrame("pipe", frame: 1, found: 0, expected: 12)) { try other.next() }
    }

    @Test("A source that falls silent is given up after the time allowed, a stopped one at once")
    func silence() throws {
        let size = ImageSize(width: 20, height: 11)
        let capture = try RawVideoCapture(pipeEnd(timeout: 0.3, closes: false, Data(count: 700)), size: size, rate: nil)
        #expect(try capture.next() != nil)
        let start = ContinuousClock.now
        #expect(throws: FileError.stalled("pipe", seconds: 0.3)) { try capture.next() }
        #expect(ContinuousClock.now - start > .seconds(0.25))
        let stopped = try RawVideoCapture(pipeEnd(timeout: nil, closes: false, Data()), size: size, rate: nil)
        stopped.stop()
        #expect(throws: CancellationError.self) { try stopped.next() }
    }

    /// A file reader and the live one must see the same colours. Raw YUV4MPEG2 has no loss of its own.
    @Test(
        "YUV4MPEG2 gives the pictures that a file reader gives",
        arguments: [AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P, AV_PIX_FMT_GRAY8])
    func planar(format: AVPixelFormat) throws {
        let folder = try TestFolder()
        var maker = ClipMaker(encoder: "wrapped_avframe", pixelFormat: format)
        (maker.size, maker.times, maker.timeBase, maker.options) = (ImageSize(width: 38, height: 22), [0, 1, 2], (1, 25), [:])
        try maker.write(to: folder.path("clip.y4m"))
        let capture = try YUV4MPEGCapture(path: folder.path("clip.y4m"))
        #expect(capture.size == maker.size && capture.rate == 25)
        let reader = try VideoReader(path: folder.path("clip.y4m"))
        let found = try pictures(capture)
        #expect(found.count == 3)
        for (index, picture) in found.enumerated() { #expect(try reader.frame(at: index) == picture) }
    }

    @Test(
        "Headers that say nothing usable are refused",
        arguments: [
            ("YUV4MPEG2 W0 H2", "no frame size"), ("YUV4MPEG2 W4", "no frame size"), ("YUV4MPEG2 W99999 H2", "no frame size"),
            ("YUV4MPEG2 W4 H2 C420p12", "420p12 is not known"), ("YUV4MPEG2 W4 H2 It", "interlaced"), ("RIFF W4 H2", "no YUV4MPEG2"),
            (String(repeating: "Y", count: 5000), "more than 4096"), ("", "no YUV4MPEG2"),
            ("YUV4MPEG2 W4 H2 F1e-300:1", "no frame rate"), ("YUV4MPEG2 W4 H2 F1:inf", "no frame rate"),
            ("YUV4MPEG2 W4 H2 Fnan:1", "no frame rate"),
            ("YUV4MPEG2 W4 H2 F1:9223372036854775807", "no frame rate"), ("YUV4MPEG2 W4 H2 F1:4294967295", "no frame rate"),
            ("YUV4MPEG2 W4 H2 F1:0", "no frame rate"), ("YUV4MPEG2 W4 H2 F-1:1", "no frame rate"), ("YUV4MPEG2 W4 H2 F25", "no frame rate"),
            ("YUV4MPEG2 W16384 H16384", "16384x16384 are too large"), ("YUV4MPEG2 W16384 H16384 C444p10", "too large"),
            ("YUV4MPEG2 W9223372036854775807 H2", "no frame size"), ("YUV4MPEG2 W-4 H-2", "no frame size"),
        ])
    func headers(header: String, message: String) throws {
        #expect { try YUV4MPEGCapture(pipeEnd(Data((header + "\n").utf8))) } throws: { "\($0)".contains(message) }
    }

    @Test(
        "A rate that is not known is none, and those of video standards are taken",
        arguments: [
            ("F0:0", nil), ("F0:1", nil), ("F30000:1001", 30000.0 / 1001), ("F1:86400", 1.0 / 86400), ("", nil),
        ])
    func rates(word: String, rate: Double?) throws {
        #expect(try YUV4MPEGCapture(pipeEnd(Data("YUV4MPEG2 W4 H2 \(word)\n".utf8))).rate == rate)
    }

    @Test(
        "Sizes and rates of bare bytes that cannot be are refused",
        arguments: [
            (16384, 16384, 25.0), (0, 2, 25), (-4, -2, 25), (.max, .max, 25), (4, 2, 1e-300), (4, 2, .infinity), (4, 2, .nan), (4, 2, -1),
            (4, 2, 1e300),
        ])
    func rawLimits(width: Int, height: Int, rate: Double) throws {
        #expect(throws: MediaError.self) { try RawVideoCapture(pipeEnd(Data()), size: ImageSize(width: width, height: height), rate: rate) }
    }

    @Test("Times to wait that clocks cannot count are for ever; negative ones are over at once", arguments: [1e30, .infinity, .nan, 1e9])
    func longTimeouts(timeout: Double) throws {
        let capture = try RawVideoCapture(pipeEnd(timeout: timeout, Data(count: 24)), size: ImageSize(width: 4, height: 2), rate: nil)
        #expect(try capture.next() != nil && capture.next() == nil)
        #expect(waitingTime(timeout) == nil && waitingTime(-timeout) != nil || timeout.isNaN)
        let silent = pipeEnd(timeout: -1, closes: false, Data())
        #expect(throws: FileError.stalled("pipe", seconds: 0)) { try silent.peek(1) }
    }

    @Test("A pipe that nobody writes to is given up after the time allowed, and read once somebody does")
    func namedPipe() throws {
        let folder = try TestFolder()
        let path = folder.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: FileError.stalled(path, seconds: 0.2)) { try openLive(path, timeout: 0.2) }
        Thread {
            usleep(100_000)
            guard let file = FileHandle(forWritingAtPath: path) else { return }
            try? file.write(contentsOf: Data("YUV4MPEG2 W4 H2\nFRAME\n".utf8) + Data(count: 12))
            try? file.close()
        }.start()
        #expect(try pictures(openLive(path, timeout: 10)).count == 1)
    }

    @Test("Data that is out of step is noticed")
    func outOfStep() throws {
        let data = y4m("YUV4MPEG2 W4 H2", frames: [[UInt8](repeating: 9, count: 14), [UInt8](repeating: 9, count: 12)])
        let capture = try YUV4MPEGCapture(pipeEnd(data))
        #expect(try capture.next() != nil)
        #expect { try capture.next() } throws: { "\($0)".contains("out of step") }
    }

    @Test(
        "A container on a pipe gives the pictures that a file reader gives, with their times",
        .enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: ["mkv", "ts", "nut"])
    func container(name: String) throws {
        let folder = try TestFolder()
        try ClipMaker.h264(isOpen: false, frames: 20).write(to: folder.path("clip.\(name)"))
        let reader = try VideoReader(path: folder.path("clip.\(name)"))
        let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("clip.\(name)")))
        let capture = try FFmpegCapture(pipeEnd(data))
        #expect(capture.size == reader.size)
        var index = 0
        while let frame = try capture.next() {
            #expect(try frame.picture() == reader.frame(at: index))
            #expect(abs((frame.streamSeconds ?? -1) - Double(index) * 0.04) < 1e-3)
            index += 1
        }
        #expect(index == 20)
    }

    @Test("What no format fits is refused, and so is silence")
    func unknown() throws {
        #expect { try FFmpegCapture(pipeEnd(Data("just words, and no video at all\n".utf8))) } throws: { $0.isRefusal }
        #expect(throws: FileError.stalled("pipe", seconds: 0.2)) {
            try FFmpegCapture(pipeEnd(timeout: 0.2, closes: false, Data(count: 10)))
        }
        #expect(throws: FileError.notFound(path: "/absent")) { try openLive("/absent") }
        #expect(throws: MediaError.self) { try openLive("-", format: .rgb24) }
        #expect(throws: MediaError.self) { try openLive("udp://x", format: .y4m) }
        #expect(throws: MediaError.self) { try openLive("nonsense://nowhere") }
    }
}

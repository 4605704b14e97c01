import CFFmpeg
import Foundation
import Support
import Testing

@testable import Media

@Suite("Times that nobody can mean")
struct HostileTimesTests {
    private static let far = Int64(1) << 62

    @Test(
        "Frames are served in order and evenly spaced",
        arguments: [[-far, 0, far], [0, 40, far / 2, far], [-far, far], [0, 40, 80, 1 << 53]])
    func files(times: [Int64]) throws {
        let folder = try TestFolder()
        for container in ["mkv", "nut"] {
            let path = folder.path("clip.\(container)")
            var maker = ClipMaker(encoder: "rawvideo")
            (maker.options, maker.times, maker.formatOptions) = ([:], times, ["avoid_negative_ts": "disabled"])
            try maker.write(to: path)
            let reader = try VideoReader(path: path)
            #expect(reader.frameCount == times.count)
            for index in times.indices { #expect(ClipMaker.number(in: try reader.frame(at: index)) == index) }
            #expect(reader.timing.timestamps == reader.timing.timestamps.sorted() && reader.timing.timestamps.first == 0)
            #expect(reader.timing.seconds(times.count - 1) < VideoTiming.longestDuration)
            let capture = try openLive(path, format: .ffmpeg)
            var count = 0
            while let frame = try capture.next() {
                #expect(frame.streamSeconds.map { abs($0) <= VideoTiming.longestDuration } ?? true)
                count += 1
            }
            #expect(count == times.count)
        }
    }

    @Test("An index of such times goes by order, and does not overflow", arguments: [Int64.max, 1 << 61, 1])
    func index(ticks: Int64) {
        for times in [[Int64.min + 1, .max], [Int64.min + 1, 0, .max], [Int64](repeating: 5, count: 1000)] {
            var index = PacketIndex()
            index.timestamps = times
            index.complete(ticksPerFrame: ticks, timeBase: (1, 1000))
            #expect(index.isOrderOnly && index.timestamps.first == 0)
            #expect(zip(index.timestamps, index.timestamps.dropFirst()).allSatisfy { $0 < $1 })
        }
        var index = PacketIndex()
        index.timestamps = [-5, 40, 80]
        index.complete(ticksPerFrame: ticks, timeBase: (1, 1000))
        #expect(!index.isOrderOnly && index.timestamps == [-5, 40, 80])
    }

    @Test("A writer takes or refuses any times")
    func writer() throws {
        let folder = try TestFolder()
        let image = RGBImage(width: 32, height: 32)
        for times in [[Int64.min, .max], [0, 1, .max], [Int64.max - 1, .max], [-Self.far, 0, Self.far]] {
            for base in [(1, 1000), (Int(Int32.max), 1), (1, Int(Int32.max)), (100_000, 65_537)] {
                do {
                    let writer = try VideoWriter(path: folder.path("clip.mkv"), size: image.size, timeBase: base, encoders: ["mpeg4"])
                    for time in times { try writer.append(image, timestamp: time) }
                    try writer.finish()
                } catch let error where error.isRefusal {}
            }
        }
    }

    @Test("Live times that are no numbers give way to the clock", arguments: [Double.nan, .infinity, -1e300, 1e300])
    func live(seconds: Double) async throws {
        let frames = LiveFrames(OddCapture(seconds: seconds), policy: .all)
        frames.start()
        let frame = try #require(try await frames.take())
        #expect(frame.seconds >= 0 && frame.seconds < 60)
    }
}

/// One frame at a time that its stream makes up.
private final class OddCapture: LiveCapture {
    let name = "odd"
    let size = ImageSize(width: 2, height: 2)
    private let seconds: Double
    private let isDone = Protected(false)

    init(seconds: Double) { self.seconds = seconds }

    func next() throws -> CapturedFrame? {
        let wasDone = isDone.withLock { done in
            defer { done = true }
            return done
        }
        return wasDone ? nil : CapturedFrame(streamSeconds: seconds) { RGBImage(width: 2, height: 2) }
    }

    func stop() {}
}

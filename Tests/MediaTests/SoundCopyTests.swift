import CFFmpeg
import Foundation
import Testing

@testable import Media

struct SoundCopyTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private struct Sound {
        var codec: AVCodecID
        /// Seconds and contents of each packet.
        var packets: [(time: Double, data: Data)] = []
    }

    /// The streams of sound that a file holds.
    private func sounds(in path: String) throws -> [Sound] {
        var format: UnsafeMutablePointer<AVFormatContext>?
        try #require(avformat_open_input(&format, path, nil, nil) >= 0)
        defer { avformat_close_input(&format) }
        guard let format else { return [] }
        try #require(avformat_find_stream_info(format, nil) >= 0)
        var found: [Int32: Sound] = [:]
        for index in 0..<Int(format.pointee.nb_streams) {
            guard let stream = format.pointee.streams[index], stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO else {
                continue
            }
            found[Int32(index)] = Sound(codec: stream.pointee.codecpar.pointee.codec_id)
        }
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        while let packet, av_read_frame(format, packet) >= 0 {
            defer { av_packet_unref(packet) }
            guard let stream = format.pointee.streams[Int(packet.pointee.stream_index)], let data = packet.pointee.data else { continue }
            let base = stream.pointee.time_base
            found[packet.pointee.stream_index]?.packets.append(
                (Double(packet.pointee.pts) * Double(base.num) / Double(base.den), Data(bytes: data, count: Int(packet.pointee.size))))
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    /// The frames `range` of a clip as a new video with the clip's sound.
    private func copy(_ source: String, to name: String, _ range: Range<Int>) throws -> (path: String, problem: String?) {
        let reader = try VideoReader(path: source)
        let path = folder.path(name)
        let writer = try VideoWriter(
            path: path, size: reader.size, timeBase: reader.timing.timeBase, sound: reader.sound(from: range.lowerBound))
        let start = reader.timing.timestamps[range.lowerBound]
        for index in range { try writer.append(try reader.frame(at: index), timestamp: reader.timing.timestamps[index] - start) }
        try writer.finish()
        #expect(try VideoReader(path: path).frameCount == range.count)
        return (path, writer.soundProblem)
    }

    @Test(arguments: ["mp4", "mov", "mkv"])
    func allOfIt(container: String) throws {
        let copied = try copy(testData("clips/tone.mp4"), to: "out.\(container)", 0..<20)
        #expect(copied.problem == nil)
        let (before, after) = (try sounds(in: testData("clips/tone.mp4")), try sounds(in: copied.path))
        #expect(after.count == 1 && after[0].codec == AV_CODEC_ID_AAC)
        // But for what comes before the first picture, and after the last.
        let expected = before[0].packets.filter { $0.time >= 0 && $0.time < 2 }
        #expect(expected.count > 25)
        #expect(after[0].packets.map(\.data) == expected.map(\.data))
        for (a, b) in zip(after[0].packets, expected) { #expect(abs(a.time - b.time) < 0.002) }
        #expect(try VideoReader(path: copied.path).timing.seconds(19) == 1.9)
    }

    /// A part of the clip has that part's sound, at the same distance from its pictures.
    @Test(arguments: ["tone.mp4", "tone-pcm.mkv"])
    func aPart(clip: String) throws {
        let copied = try copy(testData("clips/\(clip)"), to: "out.mkv", 13..<18)
        #expect(copied.problem == nil)
        let (before, after) = (try sounds(in: testData("clips/\(clip)")), try sounds(in: copied.path))
        let expected = before[0].packets.filter { $0.time >= 1.3 - 1e-6 && $0.time < 1.8 - 1e-6 }
        #expect(expected.count >= 4)
        #expect(after[0].packets.map(\.data) == expected.map(\.data))
        for (a, b) in zip(after[0].packets, expected) { #expect(abs(a.time - (b.time - 1.3)) < 0.002) }
    }

    /// Sound that the container does not take is left out, with a word; the video is there.
    @Test func whatDoesNotFit() throws {
        let copied = try copy(testData("clips/tone-pcm.mkv"), to: "out.mp4", 0..<20)
        #expect(copied.problem?.contains("pcm_u8") == true)
        #expect(try sounds(in: copied.path).isEmpty)
    }

    @Test func noSound() throws {
        let copied = try copy(testData("clips/first-is-default.mp4"), to: "out.mp4", 0..<5)
        #expect(copied.problem == nil)
        // Nor is a file that is gone, or a time that is none, an error.
        for sound in [SoundSource(path: folder.path("absent.mp4"), start: 0), SoundSource(path: testData("clips/tone.mp4"), start: .nan)] {
            let writer = try VideoWriter(
                path: folder.path("b.mp4"), size: ImageSize(width: 64, height: 48), timeBase: (1, 10), sound: sound)
            try writer.append(RGBImage(width: 64, height: 48), timestamp: 0)
            try writer.finish()
            #expect(try sounds(in: folder.path("b.mp4")).isEmpty)
        }
    }

    /// Damage anywhere in the source spoils its sound, not the new video.
    @Test func damagedSound() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: testData("clips/tone.mp4")))
        var state: UInt64 = 5
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for round in 0..<40 {
            var data = whole
            for _ in 0..<3 { data[random(data.count)] = UInt8(random(256)) }
            let source = folder.path("damaged.mp4")
            try data.write(to: URL(fileURLWithPath: source))
            let path = folder.path("out.\(["mp4", "mkv", "mov"][round % 3])")
            let writer = try VideoWriter(
                path: path, size: ImageSize(width: 64, height: 48), timeBase: (1, 10),
                sound: SoundSource(path: source, start: Double(round % 4) / 2))
            for time in 0..<8 { try writer.append(RGBImage(width: 64, height: 48, red: 40), timestamp: Int64(time)) }
            try writer.finish()
            #expect(try VideoReader(path: path).frameCount == 8)
        }
    }
}

import CFFmpeg
import Foundation
import Support
import TestSupport
import Testing

@testable import Media

struct DamagedVideoTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func file(_ name: String, _ data: Data) throws -> String {
        let path = folder.path(name)
        try data.write(to: URL(fileURLWithPath: path))
        return path
    }

    private func isUnreadable(_ path: String) -> Bool {
        do {
            _ = try VideoReader(path: path)
            return false
        } catch FileError.unreadable(path, _) {
            return true
        } catch {
            return false
        }
    }

    /// A mono WAV of silence.
    static var silence: Data {
        func little(_ value: UInt32, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let samples = [UInt8](repeating: 0, count: 16000)
        var bytes = Array("RIFF".utf8) + little(UInt32(36 + samples.count), 4) + Array("WAVEfmt ".utf8)
        bytes += little(16, 4) + little(1, 2) + little(1, 2) + little(8000, 4) + little(16000, 4) + little(2, 2) + little(16, 2)
        return Data(bytes + Array("data".utf8) + little(UInt32(samples.count), 4) + samples)
    }

    @Test func whatIsNoVideoIsRefused() throws {
        let absent = folder.path("absent.mp4")
        #expect(throws: FileError.notFound(path: absent)) { try VideoReader(path: absent) }
        #expect(isUnreadable(try file("empty.mp4", Data())))
        #expect(isUnreadable(try file("text.mp4", Data(String(repeating: "This is no video.\n", count: 200).utf8))))
        #expect(isUnreadable(try file("zeros.mkv", Data(count: 5000))))
        #expect(isUnreadable(folder.url.path))
        let audio = try file("audio.wav", Self.silence)
        #expect(throws: MediaError.noVideoStream(path: audio)) { try VideoReader(path: audio) }
    }

    /// FFmpeg would take what stands before a colon for a protocol.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)))
    func unusualNames() throws {
        let plain = folder.path("plain.mp4")
        try ClipMaker.h264(isOpen: false, frames: 3).write(to: plain)
        for name in ["http: a%03d ä?.mp4", "no extension"] {
            let path = folder.path(name)
            try FileManager.default.copyItem(atPath: plain, toPath: path)
            #expect(try VideoReader(path: path).frameCount == 3)
        }
    }

    /// With its index at the end, a cut file cannot be read at all; with the index in front, what is there can.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)))
    func cutMP4() throws {
        var maker = ClipMaker.h264(isOpen: true)
        let path = folder.path("clip.mp4")
        try maker.write(to: path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(isUnreadable(try file("cut.mp4", whole.prefix(whole.count * 6 / 10))))

        maker.formatOptions["movflags"] = "+faststart"
        try maker.write(to: path)
        let front = try Data(contentsOf: URL(fileURLWithPath: path))
        let reader = try VideoReader(path: try file("front.mp4", front.prefix(front.count * 6 / 10)))
        #expect((25..<50).contains(reader.frameCount))
        let damage = try #require(reader.damage)
        #expect(damage.contains("60"))
        var numbers: [Int] = []
        for index in 0..<reader.frameCount {
            guard let image = try? reader.frame(at: index) else { break }
            numbers.append(ClipMaker.number(in: image))
        }
        // All that was listed decodes; at the cut, frames shown earlier but stored later may be missing.
        #expect(numbers.count == reader.frameCount)
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
        #expect(Array(numbers.prefix(24)) == Array(0..<24))
    }

    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: ["mkv", "ts", "h264"])
    func cutStreams(container: String) throws {
        let path = folder.path("clip.\(container)")
        try ClipMaker.h264(isOpen: false).write(to: path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let reader = try VideoReader(path: try file("cut.\(container)", whole.prefix(whole.count / 2)))
        var served = 0
        while served < reader.frameCount, (try? reader.frame(at: served)) != nil { served += 1 }
        #expect((20..<55).contains(served))
        // Not served is the frame that is cut, and what is shown after it: three more where it is a B-frame, as the next key frame is gone.
        // Where the cut falls differs from run to run, since the encoder's sizes do.
        #expect(reader.frameCount - served <= 4)
    }

    struct Container: Sendable {
        var name: String
        var encoder = "libx264"
        var options: [String: String] = [:]
    }

    /// FFmpeg reads a cut file to its end without a word; what the container promised is compared.
    @Test(
        .enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)),
        arguments: [
            Container(name: "mkv"), Container(name: "webm", encoder: "libvpx"), Container(name: "avi"), Container(name: "flv"),
            Container(name: "mp4", options: ["movflags": "+frag_keyframe+empty_moov"]),
            Container(name: "mp4", options: ["movflags": "+faststart"]),
            Container(name: "wmv", encoder: "wmv2"),
        ])
    func containersPromise(container: Container) throws {
        guard avcodec_find_encoder_by_name(container.encoder) != nil else { return }
        var maker = ClipMaker.h264(isOpen: false, frames: 120)
        maker.encoder = container.encoder
        maker.formatOptions = container.options
        if container.name == "avi" { (maker.timeBase, maker.times) = ((1, 25), Array(0..<120)) }
        let path = folder.path("clip.\(container.name)")
        try maker.write(to: path)
        #expect(try VideoReader(path: path).damage == nil)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for share in [0.4, 0.6] {
            let reader = try VideoReader(path: try file("cut.\(container.name)", whole.prefix(Int(Double(whole.count) * share))))
            #expect((20..<110).contains(reader.frameCount))
            #expect(reader.damage?.contains("cut short") == true, "\(share)")
        }
    }

    /// Matroska's length is exact: a few bytes that are missing are noticed.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: [1, 100, 2000])
    func theLastBytes(missing: Int) throws {
        let path = folder.path("clip.mkv")
        try ClipMaker.h264(isOpen: false).write(to: path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let damage = try VideoReader(path: try file("cut.mkv", whole.dropLast(missing))).damage
        #expect(damage == "the file is cut short: its last \(missing) bytes are missing")
    }

    /// Hostile lengths lead nowhere.
    @Test func lengthsAreBounded() throws {
        let heads: [[UInt8]] = [
            [0x1a, 0x45, 0xdf, 0xa3, 0x80, 0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            [0x1a, 0x45, 0xdf, 0xa3, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0, 0],
            [0x1a, 0x45, 0xdf, 0xa3, 0, 0, 0, 0, 0, 0, 0, 0],
            Array("RIFF".utf8) + [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], Array("RIFF".utf8) + [0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 12] + Array("ftyp".utf8) + [0, 0, 0, 0] + [0, 0, 0, 1, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            [0, 0, 0, 12] + Array("ftyp".utf8) + [0, 0, 0, 0] + [0, 0, 0, 1, 0, 0, 0, 0, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            [0, 0, 0, 12] + Array("ftyp".utf8) + [0, 0, 0, 0] + [0, 0, 0, 0, 0, 0], [0, 0, 0, 1] + Array("ftyp".utf8) + [0xff, 0, 0, 0],
        ]
        for head in heads {
            let missing = ContainerLength.missingBytes(try file("head", Data(head)))
            #expect(missing ?? 1 > 0)
        }
        #expect(ContainerLength.missingBytes(folder.path("absent")) == nil)
        #expect(ContainerLength.missingBytes(folder.url.path) == nil)
    }

    /// The decoder patches up what is damaged; such frames are no results, nor is what builds on them.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: ["mp4", "mkv"], [true, false])
    func damagedH264IsNoticed(container: String, isOpen: Bool) throws {
        let path = folder.path("clip.\(container)")
        var maker = ClipMaker.h264(isOpen: isOpen)
        // Arithmetic coding makes a picture of any bytes, mostly.
        maker.options["x264-params", default: ""] += ":cabac=0"
        try maker.write(to: path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let original = try VideoReader(path: path)
        let frames = try (0..<60).map { try original.frame(at: $0) }
        let keyframe = try data(ofKeyframe: 24, path)
        let place = try #require(whole.range(of: keyframe))
        for round in 0..<6 {
            var damaged = whole
            // Noise past the headers, without the zeros that begin another unit.
            var noise = SplitMix64(seed: UInt64(round))
            for position in (place.lowerBound + keyframe.count / 4)..<place.upperBound {
                damaged[position] = UInt8(truncatingIfNeeded: noise.next()) | 1
            }
            let reader = try VideoReader(path: try file("damaged.\(container)", damaged))
            #expect(reader.frameCount == 60)
            for index in 0..<60 {
                switch index {
                case 24..<36: #expect(throws: MediaError.self, "\(round) \(index)") { try reader.frame(at: index) }
                // In open groups these build on the keyframe after them; that they are damaged cannot be told.
                case 21..<24 where isOpen: break
                default: #expect(try reader.frame(at: index) == frames[index], "\(round) \(index)")
                }
            }
        }
    }

    /// The data of the keyframe that is the `index`-th of the clip's frames shown.
    private func data(ofKeyframe index: Int64, _ path: String) throws -> Data {
        let decoder = try VideoDecoder(path: path)
        let base = decoder.timeBase
        while av_read_frame(decoder.format.pointer, decoder.packet.pointer) >= 0 {
            defer { av_packet_unref(decoder.packet.pointer) }
            let packet = decoder.packet.pointer.pointee
            guard packet.flags & AV_PKT_FLAG_KEY != 0, packet.pts * 1000 * Int64(base.numerator) / Int64(base.denominator) == index * 40,
                let bytes = packet.data
            else { continue }
            return Data(bytes: bytes, count: Int(packet.size))
        }
        throw MediaError.noFrames(path: path)
    }

    /// Streams that refresh a column at a time have no keyframes to recover at; whole ones stay whole.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)))
    func intraRefresh() throws {
        let path = folder.path("clip.mp4")
        var maker = ClipMaker.h264(isOpen: false)
        maker.options["x264-params"] = "intra-refresh=1:keyint=12:bframes=0:threads=1"
        try maker.write(to: path)
        let reader = try VideoReader(path: path)
        #expect(reader.damage == nil)
        for index in [0, 1, 30, 59, 20, 40, 10] { #expect(ClipMaker.number(in: try reader.frame(at: index)) == index) }
    }

    /// A recording that starts between keyframes begins with the first frame that can be shown.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: [true, false])
    func startsInMidStream(isOpen: Bool) throws {
        let path = folder.path("clip.ts")
        try ClipMaker.h264(isOpen: isOpen).write(to: path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let start = whole.count / 4 / 188 * 188
        let reader = try VideoReader(path: try file("late.ts", whole.suffix(from: start)))
        let numbers = try (0..<reader.frameCount).map { ClipMaker.number(in: try reader.frame(at: $0)) }
        let first = try #require(numbers.first)
        #expect(first > 0 && first % 12 == 0)
        #expect(numbers == Array(first..<60))
        #expect(ClipMaker.number(in: try reader.frame(at: 3)) == numbers[3])
    }

    /// Flipped bytes anywhere may spoil frames or the file, but never crash, hang or read wrong indices.
    @Test(.enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)), arguments: ["mp4", "mkv", "ts", "avi"])
    func randomDamage(container: String) throws {
        let path = folder.path("clip.\(container)")
        try ClipMaker.h264(isOpen: true, frames: 30).write(to: path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var state: UInt64 = 11
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var opened = 0
        for round in 0..<12 {
            var data = whole
            for _ in 0..<(round < 6 ? 3 : 60) { data[random(data.count)] = UInt8(random(256)) }
            guard let reader = try? VideoReader(path: try file("damaged.\(container)", data)) else { continue }
            opened += 1
            for index in 0..<min(reader.frameCount, 40) {
                if let image = try? reader.frame(at: index) { #expect(image.size == reader.size) }
            }
        }
        #expect(opened > 0)
    }

    /// A frame that is lost in the middle is named; its neighbours are served.
    @Test func lostFrameIsNamed() throws {
        let path = folder.path("clip.avi")
        var maker = ClipMaker(encoder: "mjpeg", pixelFormat: AV_PIX_FMT_YUVJ420P)
        maker.options = [:]
        maker.timeBase = (1, 25)
        maker.times = Array(0..<10)
        try maker.write(to: path)
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        var starts: [Int] = []
        for position in 0..<(data.count - 3) where data[position] == 0xff && data[position + 1] == 0xd8 && data[position + 2] == 0xff {
            starts.append(position)
        }
        try #require(starts.count == 10)
        for position in starts[4]..<(starts[5] - 8) { data[position] = 0 }
        let damaged = try file("damaged.avi", data)
        let reader = try VideoReader(path: damaged)
        #expect(reader.frameCount == 10)
        for index in 0..<10 {
            if index == 4 {
                #expect(throws: MediaError.undecodable(path: damaged, frame: 4, reason: "its data is damaged or missing")) {
                    try reader.frame(at: 4)
                }
            } else {
                #expect(ClipMaker.number(in: try reader.frame(at: index)) == index)
            }
        }
    }

    /// Also where a frame is at hand already, since it was decoded on the way to another.
    @Test func framesOfAnotherSizeAreNamed() throws {
        var data = Data()
        for (index, size) in [ImageSize(width: 160, height: 96), ImageSize(width: 80, height: 48), ImageSize(width: 160, height: 96)]
            .enumerated()
        {
            var maker = ClipMaker(encoder: "mjpeg", pixelFormat: AV_PIX_FMT_YUVJ420P)
            (maker.size, maker.options, maker.timeBase, maker.times) = (size, [:], (1, 25), [0, 1])
            try maker.write(to: folder.path("\(index).mjpeg"))
            data += try Data(contentsOf: URL(fileURLWithPath: folder.path("\(index).mjpeg")))
        }
        let path = try file("sizes.mjpeg", data)
        let reader = try VideoReader(path: path)
        #expect(reader.frameCount == 6)
        for index in [5, 4, 3, 2, 3, 1, 0, 2] {
            if [2, 3].contains(index) {
                let expected = MediaError.frameSizeDiffers(path: path, expected: reader.size, found: ImageSize(width: 80, height: 48))
                #expect(throws: expected) { try reader.frame(at: index) }
            } else {
                #expect(try reader.frame(at: index).size == reader.size)
            }
        }
    }

    /// A header's claim is refused before memory is asked for.
    @Test(arguments: [
        ImageSize(width: 65536, height: 64), ImageSize(width: 64, height: 20000), ImageSize(width: 2_000_000_000, height: 2_000_000_000),
    ])
    func hugeFramesAreRefused(claim: ImageSize) throws {
        let path = folder.path("huge.mkv")
        var maker = ClipMaker(encoder: "rawvideo")
        maker.times = [0, 40]
        maker.options = [:]
        maker.claimedSize = claim
        try maker.write(to: path)
        #expect { try VideoReader(path: path) } throws: { $0.isRefusal }
    }
}

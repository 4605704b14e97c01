import CFFmpeg
import Foundation
import Media

/// Video files, as files and as live sources.
struct VideoFuzzing: InputFuzzing {
    let seeds: [[UInt8]]
    private let file: ScratchFile
    private let output: ScratchFile
    private static let mutation = Mutation(
        tokens: [
            "moov", "trak", "mdia", "stbl", "stts", "ctts", "stss", "stsc", "stsz", "stco", "co64", "elst", "edts", "tkhd", "mdhd", "mvhd",
            "hdlr", "dref",
            "url ", "alis", "moof", "traf", "trun", "tfdt", "sidx", "mdat", "ftyp", "uuid", "cmov", "RIFF", "LIST", "movi", "idx1", "strf",
            "strh", "FLV\u{1}",
            "OggS", "#EXTM3U\n", "ffconcat version 1.0\n", "v=0\r\n",
        ],
        bytes: [
            [0, 0, 0, 1], [0, 0, 1], [0, 0, 0, 1, 0x67], [0, 0, 0, 1, 0x65], [0x47, 0x40], [0x1a, 0x45, 0xdf, 0xa3],
            [0x1f, 0x43, 0xb6, 0x75], [0xa3],
            [0xe7, 0x88], [0x2a, 0xd7, 0xb1], [0xb0, 0x82], [0, 0, 1, 0xba], [0, 0, 1, 0xb3],
            [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            [0xff, 0xd8, 0xff], [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ])

    init() throws {
        let h264 = EncodedSeed(
            encoder: "libx264", format: AV_PIX_FMT_YUV420P,
            options: ["preset": "ultrafast", "x264-params": "bframes=1:keyint=3:threads=1:sei=0"])
        let clips: [(EncodedSeed, [String])] = [
            (h264, ["mp4", "mov", "matroska", "avi", "mpegts", "flv", "nut", "h264", "asf"]),
            (EncodedSeed(encoder: "mpeg4", format: AV_PIX_FMT_YUV420P, options: ["bf": "1"]), ["mp4", "avi", "m4v", "matroska"]),
            (
                EncodedSeed(encoder: "mpeg2video", format: AV_PIX_FMT_YUV420P, options: ["bf": "1"]),
                ["mpegts", "mpeg", "mpeg2video", "mxf"]
            ),
            (EncodedSeed(encoder: "mjpeg", format: AV_PIX_FMT_YUVJ420P), ["avi", "mov", "mjpeg", "mpjpeg"]),
            (EncodedSeed(encoder: "ffv1", format: AV_PIX_FMT_YUV420P), ["matroska", "avi", "nut"]),
            (EncodedSeed(encoder: "libvpx", format: AV_PIX_FMT_YUV420P, options: ["deadline": "realtime"]), ["webm", "ivf"]),
            (
                EncodedSeed(encoder: "libvpx-vp9", format: AV_PIX_FMT_YUV420P, options: ["deadline": "realtime", "cpu-used": "8"]),
                ["webm", "mp4"]
            ),
            (EncodedSeed(encoder: "gif", format: AV_PIX_FMT_RGB8), ["gif"]),
            (EncodedSeed(encoder: "apng", format: AV_PIX_FMT_RGB24), ["apng"]),
            (EncodedSeed(encoder: "png", format: AV_PIX_FMT_RGBA), ["mov"]),
            (EncodedSeed(encoder: "qtrle", format: AV_PIX_FMT_RGB24), ["mov"]),
            (EncodedSeed(encoder: "rawvideo", format: AV_PIX_FMT_YUV420P), ["avi", "nut", "matroska"]),
            (EncodedSeed(encoder: "prores", format: AV_PIX_FMT_YUV422P10LE), ["mov"]),
            (EncodedSeed(encoder: "wmv2", format: AV_PIX_FMT_YUV420P), ["asf"]),
            (EncodedSeed(encoder: "h263p", format: AV_PIX_FMT_YUV420P), ["mov"]),
            (EncodedSeed(encoder: "flv", format: AV_PIX_FMT_YUV420P), ["flv"]),
            (EncodedSeed(encoder: "libtheora", format: AV_PIX_FMT_YUV420P), ["ogg"]),
            (
                EncodedSeed(
                    encoder: "libx265", format: AV_PIX_FMT_YUV420P, width: 64, height: 64,
                    options: ["preset": "ultrafast", "x265-params": "log-level=none:pools=none:frame-threads=1:info=0"]),
                ["mp4", "matroska", "hevc"]
            ),
        ]
        seeds = clips.flatMap { clip, containers in containers.compactMap { clip.clip(in: $0) } }
        (file, output) = (try ScratchFile("input"), try ScratchFile("output.mp4"))
    }

    func input(_ number: UInt64, seed: UInt64) -> Data { Data(Self.mutation.make(number, seed: seed, from: seeds)) }

    func read(_ data: Data) throws -> Bool {
        try file.write(data)
        // Every third is read as it comes as well.
        if data.count % 3 == 0 { _ = try readLive() }
        do {
            let reader = try VideoReader(path: file.path)
            try check(reader.timing, count: reader.frameCount)
            try Defect.unless((1...16384).contains(reader.size.width) && (1...16384).contains(reader.size.height), "size \(reader.size)")
            var pictures: [(RGBImage, Int64)] = []
            let chosen = Set([0, 1, reader.frameCount / 2, reader.frameCount - 1].filter { $0 < reader.frameCount })
            for index in chosen.sorted(by: data.count % 2 == 0 ? (<) : (>)) {
                guard let image = try Self.unlessRefused({ try reader.frame(at: index) }) else { continue }
                try Defect.unless(image.size == reader.size, "frame \(index) is \(image.size), not \(reader.size)")
                pictures.append((image, reader.timing.timestamps[index]))
            }
            if data.count % 5 == 0, reader.size.longestSide <= 512 { try write(pictures.sorted { $0.1 < $1.1 }, reader) }
            return true
        } catch let error where error.isRefusal {
            return false
        }
    }

    private static func unlessRefused<T>(_ body: () throws -> T?) throws -> T? {
        do { return try body() } catch let error where error.isRefusal { return nil }
    }

    private func check(_ timing: VideoTiming, count: Int) throws {
        try Defect.unless(
            timing.timestamps.count == count && timing.timestamps.first == 0, "\(timing.timestamps.count) times of \(count) frames")
        for (a, b) in zip(timing.timestamps, timing.timestamps.dropFirst()) { try Defect.unless(a < b, "times \(a), \(b)") }
        let last = timing.seconds(count - 1)
        try Defect.unless(last.isFinite && last >= 0 && last < 1e10, "\(last) s")
        try Defect.unless(timing.averageRate.isFinite, "rate \(timing.averageRate)")
    }

    /// What an overlay is made with.
    private func write(_ pictures: [(RGBImage, Int64)], _ reader: VideoReader) throws {
        _ = try Self.unlessRefused {
            let writer = try VideoWriter(path: output.path, size: reader.size, timeBase: reader.timing.timeBase)
            for (image, time) in pictures { try writer.append(image, timestamp: time) }
            try writer.finish()
        }
    }

    private func readLive() throws -> Bool {
        do {
            let capture = try openLive(file.path, format: .ffmpeg, timeout: 5)
            for _ in 0..<4 {
                guard let frame = try capture.next() else { break }
                if let seconds = frame.streamSeconds { try Defect.unless(abs(seconds) < 1e10, "\(seconds) s") }
                _ = try Self.unlessRefused { try frame.picture() }
            }
            return true
        } catch let error where error.isRefusal {
            return false
        }
    }
}

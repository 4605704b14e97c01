import CFFmpeg
import Foundation

/// FFmpeg's demuxer and decoder of one video stream. Used under its owner's lock.
final class VideoDecoder {
    private let path: String
    private let format: Owned<AVFormatContext>
    private let stream: UnsafeMutablePointer<AVStream>
    private let context: Owned<AVCodecContext>
    private let packet: Owned<AVPacket>
    private let frame: Owned<AVFrame>
    private let converter = RGBConverter()
    private let quarterTurns: Int
    private var isDraining = false

    /// The index of the frame decoded last; nil after a seek.
    var position: Int?
    /// How many frames have come out since the start; nil after a seek elsewhere.
    private(set) var order: Int?

    init(path: String) throws {
        self.path = path
        var opened: UnsafeMutablePointer<AVFormatContext>?
        let code = avformat_open_input(&opened, path, nil, nil)
        guard code >= 0, let format = Owned(opened, free: { pointer in
            var context: UnsafeMutablePointer<AVFormatContext>? = pointer
            avformat_close_input(&context)
        }) else { throw MediaError.unreadable(path: path, reason: "not a video that FFmpeg knows (\(ffmpegMessage(code)))") }
        self.format = format
        guard avformat_find_stream_info(format.pointer, nil) >= 0 else {
            throw MediaError.unreadable(path: path, reason: "its streams cannot be determined")
        }
        var codec: UnsafePointer<AVCodec>?
        let best = av_find_best_stream(format.pointer, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0)
        guard best >= 0, let streams = format.pointer.pointee.streams, let stream = streams[Int(best)] else {
            throw MediaError.noVideoStream(path: path)
        }
        guard stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0 else { throw MediaError.noVideoStream(path: path) }
        self.stream = stream
        let parameters = stream.pointee.codecpar.pointee
        guard parameters.width <= largestSide, parameters.height <= largestSide else {
            throw MediaError.unreadable(path: path, reason: "frames of \(parameters.width)x\(parameters.height) are too large")
        }
        guard let codec, let context = makeCodecContext(codec), let packet = makePacket(), let frame = makeFrame() else {
            throw MediaError.unreadable(path: path, reason: "this FFmpeg has no decoder for it")
        }
        (self.context, self.packet, self.frame) = (context, packet, frame)
        avcodec_parameters_to_context(context.pointer, stream.pointee.codecpar)
        context.pointer.pointee.thread_count = 2
        context.pointer.pointee.pkt_timebase = stream.pointee.time_base
        let opening = avcodec_open2(context.pointer, codec, nil)
        guard opening >= 0 else { throw MediaError.unreadable(path: path, reason: ffmpegMessage(opening)) }
        let degrees = CFFmpegRotation(stream)
        quarterTurns = degrees.isFinite ? ((Int((-degrees / 90).rounded()) % 4) + 4) % 4 : 0
        for other in 0..<Int(format.pointer.pointee.nb_streams) where other != Int(best) {
            streams[other]?.pointee.discard = AVDISCARD_ALL
        }
    }

    var timeBase: (numerator: Int, denominator: Int) {
        (Int(stream.pointee.time_base.num), max(1, Int(stream.pointee.time_base.den)))
    }

    /// The number of frames in the file's header; 0 where it does not say.
    var promisedFrameCount: Int { Int(stream.pointee.nb_frames) }

    /// Reads all packets without decoding.
    func listPackets() throws -> PacketIndex {
        var (times, keys): ([Int64], [Int64]) = ([], [])
        var (isOrderOnly, isCut) = (false, false)
        while av_read_frame(format.pointer, packet.pointer) >= 0 {
            defer { av_packet_unref(packet.pointer) }
            let found = packet.pointer.pointee
            guard found.stream_index == stream.pointee.index, found.flags & Int32(AV_PKT_FLAG_DISCARD) == 0 else { continue }
            if found.flags & Int32(AV_PKT_FLAG_CORRUPT) != 0 {
                isCut = true
                continue
            }
            if found.pts == CFFmpegNoTimestamp { isOrderOnly = true }
            times.append(found.pts)
            if found.flags & Int32(AV_PKT_FLAG_KEY) != 0 { keys.append(found.pts) }
        }
        if !isOrderOnly {
            times.sort()
            isOrderOnly = zip(times, times.dropFirst()).contains { $0 == $1 }
        }
        if isOrderOnly {
            // Evenly spaced at the nominal rate.
            let rate = av_guess_frame_rate(format.pointer, stream, nil)
            let ticks = rate.num > 0 ? av_rescale_q(1, AVRational(num: rate.den, den: rate.num), stream.pointee.time_base) : 1
            times = times.indices.map { Int64($0) * max(1, ticks) }
        }
        return PacketIndex(timestamps: times, keyframes: keys.sorted(), isOrderOnly: isOrderOnly, isCut: isCut)
    }

    /// Goes to the keyframe at `timestamp`, or to the start.
    func seek(to timestamp: Int64?) throws {
        let start = stream.pointee.start_time == CFFmpegNoTimestamp ? 0 : stream.pointee.start_time
        var code = av_seek_frame(format.pointer, stream.pointee.index, timestamp ?? min(0, start), Int32(AVSEEK_FLAG_BACKWARD))
        if code < 0 { code = av_seek_frame(format.pointer, stream.pointee.index, 0, Int32(AVSEEK_FLAG_BYTE)) }
        guard code >= 0 else { throw MediaError.unreadable(path: path, reason: "it cannot be searched (\(ffmpegMessage(code)))") }
        avcodec_flush_buffers(context.pointer)
        isDraining = false
        position = nil
        order = timestamp == nil ? -1 : nil
    }

    /// The next picture in order of presentation; nil at the end. Damaged packets are passed over.
    func next() throws -> UnsafeMutablePointer<AVFrame>? {
        while true {
            let received = avcodec_receive_frame(context.pointer, frame.pointer)
            if received >= 0 {
                order = order.map { $0 + 1 }
                return frame.pointer
            }
            if received == CFFmpegErrorEOF || isDraining { return nil }
            if !feed() {
                isDraining = true
                avcodec_send_packet(context.pointer, nil)
            }
        }
    }

    /// Hands one packet to the decoder; false at the end of the data.
    private func feed() -> Bool {
        while av_read_frame(format.pointer, packet.pointer) >= 0 {
            defer { av_packet_unref(packet.pointer) }
            guard packet.pointer.pointee.stream_index == stream.pointee.index else { continue }
            if packet.pointer.pointee.flags & Int32(AV_PKT_FLAG_CORRUPT) != 0 { continue }
            avcodec_send_packet(context.pointer, packet.pointer)
            return true
        }
        return false
    }

    func timestamp(of frame: UnsafeMutablePointer<AVFrame>) -> Int64 {
        frame.pointee.pts != CFFmpegNoTimestamp ? frame.pointee.pts : frame.pointee.best_effort_timestamp
    }

    /// The picture, upright.
    func picture(_ frame: UnsafeMutablePointer<AVFrame>) -> RGBImage? {
        converter.convert(frame)?.rotated(quarterTurnsClockwise: quarterTurns)
    }
}

extension RGBImage {
    /// The picture turned by multiples of 90 degrees.
    public func rotated(quarterTurnsClockwise turns: Int) -> RGBImage {
        let turns = ((turns % 4) + 4) % 4
        guard turns != 0 else { return self }
        var result = turns == 2 ? RGBImage(width: width, height: height) : RGBImage(width: height, height: width)
        for y in 0..<height {
            for x in 0..<width {
                switch turns {
                case 1: result[height - 1 - y, x] = self[x, y]
                case 2: result[width - 1 - x, height - 1 - y] = self[x, y]
                default: result[y, width - 1 - x] = self[x, y]
                }
            }
        }
        return result
    }
}

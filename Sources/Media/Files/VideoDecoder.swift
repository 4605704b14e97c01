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

    /// The first packet after a seek, read to learn where the seek went.
    private var hasPendingPacket = false

    /// The index of the frame decoded last, -1 at the start; nil after a seek.
    var position: Int? = -1
    /// How many frames have come out since the start, less one; nil after a seek elsewhere.
    private(set) var order: Int? = -1
    /// Frames shown before this time may lack their references: the seek went to a keyframe shown at this time.
    private(set) var exactFrom = Int64.min
    /// How many frames have come out in all.
    private(set) var decodedCount = 0

    convenience init(path: String) throws {
        let file = try OpenedBytes("file:" + path, protocols: "file", path: path)
        guard let bytes = file.context else { throw MediaError.unreadable(path: path, reason: "it cannot be opened") }
        try self.init(InputPolicy.selfContained.open(bytes, path: path), path: path, resource: file)
    }

    /// - Parameters:
    ///   - opened: as `InputPolicy` opens it; it is closed in the end.
    ///   - path: for messages.
    ///   - resource: what `opened` reads from; it is kept until then.
    ///   - isLive: every frame comes out as soon as its data is there, at the price of some speed.
    init(
        _ opened: UnsafeMutablePointer<AVFormatContext>, path: String, resource: AnyObject? = nil, isLive: Bool = false
    ) throws {
        self.path = path
        guard let format = Owned(opened, free: { pointer in
            withExtendedLifetime(resource) {
                var context: UnsafeMutablePointer<AVFormatContext>? = pointer
                avformat_close_input(&context)
            }
        }) else { throw MediaError.unreadable(path: path, reason: "it cannot be opened") }
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
        // Threads that each decode a frame hold one back each.
        if isLive { context.pointer.pointee.thread_type = FF_THREAD_SLICE }
        context.pointer.pointee.max_pixels = Int64(largestSide) * Int64(largestSide)
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
        (max(1, Int(stream.pointee.time_base.num)), max(1, Int(stream.pointee.time_base.den)))
    }

    /// The size of pictures, upright, as the stream declares it; 0x0 where it does not.
    var declaredSize: ImageSize {
        let parameters = stream.pointee.codecpar.pointee
        let (width, height) = (Int(parameters.width), Int(parameters.height))
        return quarterTurns % 2 == 0 ? ImageSize(width: width, height: height) : ImageSize(width: height, height: width)
    }

    /// Reads all packets without decoding. The decoder is of no use afterwards.
    func listPackets() -> PacketIndex {
        var index = PacketIndex()
        var hasKeyframe = false
        var firstShown = Int64.min
        var (leading, hidden) = (0, 0)
        while av_read_frame(format.pointer, packet.pointer) >= 0 {
            defer { av_packet_unref(packet.pointer) }
            let found = packet.pointer.pointee
            guard found.stream_index == stream.pointee.index else { continue }
            if found.flags & Int32(AV_PKT_FLAG_CORRUPT) != 0 {
                index.isCut = true
                continue
            }
            let isKeyframe = found.flags & Int32(AV_PKT_FLAG_KEY) != 0
            if isKeyframe && !hasKeyframe {
                hasKeyframe = true
                leading = index.timestamps.count
                firstShown = found.pts
            }
            // Edit lists hide frames.
            guard found.flags & Int32(AV_PKT_FLAG_DISCARD) == 0 else {
                hidden += 1
                continue
            }
            if found.pts == CFFmpegNoTimestamp { index.isOrderOnly = true }
            index.timestamps.append(found.pts)
            if isKeyframe, found.pts != CFFmpegNoTimestamp {
                index.keyframes.append(.init(shown: found.pts, decoded: found.dts == CFFmpegNoTimestamp ? found.pts : min(found.dts, found.pts)))
            }
        }
        // What comes before the first keyframe, or is shown before it, cannot be decoded (a recording that starts in mid-stream).
        if hasKeyframe {
            index.timestamps.removeFirst(leading)
            if !index.isOrderOnly { index.timestamps.removeAll { $0 < firstShown } }
        }
        index.complete(ticksPerFrame: ticksPerFrame, timeBase: timeBase)
        let promised = max(0, Int(clamping: stream.pointee.nb_frames)) - hidden
        index.promisedCount = max(promised, index.timestamps.count)
        return index
    }

    private var ticksPerFrame: Int64 {
        let rate = av_guess_frame_rate(format.pointer, stream, nil)
        guard rate.num > 0, rate.den > 0 else { return 1 }
        return max(1, av_rescale_q(1, AVRational(num: rate.den, den: rate.num), stream.pointee.time_base))
    }

    /// Goes to a keyframe.
    /// - Returns: false where the container's search ends after it; another keyframe must then be tried.
    func seek(to keyframe: PacketIndex.Keyframe) -> Bool {
        (position, order) = (nil, nil)
        (isDraining, hasPendingPacket) = (false, false)
        av_packet_unref(packet.pointer)
        guard av_seek_frame(format.pointer, stream.pointee.index, keyframe.decoded, Int32(AVSEEK_FLAG_BACKWARD)) >= 0 else { return false }
        avcodec_flush_buffers(context.pointer)
        while readPacket() {
            if packet.pointer.pointee.flags & Int32(AV_PKT_FLAG_KEY) != 0 {
                let shown = packet.pointer.pointee.pts
                guard shown != CFFmpegNoTimestamp, shown <= keyframe.shown else { break }
                (exactFrom, hasPendingPacket) = (shown, true)
                return true
            }
            av_packet_unref(packet.pointer)
        }
        av_packet_unref(packet.pointer)
        return false
    }

    /// The next picture in order of presentation; nil at the end. Damaged packets are passed over.
    func next() -> UnsafeMutablePointer<AVFrame>? {
        // A damaged stream may fail many times while it is emptied, but not for ever.
        var failuresLeft = 256
        while failuresLeft > 0 {
            let received = avcodec_receive_frame(context.pointer, frame.pointer)
            if received >= 0 {
                order = order.map { $0 + 1 }
                decodedCount += 1
                return frame.pointer
            }
            if received == CFFmpegErrorEOF { return nil }
            if isDraining {
                failuresLeft -= 1
            } else if hasPendingPacket || readPacket() {
                hasPendingPacket = false
                avcodec_send_packet(context.pointer, packet.pointer)
                av_packet_unref(packet.pointer)
            } else {
                isDraining = true
                avcodec_send_packet(context.pointer, nil)
            }
        }
        return nil
    }

    /// Reads the stream's next whole packet; false at the end of the data.
    private func readPacket() -> Bool {
        while av_read_frame(format.pointer, packet.pointer) >= 0 {
            let found = packet.pointer.pointee
            if found.stream_index == stream.pointee.index, found.flags & Int32(AV_PKT_FLAG_CORRUPT) == 0 { return true }
            av_packet_unref(packet.pointer)
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

import CFFmpeg
import Foundation
import Support

/// FFmpeg's demuxer and decoder of one video stream. Used under its owner's lock.
final class VideoDecoder {
    let path: String
    let format: Owned<AVFormatContext>
    let stream: UnsafeMutablePointer<AVStream>
    let packet: Owned<AVPacket>
    private let context: Owned<AVCodecContext>
    private let frame: Owned<AVFrame>
    private let converter = RGBConverter()
    private let orientation: PictureOrientation
    private let isLive: Bool
    private var isDraining = false
    /// Whether the frames that come out may show damage: those from a damaged one up to the next that starts anew.
    private var showsDamage = false

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
        guard let bytes = file.context else { throw FileError.unreadable(path: path, reason: "it cannot be opened") }
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
        (self.path, self.isLive) = (path, isLive)
        format = closing(opened, before: resource)
        guard avformat_find_stream_info(format.pointer, nil) >= 0 else {
            throw FileError.unreadable(path: path, reason: "its streams cannot be determined")
        }
        guard let (stream, codec) = Self.chooseStream(format.pointer) else { throw MediaError.noVideoStream(path: path) }
        self.stream = stream
        let parameters = stream.pointee.codecpar.pointee
        guard parameters.width <= largestSide, parameters.height <= largestSide else {
            throw FileError.unreadable(path: path, reason: "frames of \(parameters.width)x\(parameters.height) are too large")
        }
        guard let codec, let context = makeCodecContext(codec), let packet = makePacket(), let frame = makeFrame() else {
            throw FileError.unreadable(path: path, reason: "this FFmpeg has no decoder for it")
        }
        (self.context, self.packet, self.frame) = (context, packet, frame)
        avcodec_parameters_to_context(context.pointer, stream.pointee.codecpar)
        context.pointer.pointee.thread_count = 2
        // Threads that each decode a frame hold one back each, and lose what H.264's decoder notices of damage.
        if isLive || codec.pointee.id == AV_CODEC_ID_H264 { context.pointer.pointee.thread_type = FF_THREAD_SLICE }
        // Half a picture is otherwise passed on without a word. A live one is better than none.
        if codec.pointee.id == AV_CODEC_ID_MJPEG, !isLive { context.pointer.pointee.err_recognition = AV_EF_EXPLODE }
        context.pointer.pointee.max_pixels = Self.mostPixels(parameters)
        context.pointer.pointee.pkt_timebase = stream.pointee.time_base
        let opening = avcodec_open2(context.pointer, codec, nil)
        guard opening >= 0 else { throw FileError.unreadable(path: path, reason: ffmpegMessage(opening)) }
        orientation = CFFmpegDisplayMatrix(stream).map(PictureOrientation.init(matrix:)) ?? .upright
        setOtherStreams(discard: AVDISCARD_ALL)
    }

    /// How many pixels a frame may have. All frames must have one size: others are refused once they are decoded, and those of a damaged or
    /// hostile file before, as each costs seconds and gigabytes. What a container declares is not always true, so there is room.
    private static func mostPixels(_ parameters: AVCodecParameters) -> Int64 {
        let declared = Int64(max(0, parameters.width)) * Int64(max(0, parameters.height))
        let most = Int64(largestSide) * Int64(largestSide)
        return declared == 0 ? most : min(most, max(4 * declared, 1 << 23))
    }

    /// The video stream that FFmpeg would take: the one marked as default, among equals that with the most bits a second, else the first.
    /// Cover pictures are none.
    private static func chooseStream(
        _ format: UnsafeMutablePointer<AVFormatContext>
    ) -> (stream: UnsafeMutablePointer<AVStream>, codec: UnsafePointer<AVCodec>?)? {
        func usable(_ wanted: Int32) -> (stream: UnsafeMutablePointer<AVStream>, codec: UnsafePointer<AVCodec>?)? {
            var codec: UnsafePointer<AVCodec>?
            let found = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, wanted, -1, &codec, 0)
            guard found >= 0, let stream = format.pointee.streams?[Int(found)] else { return nil }
            return stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0 ? (stream, codec) : nil
        }
        return usable(-1) ?? (0..<Int32(clamping: format.pointee.nb_streams)).lazy.compactMap(usable).first
    }

    func setOtherStreams(discard: AVDiscard) {
        for index in 0..<Int(format.pointer.pointee.nb_streams) where index != Int(stream.pointee.index) {
            format.pointer.pointee.streams?[index]?.pointee.discard = discard
        }
    }

    var timeBase: (numerator: Int, denominator: Int) {
        (max(1, Int(stream.pointee.time_base.num)), max(1, Int(stream.pointee.time_base.den)))
    }

    /// The size of pictures, upright, as the stream declares it; 0x0 where it does not.
    var declaredSize: ImageSize {
        let parameters = stream.pointee.codecpar.pointee
        return orientation.shown(ImageSize(width: Int(parameters.width), height: Int(parameters.height)))
    }

    /// The shape of the pixels of upright pictures.
    var pixelAspect: PixelAspect {
        let ratio = av_guess_sample_aspect_ratio(format.pointer, stream, nil)
        return PixelAspect(plausible: Int(ratio.num), Int(ratio.den)).oriented(orientation)
    }

    /// Goes to a keyframe.
    /// - Returns: false where the container's search ends after it; another keyframe must then be tried.
    func seek(to keyframe: PacketIndex.Keyframe) -> Bool {
        (position, order) = (nil, nil)
        (isDraining, hasPendingPacket, showsDamage) = (false, false, false)
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
                noteDamage()
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

    /// Looks at what the decoder says of the frame. Not all say something: damage in HEVC, VP8, VP9 and FFV1 mostly passes unnoticed.
    private func noteDamage() {
        let found = frame.pointer.pointee
        if found.decode_error_flags != 0 || found.flags & Int32(AV_FRAME_FLAG_CORRUPT) != 0 {
            // Before that time references are missing because of where decoding started.
            if timestamp(of: frame.pointer) >= exactFrom { showsDamage = true }
        } else if CFFmpegIsKeyFrame(frame.pointer) != 0 {
            showsDamage = false
        }
    }

    /// The picture that came last, upright; nil where it shows damage, which only live sources pass on.
    func picture(_ frame: UnsafeMutablePointer<AVFrame>) -> RGBImage? {
        guard isLive || !showsDamage else { return nil }
        // A live source's size is promised before its first frame.
        let own = isLive ? nil : CFFmpegFrameDisplayMatrix(frame)
        return converter.convert(frame)?.oriented(own.map(PictureOrientation.init(matrix:)) ?? orientation)
    }
}

extension PictureOrientation {
    /// - Parameter matrix: FFmpeg's nine numbers.
    fileprivate init(matrix: UnsafePointer<Int32>) { self.init(a: matrix[0], b: matrix[1], c: matrix[3], d: matrix[4]) }
}

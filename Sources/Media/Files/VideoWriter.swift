import CFFmpeg
import Foundation

/// Writes an H.264 video frame by frame, under a temporary name until it is finished.
///
///     let writer = try VideoWriter(path: "overlay.mp4", size: video.size, timeBase: video.timing.timeBase)
///     for index in 0..<video.frameCount { try writer.append(image, timestamp: video.timing.timestamps[index]) }
///     try writer.finish()
///
/// Frames of odd size are extended by one row or column, since H.264's usual colour format needs even sizes.
public final class VideoWriter {
    public let path: String
    private let temporary: String
    private let size: ImageSize
    private let coded: ImageSize
    private let format: Owned<AVFormatContext>
    private let context: Owned<AVCodecContext>
    private let stream: UnsafeMutablePointer<AVStream>
    private let frame: Owned<AVFrame>
    private let packet: Owned<AVPacket>
    private let scaler: OpaquePointer
    private var framesWritten = 0
    private var lastTimestamp: Int64?
    /// How long the newest frame is shown: as long as the one before it. Without it, players leave out a video's last frame.
    private var frameDuration: Int64
    private var isOpen = true

    /// - Parameters:
    ///   - path: its extension names the container: mp4, mov or mkv.
    ///   - timeBase: seconds per tick of the timestamps, as a fraction.
    /// - Throws: `MediaError.unwritable` when the file cannot be created.
    public convenience init(path: String, size: ImageSize, timeBase: (numerator: Int, denominator: Int)) throws {
        try self.init(path: path, size: size, timeBase: timeBase, settings: .h264)
    }

    /// How frames are encoded.
    struct EncoderSettings {
        /// Encoders by FFmpeg's names, the first that is there is taken.
        var encoders: [String]
        var pixelFormat = AV_PIX_FMT_YUV420P
        /// Options that an encoder does not know are ignored.
        var options: [String: String]
        var usesBTColours = true

        static let h264 = EncoderSettings(
            encoders: ["libx264", "h264_videotoolbox", "libopenh264", "mpeg4"], options: ["preset": "superfast", "crf": "20"])
    }

    init(path: String, size: ImageSize, timeBase: (numerator: Int, denominator: Int), settings: EncoderSettings) throws {
        _ = quietFFmpeg
        func failed(_ reason: String) -> MediaError { .unwritable(path: path, reason: reason) }
        let temporary = AtomicFile.temporaryPath(for: path)
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        avformat_alloc_output_context2(&allocated, nil, nil, temporary)
        guard let format = Owned(allocated, free: { avformat_free_context($0) }) else {
            throw failed("no video container is known for its extension; use .mp4, .mov or .mkv")
        }
        let coded = ImageSize(width: (size.width + 1) & ~1, height: (size.height + 1) & ~1)
        guard let codec = settings.encoders.lazy.compactMap({ avcodec_find_encoder_by_name($0) }).first,
            let context = makeCodecContext(codec), let stream = avformat_new_stream(format.pointer, nil), let frame = makeFrame(),
            let packet = makePacket(),
            let scaler = sws_getContext(
                Int32(coded.width), Int32(coded.height), AV_PIX_FMT_RGB24, Int32(coded.width), Int32(coded.height), settings.pixelFormat,
                Int32(SWS_BILINEAR), nil, nil, nil)
        else { throw failed("this FFmpeg has no video encoder for it") }
        self.path = path
        self.temporary = temporary
        self.size = size
        self.coded = coded
        frameDuration = max(1, Int64(timeBase.denominator) / Int64(25 * max(1, timeBase.numerator)))
        (self.format, self.context, self.stream, self.frame, self.packet, self.scaler) = (format, context, stream, frame, packet, scaler)
        let base = AVRational(num: Int32(clamping: timeBase.numerator), den: Int32(clamping: max(1, timeBase.denominator)))
        var code = configureEncoder(codec, base: base, settings: settings)
        if code >= 0 { code = avcodec_parameters_from_context(stream.pointee.codecpar, context.pointer) }
        if code >= 0 { code = avio_open(&format.pointer.pointee.pb, temporary, AVIO_FLAG_WRITE) }
        if code >= 0 { code = writeHeader() }
        if code >= 0 { code = prepareFrame() }
        guard code >= 0 else {
            cancel()
            throw failed(ffmpegMessage(code).lowercased())
        }
    }

    deinit {
        cancel()
        sws_freeContext(scaler)
    }

    private func configureEncoder(_ codec: UnsafePointer<AVCodec>, base: AVRational, settings: EncoderSettings) -> Int32 {
        let encoder = context.pointer
        encoder.pointee.width = Int32(coded.width)
        encoder.pointee.height = Int32(coded.height)
        encoder.pointee.pix_fmt = settings.pixelFormat
        encoder.pointee.time_base = base
        encoder.pointee.thread_count = 2
        encoder.pointee.gop_size = 60
        let isHD = coded.height >= 720
        if settings.usesBTColours {
            encoder.pointee.colorspace = isHD ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M
            encoder.pointee.color_primaries = isHD ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M
            encoder.pointee.color_trc = isHD ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M
            encoder.pointee.color_range = AVCOL_RANGE_MPEG
        }
        if let format = format.pointer.pointee.oformat, format.pointee.flags & AVFMT_GLOBALHEADER != 0 {
            encoder.pointee.flags |= Int32(AV_CODEC_FLAG_GLOBAL_HEADER)
        }
        if let own = encoder.pointee.priv_data { for (name, value) in settings.options { av_opt_set(own, name, value, 0) } }
        stream.pointee.time_base = base
        let table = sws_getCoefficients(isHD ? SWS_CS_ITU709 : SWS_CS_ITU601)
        if settings.usesBTColours { sws_setColorspaceDetails(scaler, table, 1, table, 0, 0, 1 << 16, 1 << 16) }
        return avcodec_open2(encoder, codec, nil)
    }

    private func writeHeader() -> Int32 {
        // The index at the front lets browsers play the file while it loads, and leaves a cut copy readable.
        var options: OpaquePointer?
        av_dict_set(&options, "movflags", "+faststart", 0)
        defer { av_dict_free(&options) }
        return avformat_write_header(format.pointer, &options)
    }

    private func prepareFrame() -> Int32 {
        frame.pointer.pointee.width = Int32(coded.width)
        frame.pointer.pointee.height = Int32(coded.height)
        frame.pointer.pointee.format = context.pointer.pointee.pix_fmt.rawValue
        return av_frame_get_buffer(frame.pointer, 0)
    }

    /// Adds a frame.
    /// - Parameter timestamp: in ticks of the time base, above that of the frame before.
    /// - Throws: `MediaError` when the size differs or the disk is full; the file is then removed.
    public func append(_ image: RGBImage, timestamp: Int64) throws {
        guard isOpen else { throw MediaError.unwritable(path: path, reason: "it is closed") }
        guard image.size == size else { throw MediaError.frameSizeDiffers(path: path, expected: size, found: image.size) }
        if let lastTimestamp, timestamp <= lastTimestamp {
            throw MediaError.invalidArgument("Frame times must increase: \(timestamp) follows \(lastTimestamp).")
        }
        try check(av_frame_make_writable(frame.pointer))
        let picture = coded == size ? image : image.extended(to: coded)
        picture.pixels.withUnsafeBufferPointer { pixels in
            var planes: [UnsafePointer<UInt8>?] = [pixels.baseAddress, nil, nil, nil]
            var strides: [Int32] = [Int32(3 * coded.width), 0, 0, 0]
            _ = withUnsafePointer(to: &frame.pointer.pointee.data) { data in
                data.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 8) { target in
                    withUnsafePointer(to: &frame.pointer.pointee.linesize) { sizes in
                        sizes.withMemoryRebound(to: Int32.self, capacity: 8) { lineSizes in
                            sws_scale(scaler, &planes, &strides, 0, Int32(coded.height), target, lineSizes)
                        }
                    }
                }
            }
        }
        frame.pointer.pointee.pts = timestamp
        if let lastTimestamp { frameDuration = timestamp - lastTimestamp }
        lastTimestamp = timestamp
        try check(avcodec_send_frame(context.pointer, frame.pointer))
        try drain()
        framesWritten += 1
    }

    private func drain() throws {
        while true {
            let code = avcodec_receive_packet(context.pointer, packet.pointer)
            if code == CFFmpegErrorAgain || code == CFFmpegErrorEOF { return }
            try check(code)
            packet.pointer.pointee.duration = frameDuration
            av_packet_rescale_ts(packet.pointer, context.pointer.pointee.time_base, stream.pointee.time_base)
            packet.pointer.pointee.stream_index = stream.pointee.index
            try check(av_interleaved_write_frame(format.pointer, packet.pointer))
            try check(format.pointer.pointee.pb.map { $0.pointee.error } ?? 0)
        }
    }

    /// Completes the file and gives it its name. Without frames nothing is left behind.
    public func finish() throws {
        guard isOpen else { return }
        guard framesWritten > 0 else { return cancel() }
        try check(avcodec_send_frame(context.pointer, nil))
        try drain()
        try check(av_write_trailer(format.pointer))
        if let io = format.pointer.pointee.pb {
            avio_flush(io)
            try check(io.pointee.error)
        }
        try check(avio_closep(&format.pointer.pointee.pb))
        isOpen = false
        try AtomicFile.commit(temporary, to: path)
    }

    /// Stops without a result; nothing is left behind.
    public func cancel() {
        guard isOpen else { return }
        isOpen = false
        if format.pointer.pointee.pb != nil { avio_closep(&format.pointer.pointee.pb) }
        unlink(temporary)
    }

    private func check(_ code: Int32) throws {
        guard code < 0 else { return }
        cancel()
        throw MediaError.unwritable(path: path, reason: ffmpegMessage(code).lowercased())
    }
}

extension RGBImage {
    /// The picture with its last column and row repeated up to `size`.
    func extended(to size: ImageSize) -> RGBImage {
        var result = RGBImage(width: size.width, height: size.height)
        for y in 0..<size.height {
            for x in 0..<size.width { result[x, y] = self[min(x, width - 1), min(y, height - 1)] }
        }
        return result
    }
}

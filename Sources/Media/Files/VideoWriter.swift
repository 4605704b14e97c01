import CFFmpeg
import Foundation
import Support

/// Writes an H.264 video frame by frame, under a temporary name until it is finished.
///
///     let writer = try VideoWriter(path: "overlay.mp4", size: video.size, timeBase: video.timing.timeBase)
///     for index in 0..<video.frameCount { try writer.append(image, timestamp: video.timing.timestamps[index]) }
///     try writer.finish()
///
/// Frames of odd size are extended by one row or column, since H.264's usual colour format needs even sizes.
public final class VideoWriter {
    public let path: String
    private let part: PartFile
    private let size: ImageSize
    private let coded: ImageSize
    private let format: Owned<AVFormatContext>
    private let context: Owned<AVCodecContext>
    private let stream: UnsafeMutablePointer<AVStream>
    private let frame: Owned<AVFrame>
    private let packet: Owned<AVPacket>
    private let scaler: OpaquePointer
    private let sound: SoundCopy?
    private var framesWritten = 0
    private let timeBase: AVRational
    private var lastTimestamp: Int64?
    private var lastEncoded: Int64?
    /// The latest distance between two frames, in ticks of the encoder; the last frame is shown as long as the one before.
    private var lastInterval: Int64
    private var isOpen = true

    /// Why sound is missing that was to be copied; nil where there is none, or all of it was.
    public var soundProblem: String? { sound?.problem }

    /// Preferred first. Those that this FFmpeg lacks or cannot open are passed over.
    static let encoders = ["libx264", "h264_videotoolbox", "libopenh264", "mpeg4"]

    private static let unknownContainer = "no video container is known for its extension; use .mp4, .mov or .mkv"

    /// - Parameters:
    ///   - path: its extension names the container: mp4, mov or mkv.
    ///   - timeBase: seconds per tick of the timestamps, as a fraction.
    ///   - pixelAspect: the shape in which players show the pixels.
    ///   - sound: what to copy beside the pictures, as far as the container takes it; see `soundProblem`.
    /// - Throws: `FileError.unwritable` when the file cannot be created, `invalidArgument` for impossible sizes or time bases.
    public convenience init(
        path: String, size: ImageSize, timeBase: (numerator: Int, denominator: Int), pixelAspect: PixelAspect = .square,
        sound: SoundSource? = nil
    ) throws {
        try self.init(path: path, size: size, timeBase: timeBase, pixelAspect: pixelAspect, sound: sound, encoders: Self.encoders)
    }

    init(
        path: String, size: ImageSize, timeBase: (numerator: Int, denominator: Int), pixelAspect: PixelAspect = .square,
        sound: SoundSource? = nil, encoders: [String]
    ) throws {
        _ = quietFFmpeg
        func failed(_ reason: String) -> FileError { .unwritable(path: path, reason: reason) }
        guard (1...largestSide).contains(size.width), (1...largestSide).contains(size.height) else {
            throw MediaError.invalidArgument("A video cannot have frames of \(size).")
        }
        guard let numerator = Int32(exactly: timeBase.numerator), let denominator = Int32(exactly: timeBase.denominator), numerator > 0,
            denominator > 0
        else { throw MediaError.invalidArgument("\(timeBase.numerator)/\(timeBase.denominator) seconds is no time base for a video.") }
        // The name tells the container, also that of a link to a file with another one.
        guard let guessed = av_guess_format(nil, path, nil) else { throw failed(Self.unknownContainer) }
        let part = try PartFile(for: path)
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        avformat_alloc_output_context2(&allocated, guessed, nil, part.path)
        guard let format = Owned(allocated, free: { avformat_free_context($0) }), let container = format.pointer.pointee.oformat,
            container.pointee.flags & AVFMT_NOFILE == 0, avformat_query_codec(container, AV_CODEC_ID_H264, FF_COMPLIANCE_NORMAL) == 1
        else { throw failed(Self.unknownContainer) }
        let coded = ImageSize(width: (size.width + 1) & ~1, height: (size.height + 1) & ~1)
        let settings = EncoderSettings(
            size: coded, timeBase: AVRational(num: numerator, den: denominator),
            pixelAspect: AVRational(num: Int32(clamping: pixelAspect.width), den: Int32(clamping: pixelAspect.height)),
            hasGlobalHeader: container.pointee.flags & AVFMT_GLOBALHEADER != 0)
        guard let context = encoders.lazy.compactMap(settings.open).first, let stream = avformat_new_stream(format.pointer, nil),
            let frame = makeFrame(), let packet = makePacket(),
            let scaler = sws_getContext(
                Int32(coded.width), Int32(coded.height), AV_PIX_FMT_RGB24, Int32(coded.width), Int32(coded.height), AV_PIX_FMT_YUV420P,
                Int32(SWS_BILINEAR), nil, nil, nil)
        else { throw failed("this FFmpeg has no video encoder for it") }
        self.path = path
        self.part = part
        self.size = size
        self.coded = coded
        (self.format, self.context, self.stream, self.frame, self.packet, self.scaler) = (format, context, stream, frame, packet, scaler)
        self.timeBase = settings.timeBase
        lastInterval = max(1, av_rescale_q(1, AVRational(num: 1, den: 25), context.pointer.pointee.time_base))
        stream.pointee.time_base = context.pointer.pointee.time_base
        stream.pointee.sample_aspect_ratio = settings.pixelAspect
        self.sound = sound.flatMap { SoundCopy($0, to: format.pointer) }
        let table = sws_getCoefficients(settings.isHD ? SWS_CS_ITU709 : SWS_CS_ITU601)
        sws_setColorspaceDetails(scaler, table, 1, table, 0, 0, 1 << 16, 1 << 16)
        var code = avcodec_parameters_from_context(stream.pointee.codecpar, context.pointer)
        if code >= 0 { code = avio_open(&format.pointer.pointee.pb, "file:" + part.path, AVIO_FLAG_WRITE) }
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
        frame.pointer.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        return av_frame_get_buffer(frame.pointer, 0)
    }

    /// Adds a frame.
    /// - Parameter timestamp: in ticks of the time base, above that of the frame before.
    /// - Throws: `MediaError` when the size differs, `FileError` when the disk is full; the file is then removed.
    public func append(_ image: RGBImage, timestamp: Int64) throws {
        guard isOpen else { throw FileError.unwritable(path: path, reason: "it is closed") }
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
        var time = av_rescale_q(timestamp, timeBase, context.pointer.pointee.time_base)
        if let lastEncoded {
            // Wrapping, for times at the ends of the range: the encoder refuses what comes of it.
            time = max(time, lastEncoded &+ 1)
            lastInterval = max(1, time &- lastEncoded)
        }
        frame.pointer.pointee.pts = time
        (lastTimestamp, lastEncoded) = (timestamp, time)
        try check(avcodec_send_frame(context.pointer, frame.pointer))
        try drain()
        framesWritten += 1
        sound?.write(until: seconds(time), to: format.pointer)
    }

    private func seconds(_ time: Int64) -> Double {
        let base = context.pointer.pointee.time_base
        return Double(time) * Double(base.num) / Double(base.den)
    }

    private func drain() throws {
        while true {
            let code = avcodec_receive_packet(context.pointer, packet.pointer)
            if code == CFFmpegErrorAgain || code == CFFmpegErrorEOF { return }
            try check(code)
            av_packet_rescale_ts(packet.pointer, context.pointer.pointee.time_base, stream.pointee.time_base)
            packet.pointer.pointee.stream_index = stream.pointee.index
            packet.pointer.pointee.duration = av_rescale_q(lastInterval, context.pointer.pointee.time_base, stream.pointee.time_base)
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
        // The last picture is shown as long as the one before.
        if let lastEncoded { sound?.write(until: seconds(lastEncoded) + seconds(lastInterval), to: format.pointer) }
        try check(av_write_trailer(format.pointer))
        if let io = format.pointer.pointee.pb {
            avio_flush(io)
            try check(io.pointee.error)
        }
        try check(avio_closep(&format.pointer.pointee.pb))
        isOpen = false
        try part.commit()
    }

    /// Stops without a result; nothing is left behind.
    public func cancel() {
        guard isOpen else { return }
        isOpen = false
        if format.pointer.pointee.pb != nil { avio_closep(&format.pointer.pointee.pb) }
        part.discard()
    }

    private func check(_ code: Int32) throws {
        guard code < 0 else { return }
        cancel()
        throw FileError.unwritable(path: path, reason: ffmpegMessage(code).lowercased())
    }
}

/// How an encoder is set up.
private struct EncoderSettings {
    var size: ImageSize
    var timeBase: AVRational
    var pixelAspect: AVRational
    var hasGlobalHeader: Bool

    var isHD: Bool { size.height >= 720 }

    /// An encoder ready for frames; nil when FFmpeg lacks it or it cannot run here.
    func open(_ name: String) -> Owned<AVCodecContext>? {
        guard let codec = avcodec_find_encoder_by_name(name), let context = makeCodecContext(codec) else { return nil }
        let encoder = context.pointer
        encoder.pointee.width = Int32(size.width)
        encoder.pointee.height = Int32(size.height)
        encoder.pointee.pix_fmt = AV_PIX_FMT_YUV420P
        encoder.pointee.sample_aspect_ratio = pixelAspect
        // MPEG-4 Part 2 counts time in 16 bits.
        encoder.pointee.time_base =
            codec.pointee.id == AV_CODEC_ID_MPEG4 && timeBase.den > 65535 ? AVRational(num: 1, den: 60000) : timeBase
        // Frames come at their own times; the nominal rate decides the level that players must support. A fine time base says nothing of
        // it.
        let ticks = Double(timeBase.den) / Double(timeBase.num)
        encoder.pointee.framerate =
            (1...120).contains(ticks) ? AVRational(num: timeBase.den, den: timeBase.num) : AVRational(num: 30, den: 1)
        encoder.pointee.thread_count = 2
        encoder.pointee.gop_size = 60
        encoder.pointee.colorspace = isHD ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M
        encoder.pointee.color_primaries = isHD ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M
        encoder.pointee.color_trc = isHD ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M
        encoder.pointee.color_range = AVCOL_RANGE_MPEG
        if hasGlobalHeader { encoder.pointee.flags |= Int32(AV_CODEC_FLAG_GLOBAL_HEADER) }
        if name == "libx264" {
            av_opt_set(encoder.pointee.priv_data, "preset", "superfast", 0)
            av_opt_set(encoder.pointee.priv_data, "crf", "20", 0)
        } else {
            // About as good as x264 at this setting: a quarter of a bit a pixel.
            encoder.pointee.bit_rate = Int64(size.pixelCount) * 30 / 4
        }
        return avcodec_open2(encoder, codec, nil) >= 0 ? context : nil
    }
}

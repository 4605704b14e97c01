import CFFmpeg
import Foundation
import Support

/// Writes a video whose frames have straight alpha, frame by frame, under a temporary name until it is finished.
public final class AlphaVideoWriter {
    /// What it is written with, and into which container.
    public enum Codec: Sendable {
        /// ProRes 4444 in QuickTime, for editors; its alpha is exact.
        case proRes4444
        /// VP9 in WebM, for browsers.
        case vp9

        fileprivate var encoder: String { self == .vp9 ? "libvpx-vp9" : "prores_ks" }
        fileprivate var container: String { self == .vp9 ? "webm" : "mov" }
        fileprivate var format: AVPixelFormat { self == .vp9 ? AV_PIX_FMT_YUVA420P : AV_PIX_FMT_YUVA444P10LE }
        /// The format without alpha; its planes are the first three of the other.
        fileprivate var opaque: AVPixelFormat { self == .vp9 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV444P10LE }
    }

    public let path: String
    private let codec: Codec
    private let part: PartFile
    private let size: ImageSize
    private let timeBase: AVRational
    private let format: Owned<AVFormatContext>
    private let context: Owned<AVCodecContext>
    private let stream: UnsafeMutablePointer<AVStream>
    private let frame: Owned<AVFrame>
    private let packet: Owned<AVPacket>
    private let scaler: OpaquePointer
    private var lastTimestamp: Int64?
    private var isOpen = true

    /// What a person should know of the file though nothing is wrong with it.
    public var notes: [String] {
        // Before libavcodec 61 the container said that there are 24 bits a pixel.
        guard codec == .proRes4444, avcodec_version() >> 16 < 61 else { return [] }
        return ["\(path): written with an FFmpeg before 7.0; editors on macOS may take its alpha for opaque"]
    }

    /// - Parameter timeBase: seconds per tick of the timestamps, as a fraction.
    /// - Throws: `FileError.unwritable` when the file cannot be created or this FFmpeg has no such encoder, `invalidArgument` for
    ///   impossible sizes or time bases.
    public init(
        path: String, codec: Codec, size: ImageSize, timeBase: (numerator: Int, denominator: Int), pixelAspect: PixelAspect = .square
    ) throws {
        _ = quietFFmpeg
        func failed(_ reason: String) -> FileError { .unwritable(path: path, reason: reason) }
        guard (1...largestSide).contains(size.width), (1...largestSide).contains(size.height) else {
            throw MediaError.invalidArgument("A video cannot have frames of \(size).")
        }
        guard let numerator = Int32(exactly: timeBase.numerator), let denominator = Int32(exactly: timeBase.denominator), numerator > 0,
            denominator > 0
        else { throw MediaError.invalidArgument("\(timeBase.numerator)/\(timeBase.denominator) seconds is no time base for a video.") }
        let part = try PartFile(for: path)
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        avformat_alloc_output_context2(&allocated, nil, codec.container, part.path)
        guard let format = Owned(allocated, free: { avformat_free_context($0) }), let container = format.pointer.pointee.oformat else {
            throw failed("this FFmpeg cannot write \(codec.container)")
        }
        let base = AVRational(num: numerator, den: denominator)
        let aspect = AVRational(num: Int32(clamping: pixelAspect.width), den: Int32(clamping: pixelAspect.height))
        guard
            let context = Self.open(
                codec, size, base, aspect, hasGlobalHeader: container.pointee.flags & AVFMT_GLOBALHEADER != 0)
        else { throw failed("this FFmpeg has no encoder \(codec.encoder)") }
        guard let stream = avformat_new_stream(format.pointer, nil), let frame = makeFrame(), let packet = makePacket(),
            let scaler = sws_getContext(
                Int32(size.width), Int32(size.height), AV_PIX_FMT_RGB24, Int32(size.width), Int32(size.height), codec.opaque,
                Int32(SWS_BICUBIC) | Int32(SWS_ACCURATE_RND), nil, nil, nil)
        else { throw failed("there is no memory for an encoder") }
        let table = sws_getCoefficients(Self.isHD(size) ? SWS_CS_ITU709 : SWS_CS_ITU601)
        sws_setColorspaceDetails(scaler, table, 1, table, 0, 0, 1 << 16, 1 << 16)
        (self.path, self.codec, self.part, self.size, self.timeBase) = (path, codec, part, size, base)
        (self.format, self.context, self.stream, self.frame, self.packet, self.scaler) = (format, context, stream, frame, packet, scaler)
        try start(aspect)
    }

    private func start(_ aspect: AVRational) throws {
        stream.pointee.time_base = context.pointer.pointee.time_base
        stream.pointee.sample_aspect_ratio = aspect
        // Players of WebM look for alpha only where this says that there is some.
        if codec == .vp9 { av_dict_set(&stream.pointee.metadata, "alpha_mode", "1", 0) }
        var code = avcodec_parameters_from_context(stream.pointee.codecpar, context.pointer)
        if code >= 0 { code = avio_open(&format.pointer.pointee.pb, "file:" + part.path, AVIO_FLAG_WRITE) }
        if code >= 0 { code = avformat_write_header(format.pointer, nil) }
        frame.pointer.pointee.width = Int32(size.width)
        frame.pointer.pointee.height = Int32(size.height)
        frame.pointer.pointee.format = codec.format.rawValue
        if code >= 0 { code = av_frame_get_buffer(frame.pointer, 0) }
        try check(code)
    }

    deinit {
        cancel()
        sws_freeContext(scaler)
    }

    private static func isHD(_ size: ImageSize) -> Bool { size.height >= 720 }

    private static func open(
        _ codec: Codec, _ size: ImageSize, _ timeBase: AVRational, _ aspect: AVRational, hasGlobalHeader: Bool
    ) -> Owned<AVCodecContext>? {
        guard let found = avcodec_find_encoder_by_name(codec.encoder), let context = makeCodecContext(found) else { return nil }
        let encoder = context.pointer
        encoder.pointee.width = Int32(size.width)
        encoder.pointee.height = Int32(size.height)
        encoder.pointee.pix_fmt = codec.format
        encoder.pointee.sample_aspect_ratio = aspect
        encoder.pointee.time_base = timeBase
        // The nominal rate decides how many bits frames get. A fine time base says nothing of it.
        let ticks = Double(timeBase.den) / Double(timeBase.num)
        encoder.pointee.framerate =
            (1...120).contains(ticks) ? AVRational(num: timeBase.den, den: timeBase.num) : AVRational(num: 30, den: 1)
        encoder.pointee.thread_count = 2
        encoder.pointee.colorspace = isHD(size) ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M
        encoder.pointee.color_primaries = isHD(size) ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M
        encoder.pointee.color_trc = isHD(size) ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M
        encoder.pointee.color_range = AVCOL_RANGE_MPEG
        if hasGlobalHeader { encoder.pointee.flags |= Int32(AV_CODEC_FLAG_GLOBAL_HEADER) }
        let settings: [(String, String)] =
            switch codec {
            case .proRes4444: [("profile", "4444"), ("vendor", "apl0"), ("alpha_bits", "16")]
            // Alternative reference frames are not possible with alpha.
            case .vp9: [("auto-alt-ref", "0"), ("crf", "24"), ("deadline", "good"), ("cpu-used", "4"), ("row-mt", "1")]
            }
        for (key, value) in settings { av_opt_set(encoder.pointee.priv_data, key, value, 0) }
        return avcodec_open2(encoder, found, nil) >= 0 ? context : nil
    }

    /// Adds a frame.
    /// - Parameters:
    ///   - mask: opaque where it is inside.
    ///   - timestamp: in ticks of the time base, above that of the frame before.
    /// - Throws: `MediaError` when a size differs or the disk is full; the file is then removed.
    public func append(_ image: RGBImage, alpha mask: Mask, timestamp: Int64) throws {
        guard isOpen else { throw FileError.unwritable(path: path, reason: "it is closed") }
        guard image.size == size, mask.size == size else {
            throw MediaError.frameSizeDiffers(path: path, expected: size, found: image.size == size ? mask.size : image.size)
        }
        if let lastTimestamp, timestamp <= lastTimestamp {
            throw MediaError.invalidArgument("Frame times must increase: \(timestamp) follows \(lastTimestamp).")
        }
        try check(av_frame_make_writable(frame.pointer))
        convert(image)
        try setAlpha(mask)
        frame.pointer.pointee.pts = timestamp
        lastTimestamp = timestamp
        try check(avcodec_send_frame(context.pointer, frame.pointer))
        try drain()
    }

    private func convert(_ image: RGBImage) {
        image.pixels.withUnsafeBufferPointer { pixels in
            var planes: [UnsafePointer<UInt8>?] = [pixels.baseAddress, nil, nil, nil]
            var strides: [Int32] = [Int32(3 * size.width), 0, 0, 0]
            _ = withUnsafePointer(to: &frame.pointer.pointee.data) { data in
                data.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 8) { target in
                    withUnsafePointer(to: &frame.pointer.pointee.linesize) { sizes in
                        sizes.withMemoryRebound(to: Int32.self, capacity: 8) { lineSizes in
                            sws_scale(scaler, &planes, &strides, 0, Int32(size.height), target, lineSizes)
                        }
                    }
                }
            }
        }
    }

    /// Full and none, as exact as the format has them.
    private func setAlpha(_ mask: Mask) throws {
        guard let plane = frame.pointer.pointee.data.3 else {
            throw FileError.unwritable(path: path, reason: "there is no plane for alpha")
        }
        let stride = Int(frame.pointer.pointee.linesize.3)
        mask.values.withUnsafeBufferPointer { mask in
            for y in 0..<size.height {
                let (row, line) = (y * size.width, plane + y * stride)
                if codec == .vp9 {
                    for x in 0..<size.width { line[x] = mask[row + x] == 0 ? 0 : 255 }
                } else {
                    for x in 0..<size.width {
                        let isInside = mask[row + x] != 0
                        // 1023 in two bytes, the lower first.
                        (line[2 * x], line[2 * x + 1]) = isInside ? (0xff, 0x03) : (0, 0)
                    }
                }
            }
        }
    }

    private func drain() throws {
        while true {
            let code = avcodec_receive_packet(context.pointer, packet.pointer)
            if code == CFFmpegErrorAgain || code == CFFmpegErrorEOF { return }
            try check(code)
            av_packet_rescale_ts(packet.pointer, context.pointer.pointee.time_base, stream.pointee.time_base)
            packet.pointer.pointee.stream_index = stream.pointee.index
            try check(av_interleaved_write_frame(format.pointer, packet.pointer))
            try check(format.pointer.pointee.pb.map { $0.pointee.error } ?? 0)
        }
    }

    /// Completes the file and gives it its name. Without frames nothing is left behind.
    public func finish() throws {
        guard isOpen else { return }
        guard lastTimestamp != nil else { return cancel() }
        try check(avcodec_send_frame(context.pointer, nil))
        try drain()
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

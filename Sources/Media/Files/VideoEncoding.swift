import CFFmpeg
import Foundation
import Support

/// A video in the making, of whatever codec: an encoder, a container, and a file under a temporary name until it is finished. The first
/// error removes the file.
final class VideoEncoding {
    let path: String
    let format: Owned<AVFormatContext>
    let stream: UnsafeMutablePointer<AVStream>
    /// What is encoded next.
    let frame: Owned<AVFrame>
    let settings: EncoderSettings
    /// How long packets are said to be shown, in ticks of the encoder; nil: the container concludes it.
    var packetDuration: Int64?
    private let part: PartFile
    private let context: Owned<AVCodecContext>
    private let packet: Owned<AVPacket>
    private let scaler: OpaquePointer
    private var lastTimestamp: Int64?
    private var isOpen = true

    /// - Parameters:
    ///   - context: opened.
    ///   - colours: the encoder's pixels, but for alpha.
    ///   - scaling: flags of the conversion to them.
    /// - Throws: `FileError.unwritable`.
    init(
        _ path: String, part: PartFile, format: Owned<AVFormatContext>, context: Owned<AVCodecContext>, settings: EncoderSettings,
        colours: AVPixelFormat, scaling: Int32
    ) throws {
        let (width, height) = (Int32(settings.size.width), Int32(settings.size.height))
        guard let stream = avformat_new_stream(format.pointer, nil), let frame = makeFrame(), let packet = makePacket(),
            let scaler = sws_getContext(width, height, AV_PIX_FMT_RGB24, width, height, colours, scaling, nil, nil, nil)
        else { throw FileError.unwritable(path: path, reason: "there is no memory for an encoder") }
        let table = sws_getCoefficients(settings.isHD ? SWS_CS_ITU709 : SWS_CS_ITU601)
        sws_setColorspaceDetails(scaler, table, 1, table, 0, 0, 1 << 16, 1 << 16)
        stream.pointee.time_base = context.pointer.pointee.time_base
        stream.pointee.sample_aspect_ratio = settings.pixelAspect
        (self.path, self.part, self.format, self.context, self.settings) = (path, part, format, context, settings)
        (self.stream, self.frame, self.packet, self.scaler) = (stream, frame, packet, scaler)
    }

    deinit {
        cancel()
        sws_freeContext(scaler)
    }

    /// Creates the file and writes what comes before the frames.
    func start(_ options: [(String, String)] = []) throws {
        var code = avcodec_parameters_from_context(stream.pointee.codecpar, context.pointer)
        if code >= 0 { code = avio_open(&format.pointer.pointee.pb, "file:" + part.path, AVIO_FLAG_WRITE) }
        var dictionary: OpaquePointer?
        for (key, value) in options { av_dict_set(&dictionary, key, value, 0) }
        defer { av_dict_free(&dictionary) }
        if code >= 0 { code = avformat_write_header(format.pointer, &dictionary) }
        frame.pointer.pointee.width = Int32(settings.size.width)
        frame.pointer.pointee.height = Int32(settings.size.height)
        frame.pointer.pointee.format = context.pointer.pointee.pix_fmt.rawValue
        if code >= 0 { code = av_frame_get_buffer(frame.pointer, 0) }
        try check(code)
    }

    /// Seconds per tick of the encoder, which may have one of its own.
    var timeBase: AVRational { context.pointer.pointee.time_base }

    /// The pixels of the frame that is encoded next.
    /// - Parameter timestamp: above that of the frame before.
    func fill(_ image: RGBImage, timestamp: Int64) throws {
        guard isOpen else { throw FileError.unwritable(path: path, reason: "it is closed") }
        if let lastTimestamp, timestamp <= lastTimestamp {
            throw MediaError.invalidArgument("Frame times must increase: \(timestamp) follows \(lastTimestamp).")
        }
        try check(av_frame_make_writable(frame.pointer))
        image.pixels.withUnsafeBufferPointer { pixels in
            var planes: [UnsafePointer<UInt8>?] = [pixels.baseAddress, nil, nil, nil]
            var strides: [Int32] = [Int32(3 * image.size.width), 0, 0, 0]
            _ = withUnsafePointer(to: &frame.pointer.pointee.data) { data in
                data.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 8) { target in
                    withUnsafePointer(to: &frame.pointer.pointee.linesize) { sizes in
                        sizes.withMemoryRebound(to: Int32.self, capacity: 8) { lineSizes in
                            sws_scale(scaler, &planes, &strides, 0, Int32(image.size.height), target, lineSizes)
                        }
                    }
                }
            }
        }
        lastTimestamp = timestamp
    }

    /// Encodes the frame.
    /// - Parameter time: in ticks of the encoder.
    func encode(at time: Int64) throws {
        frame.pointer.pointee.pts = time
        try check(avcodec_send_frame(context.pointer, frame.pointer))
        try drain()
    }

    private func drain() throws {
        while true {
            let code = avcodec_receive_packet(context.pointer, packet.pointer)
            if code == CFFmpegErrorAgain || code == CFFmpegErrorEOF { return }
            try check(code)
            av_packet_rescale_ts(packet.pointer, timeBase, stream.pointee.time_base)
            packet.pointer.pointee.stream_index = stream.pointee.index
            if let packetDuration { packet.pointer.pointee.duration = av_rescale_q(packetDuration, timeBase, stream.pointee.time_base) }
            try check(av_interleaved_write_frame(format.pointer, packet.pointer))
            try check(format.pointer.pointee.pb.map { $0.pointee.error } ?? 0)
        }
    }

    /// Completes the file and gives it its name. Without frames nothing is left behind.
    /// - Parameter addRest: what comes behind the last frame.
    func finish(addRest: () -> Void = {}) throws {
        guard isOpen else { return }
        guard lastTimestamp != nil else { return cancel() }
        try check(avcodec_send_frame(context.pointer, nil))
        try drain()
        addRest()
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
    func cancel() {
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

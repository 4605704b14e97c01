import CFFmpeg
import Foundation

/// Small clips and pictures that FFmpeg encodes, the same ones every time.
struct EncodedSeed: Sendable {
    var encoder: String
    var format: AVPixelFormat
    var width = 48
    var height = 32
    var frames = 6
    /// The encoder's options.
    var options: [String: String] = [:]

    /// The clip in a container; nil where this FFmpeg lacks the encoder or the container.
    func clip(in container: String) -> [UInt8]? {
        CFFmpegSilenceLog()
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        guard avformat_alloc_output_context2(&allocated, nil, container, nil) >= 0, let output = allocated else { return nil }
        defer { avformat_free_context(output) }
        output.pointee.flags |= AVFMT_FLAG_BITEXACT
        var packets: [UnsafeMutablePointer<AVPacket>] = []
        defer {
            for packet in packets {
                var packet: UnsafeMutablePointer<AVPacket>? = packet
                av_packet_free(&packet)
            }
        }
        let hasGlobalHeader = output.pointee.oformat.pointee.flags & AVFMT_GLOBALHEADER != 0
        guard let stream = avformat_new_stream(output, nil), let context = encode(hasGlobalHeader: hasGlobalHeader, into: &packets) else {
            return nil
        }
        defer {
            var context: UnsafeMutablePointer<AVCodecContext>? = context
            avcodec_free_context(&context)
        }
        guard avcodec_parameters_from_context(stream.pointee.codecpar, context) >= 0 else { return nil }
        stream.pointee.time_base = context.pointee.time_base
        stream.pointee.avg_frame_rate = context.pointee.framerate
        var settings: OpaquePointer?
        av_dict_set(&settings, "fflags", "+bitexact", 0)
        defer { av_dict_free(&settings) }
        guard let file = try? ScratchFile("seed"), avio_open(&output.pointee.pb, "file:" + file.path, AVIO_FLAG_WRITE) >= 0 else {
            return nil
        }
        var isWhole = avformat_write_header(output, &settings) >= 0
        for packet in packets where isWhole {
            av_packet_rescale_ts(packet, context.pointee.time_base, stream.pointee.time_base)
            packet.pointee.stream_index = 0
            isWhole = av_interleaved_write_frame(output, packet) >= 0
        }
        isWhole = isWhole && av_write_trailer(output) >= 0
        avio_closep(&output.pointee.pb)
        return isWhole ? (try? Data(contentsOf: file.url)).map { [UInt8]($0) } : nil
    }

    /// The bytes of the first frame: for encoders of pictures, a file.
    var picture: [UInt8]? {
        var packets: [UnsafeMutablePointer<AVPacket>] = []
        var single = self
        single.frames = 1
        let context = single.encode(hasGlobalHeader: false, into: &packets)
        defer {
            var context = context
            avcodec_free_context(&context)
            for packet in packets {
                var packet: UnsafeMutablePointer<AVPacket>? = packet
                av_packet_free(&packet)
            }
        }
        guard let first = packets.first, let data = first.pointee.data else { return nil }
        return [UInt8](UnsafeBufferPointer(start: data, count: Int(first.pointee.size)))
    }

    private func encode(
        hasGlobalHeader: Bool, into packets: inout [UnsafeMutablePointer<AVPacket>]
    ) -> UnsafeMutablePointer<AVCodecContext>? {
        guard let codec = avcodec_find_encoder_by_name(encoder) else { return nil }
        var context = avcodec_alloc_context3(codec)
        var frame = av_frame_alloc()
        defer { av_frame_free(&frame) }
        guard let encoder = context, let frame else { return nil }
        func failed() -> UnsafeMutablePointer<AVCodecContext>? {
            avcodec_free_context(&context)
            return nil
        }
        (encoder.pointee.width, encoder.pointee.height, encoder.pointee.pix_fmt) = (Int32(width), Int32(height), format)
        encoder.pointee.time_base = AVRational(num: 1, den: 25)
        encoder.pointee.framerate = AVRational(num: 25, den: 1)
        encoder.pointee.gop_size = 3
        encoder.pointee.thread_count = 1
        encoder.pointee.strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL
        encoder.pointee.flags |= Int32(AV_CODEC_FLAG_BITEXACT)
        if hasGlobalHeader { encoder.pointee.flags |= Int32(AV_CODEC_FLAG_GLOBAL_HEADER) }
        for (key, value) in options where av_opt_set(encoder.pointee.priv_data, key, value, 0) < 0 { av_opt_set(encoder, key, value, 0) }
        guard avcodec_open2(encoder, codec, nil) >= 0 else { return failed() }
        (frame.pointee.width, frame.pointee.height, frame.pointee.format) = (Int32(width), Int32(height), format.rawValue)
        guard av_frame_get_buffer(frame, 0) >= 0 else { return failed() }
        for number in 0..<frames {
            guard av_frame_make_writable(frame) >= 0 else { return failed() }
            paint(frame, number)
            frame.pointee.pts = Int64(number)
            guard avcodec_send_frame(encoder, frame) >= 0 else { return failed() }
            drain(encoder, &packets)
        }
        avcodec_send_frame(encoder, nil)
        drain(encoder, &packets)
        return packets.isEmpty ? failed() : encoder
    }

    private func drain(_ encoder: UnsafeMutablePointer<AVCodecContext>, _ packets: inout [UnsafeMutablePointer<AVPacket>]) {
        while let packet = av_packet_alloc() {
            guard avcodec_receive_packet(encoder, packet) >= 0 else {
                var packet: UnsafeMutablePointer<AVPacket>? = packet
                av_packet_free(&packet)
                return
            }
            packet.pointee.duration = max(1, packet.pointee.duration)
            packets.append(packet)
        }
    }

    /// Smooth shades and a block that moves, whatever the pixel format.
    private func paint(_ frame: UnsafeMutablePointer<AVFrame>, _ number: Int) {
        for buffer in [frame.pointee.buf.0, frame.pointee.buf.1, frame.pointee.buf.2, frame.pointee.buf.3] {
            if let buffer { memset(buffer.pointee.data, 128, Int(buffer.pointee.size)) }
        }
        let planes = [frame.pointee.data.0, frame.pointee.data.1, frame.pointee.data.2, frame.pointee.data.3]
        let strides = [frame.pointee.linesize.0, frame.pointee.linesize.1, frame.pointee.linesize.2, frame.pointee.linesize.3].map(Int.init)
        for (index, plane) in planes.enumerated() {
            guard let plane else { continue }
            guard strides[index] > 0 else {
                // A palette has no rows.
                for i in 0..<1024 { plane[i] = UInt8(truncatingIfNeeded: i * 3) }
                continue
            }
            // Chroma may have fewer rows; where it has as many, half of them are painted.
            let rows = index == 0 || index == 3 ? height : (height + 1) / 2
            for y in 0..<rows {
                for x in 0..<strides[index] {
                    let isBlock = (8..<16).contains(y) && (number * 4..<number * 4 + 12).contains(x)
                    plane[y * strides[index] + x] = isBlock ? 220 : UInt8(truncatingIfNeeded: 2 * x + 3 * y + 20 * index)
                }
            }
        }
    }
}

import CFFmpeg
import Foundation
import Media
import TestSupport

/// Encodes test clips through FFmpeg. Every frame carries its number as a bar code, so that it can be told from its neighbours.
struct ClipMaker {
    var encoder = "libx264"
    var pixelFormat = AV_PIX_FMT_YUV420P
    var size = ImageSize(width: 160, height: 96)
    var timeBase = (numerator: 1, denominator: 1000)
    /// The presentation time of each frame in ticks of `timeBase`.
    var times: [Int64] = (0..<60).map { $0 * 40 }
    /// The encoder's own options.
    var options = ["preset": "veryfast", "crf": "18"]
    /// The container's options.
    var formatOptions: [String: String] = [:]
    /// Frames that are forced to be keyframes.
    var keyframes: Set<Int> = []
    /// Counter-clockwise degrees by which a player turns the picture.
    var rotation = 0.0
    /// a, b, c, d of the display matrix, in 16.16 bits; nil: none but the rotation's.
    var displayMatrix: [Int32]?
    var pixelAspect = (1, 1)
    /// What the container says of the frames' size, where that is to be a lie.
    var claimedSize: ImageSize?
    var picture: (Int, ImageSize) -> RGBImage = { ClipMaker.barcode($0, size: $1) }

    struct Failure: Error { var step: String, code: Int32 }

    static let hasX264 = avcodec_find_encoder_by_name("libx264") != nil
    static let needsX264 = "FFmpeg was built without libx264"

    /// H.264 with B-frames, keyframes every `interval` frames, references that cross keyframes when `isOpen`.
    static func h264(isOpen: Bool, interval: Int = 12, frames: Int = 60) -> ClipMaker {
        var maker = ClipMaker()
        maker.times = (0..<Int64(frames)).map { $0 * 40 }
        maker.options["x264-params"] =
            "open-gop=\(isOpen ? 1 : 0):bframes=3:b-adapt=0:b-pyramid=normal:keyint=\(interval):min-keyint=\(interval):scenecut=0:ref=3:threads=1"
        return maker
    }

    /// The number in the top half as ten black or white bars; a moving ramp below, which prediction errors would spoil.
    static func barcode(_ number: Int, size: ImageSize) -> RGBImage {
        var image = RGBImage(width: size.width, height: size.height)
        for y in 0..<size.height {
            for x in 0..<size.width {
                if y < size.height / 2 {
                    let level: UInt8 = number >> (x * 10 / size.width) & 1 == 1 ? 255 : 0
                    image[x, y] = (level, level, level)
                } else {
                    image[x, y] = (UInt8((x * 3 + number * 7) & 255), UInt8((y * 5 + number * 11) & 255), UInt8((x + y + number * 5) & 255))
                }
            }
        }
        return image
    }

    /// Reads the bar code.
    static func number(in image: RGBImage) -> Int {
        (0..<10).reduce(0) { sum, bit in
            let pixel = image[(2 * bit + 1) * image.width / 20, image.height / 4]
            return sum | (pixel.green > 127 ? 1 << bit : 0)
        }
    }

    /// Writes the clip; the extension of `path` names the container.
    func write(to path: String) throws {
        func check(_ code: Int32, _ step: String) throws { if code < 0 { throw Failure(step: step, code: code) } }
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        try check(avformat_alloc_output_context2(&allocated, nil, nil, path), "container")
        guard let format = allocated, let codec = avcodec_find_encoder_by_name(encoder), let stream = avformat_new_stream(format, nil)
        else { throw Failure(step: "encoder \(encoder)", code: 0) }
        defer { avformat_free_context(format) }
        var context = avcodec_alloc_context3(codec)
        var frame = av_frame_alloc()
        var packet = av_packet_alloc()
        defer {
            avcodec_free_context(&context)
            av_frame_free(&frame)
            av_packet_free(&packet)
        }
        guard let context, let frame, let packet else { throw Failure(step: "memory", code: 0) }
        let base = AVRational(num: Int32(timeBase.numerator), den: Int32(timeBase.denominator))
        context.pointee.width = Int32(size.width)
        context.pointee.height = Int32(size.height)
        context.pointee.pix_fmt = pixelFormat
        context.pointee.time_base = base
        context.pointee.sample_aspect_ratio = AVRational(num: Int32(pixelAspect.0), den: Int32(pixelAspect.1))
        context.pointee.framerate = AVRational(num: 25, den: 1)
        context.pointee.thread_count = 1
        context.pointee.strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL
        if format.pointee.oformat.pointee.flags & AVFMT_GLOBALHEADER != 0 { context.pointee.flags |= Int32(AV_CODEC_FLAG_GLOBAL_HEADER) }
        for (key, value) in options where av_opt_set(context.pointee.priv_data, key, value, 0) < 0 { av_opt_set(context, key, value, 0) }
        try check(avcodec_open2(context, codec, nil), "open encoder")
        try check(avcodec_parameters_from_context(stream.pointee.codecpar, context), "parameters")
        if let claimedSize {
            stream.pointee.codecpar.pointee.width = Int32(claimedSize.width)
            stream.pointee.codecpar.pointee.height = Int32(claimedSize.height)
        }
        stream.pointee.time_base = base
        stream.pointee.avg_frame_rate = context.pointee.framerate
        if rotation != 0, let matrix = av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 36) {
            matrix.withMemoryRebound(to: Int32.self, capacity: 9) { av_display_rotation_set($0, -rotation) }
        }
        if let displayMatrix, let matrix = av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 36) {
            let numbers = [displayMatrix[0], displayMatrix[1], 0, displayMatrix[2], displayMatrix[3], 0, 0, 0, 1 << 30]
            matrix.withMemoryRebound(to: Int32.self, capacity: 9) { target in for i in 0..<9 { target[i] = numbers[i] } }
        }
        stream.pointee.sample_aspect_ratio = context.pointee.sample_aspect_ratio
        try check(avio_open(&format.pointee.pb, path, AVIO_FLAG_WRITE), "file")
        defer { avio_closep(&format.pointee.pb) }
        var dictionary: OpaquePointer?
        for (key, value) in formatOptions { av_dict_set(&dictionary, key, value, 0) }
        defer { av_dict_free(&dictionary) }
        try check(avformat_write_header(format, &dictionary), "header")
        let scaler = sws_getContext(
            Int32(size.width), Int32(size.height), AV_PIX_FMT_RGB24, Int32(size.width), Int32(size.height), pixelFormat,
            Int32(SWS_BICUBIC) | Int32(SWS_ACCURATE_RND), nil, nil, nil)
        defer { sws_freeContext(scaler) }
        frame.pointee.width = Int32(size.width)
        frame.pointee.height = Int32(size.height)
        frame.pointee.format = pixelFormat.rawValue
        try check(av_frame_get_buffer(frame, 0), "frame")
        func drain() throws {
            while avcodec_receive_packet(context, packet) >= 0 {
                av_packet_rescale_ts(packet, base, stream.pointee.time_base)
                packet.pointee.stream_index = stream.pointee.index
                try check(av_interleaved_write_frame(format, packet), "packet")
            }
        }
        for (number, time) in times.enumerated() {
            try check(av_frame_make_writable(frame), "frame")
            let image = picture(number, size)
            image.pixels.withUnsafeBufferPointer { pixels in
                var planes: [UnsafePointer<UInt8>?] = [pixels.baseAddress, nil, nil, nil]
                var strides: [Int32] = [Int32(3 * size.width), 0, 0, 0]
                _ = withUnsafePointer(to: &frame.pointee.data) { data in
                    data.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 8) { target in
                        withUnsafePointer(to: &frame.pointee.linesize) { sizes in
                            sizes.withMemoryRebound(to: Int32.self, capacity: 8) {
                                sws_scale(scaler, &planes, &strides, 0, Int32(size.height), target, $0)
                            }
                        }
                    }
                }
            }
            frame.pointee.pts = time
            frame.pointee.pict_type = keyframes.contains(number) ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
            try check(avcodec_send_frame(context, frame), "encode")
            try drain()
        }
        try check(avcodec_send_frame(context, nil), "flush")
        try drain()
        try check(av_write_trailer(format), "trailer")
    }
}

/// Runs `body` with a folder that is removed afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = try Fixtures.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// A folder that is removed with its owner.
final class TestFolder: Sendable {
    let url: URL

    init() throws { url = try Fixtures.temporaryFolder() }
    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}

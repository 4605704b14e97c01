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
    public var path: String { encoding.path }
    private let size: ImageSize
    private let encoding: VideoEncoding
    private let sound: SoundCopy?
    private var lastEncoded: Int64?
    /// The latest distance between two frames, in ticks of the encoder; the last frame is shown as long as the one before.
    private var lastInterval: Int64

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
        // What is impossible is said before there is a file.
        _ = try EncoderSettings(frames: size, timeBase: timeBase, pixelAspect: pixelAspect)
        // The name tells the container, also that of a link to a file with another one.
        guard let guessed = av_guess_format(nil, path, nil) else { throw failed(Self.unknownContainer) }
        let part = try PartFile(for: path)
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        avformat_alloc_output_context2(&allocated, guessed, nil, part.path)
        guard let format = Owned(allocated, free: { avformat_free_context($0) }), let container = format.pointer.pointee.oformat,
            container.pointee.flags & AVFMT_NOFILE == 0, avformat_query_codec(container, AV_CODEC_ID_H264, FF_COMPLIANCE_NORMAL) == 1
        else { throw failed(Self.unknownContainer) }
        let coded = ImageSize(width: (size.width + 1) & ~1, height: (size.height + 1) & ~1)
        let settings = try EncoderSettings(frames: size, coded: coded, timeBase: timeBase, pixelAspect: pixelAspect, container: container)
        guard let context = encoders.lazy.compactMap(settings.h264).first else { throw failed("this FFmpeg has no video encoder for it") }
        self.size = size
        encoding = try VideoEncoding(
            path, part: part, format: format, context: context, settings: settings, colours: AV_PIX_FMT_YUV420P,
            scaling: Int32(SWS_BILINEAR))
        lastInterval = max(1, av_rescale_q(1, AVRational(num: 1, den: 25), encoding.timeBase))
        self.sound = sound.flatMap { SoundCopy($0, to: format.pointer) }
        // The index at the front lets browsers play the file while it loads, and leaves a cut copy readable.
        try encoding.start([("movflags", "+faststart")])
    }

    /// Adds a frame.
    /// - Parameter timestamp: in ticks of the time base, above that of the frame before.
    /// - Throws: `MediaError` when the size differs, `FileError` when the disk is full; the file is then removed.
    public func append(_ image: RGBImage, timestamp: Int64) throws {
        guard image.size == size else { throw MediaError.frameSizeDiffers(path: path, expected: size, found: image.size) }
        let coded = encoding.settings.size
        try encoding.fill(coded == size ? image : image.extended(to: coded), timestamp: timestamp)
        var time = av_rescale_q(timestamp, encoding.settings.timeBase, encoding.timeBase)
        if let lastEncoded {
            // Wrapping, for times at the ends of the range: the encoder refuses what comes of it.
            time = max(time, lastEncoded &+ 1)
            lastInterval = max(1, time &- lastEncoded)
        }
        lastEncoded = time
        encoding.packetDuration = lastInterval
        try encoding.encode(at: time)
        sound?.write(until: seconds(time), to: encoding.format.pointer)
    }

    private func seconds(_ time: Int64) -> Double { Double(time) * Double(encoding.timeBase.num) / Double(encoding.timeBase.den) }

    /// Completes the file and gives it its name. Without frames nothing is left behind.
    public func finish() throws {
        try encoding.finish {
            // The last picture is shown as long as the one before.
            if let lastEncoded { sound?.write(until: seconds(lastEncoded) + seconds(lastInterval), to: encoding.format.pointer) }
        }
    }

    /// Stops without a result; nothing is left behind.
    public func cancel() { encoding.cancel() }
}

extension EncoderSettings {
    /// An encoder of H.264, or of MPEG-4, ready for frames; nil when FFmpeg lacks it or it cannot run here.
    fileprivate func h264(_ name: String) -> Owned<AVCodecContext>? {
        guard let context = context(name, AV_PIX_FMT_YUV420P) else { return nil }
        let encoder = context.pointer
        // MPEG-4 Part 2 counts time in 16 bits.
        if encoder.pointee.codec_id == AV_CODEC_ID_MPEG4, timeBase.den > 65535 {
            encoder.pointee.time_base = AVRational(num: 1, den: 60000)
        }
        encoder.pointee.gop_size = 60
        if name == "libx264" { return context.opened([("preset", "superfast"), ("crf", "20")]) }
        // About as good as x264 at this setting: a quarter of a bit a pixel.
        encoder.pointee.bit_rate = Int64(size.pixelCount) * 30 / 4
        return context.opened()
    }
}

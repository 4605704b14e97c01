import CFFmpeg

/// How an encoder is set up, whatever the codec.
struct EncoderSettings {
    var size: ImageSize
    /// Seconds per tick of the frames' times.
    var timeBase: AVRational
    var pixelAspect: AVRational
    var hasGlobalHeader: Bool

    /// - Throws: `MediaError.invalidArgument` for impossible sizes or time bases.
    init(
        frames: ImageSize, coded: ImageSize? = nil, timeBase: (numerator: Int, denominator: Int), pixelAspect: PixelAspect,
        container: UnsafePointer<AVOutputFormat>? = nil
    ) throws {
        guard (1...largestSide).contains(frames.width), (1...largestSide).contains(frames.height) else {
            throw MediaError.invalidArgument("A video cannot have frames of \(frames).")
        }
        guard let numerator = Int32(exactly: timeBase.numerator), let denominator = Int32(exactly: timeBase.denominator), numerator > 0,
            denominator > 0
        else { throw MediaError.invalidArgument("\(timeBase.numerator)/\(timeBase.denominator) seconds is no time base for a video.") }
        size = coded ?? frames
        self.timeBase = AVRational(num: numerator, den: denominator)
        self.pixelAspect = AVRational(num: Int32(clamping: pixelAspect.width), den: Int32(clamping: pixelAspect.height))
        hasGlobalHeader = (container?.pointee.flags ?? 0) & AVFMT_GLOBALHEADER != 0
    }

    var isHD: Bool { size.height >= 720 }

    /// An encoder with all of this, to be opened; nil when FFmpeg lacks it.
    func context(_ name: String, _ format: AVPixelFormat) -> Owned<AVCodecContext>? {
        guard let codec = avcodec_find_encoder_by_name(name), let context = makeCodecContext(codec) else { return nil }
        let encoder = context.pointer
        encoder.pointee.width = Int32(size.width)
        encoder.pointee.height = Int32(size.height)
        encoder.pointee.pix_fmt = format
        encoder.pointee.sample_aspect_ratio = pixelAspect
        encoder.pointee.time_base = timeBase
        // Frames come at their own times; the nominal rate decides how many bits they get and the level that players must support. A fine
        // time base says nothing of it.
        let ticks = Double(timeBase.den) / Double(timeBase.num)
        encoder.pointee.framerate =
            (1...120).contains(ticks) ? AVRational(num: timeBase.den, den: timeBase.num) : AVRational(num: 30, den: 1)
        encoder.pointee.thread_count = 2
        encoder.pointee.colorspace = isHD ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M
        encoder.pointee.color_primaries = isHD ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M
        encoder.pointee.color_trc = isHD ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M
        encoder.pointee.color_range = AVCOL_RANGE_MPEG
        if hasGlobalHeader { encoder.pointee.flags |= Int32(AV_CODEC_FLAG_GLOBAL_HEADER) }
        return context
    }
}

extension Owned<AVCodecContext> {
    /// Sets options of the encoder's own, and opens it; nil where it cannot run here.
    func opened(_ options: [(String, String)] = []) -> Owned<AVCodecContext>? {
        for (key, value) in options { av_opt_set(pointer.pointee.priv_data, key, value, 0) }
        return avcodec_open2(pointer, pointer.pointee.codec, nil) >= 0 ? self : nil
    }
}

import ArgumentParser
import Media

/// Segmenting a source while it is recorded.
struct LiveOptions: ParsableArguments {
    @Flag(
        help: """
            The video is a live source: "-" for standard input, a named pipe, or an address (rtsp://, udp://, ...). Frames are read once, when they \
            come; query frames are numbers of captured frames.
            """)
    var live = false
    @Option(
        help: ArgumentHelp(
            """
            What comes: y4m, rgb24 (bare bytes; needs --live-size), ffmpeg (a container that FFmpeg reads), auto (y4m or a container), or playlist (a \
            container, or HLS, DASH or SDP, which lead to other network addresses). The default is auto.
            """,
            valueName: "format"))
    var liveFormat: LiveFormat?
    @Option(help: ArgumentHelp("The frames' size, for rgb24.", valueName: "WxH"))
    var liveSize: FrameSize?
    @Option(help: ArgumentHelp("Frames per second of rgb24 data, for the times of outputs with --live-policy all.", valueName: "n"))
    var liveRate: Double?
    @Option(
        help: ArgumentHelp(
            "latest: the newest frame is segmented, those that come meanwhile are dropped; all: none is dropped, the source waits. (default: latest)",
            valueName: "policy"))
    var livePolicy: LivePolicy?
    @Option(help: ArgumentHelp("End after so many seconds without data; 0: wait for ever. (default: 10)", valueName: "seconds"))
    var liveTimeout: Double?

    func validate(with clip: ClipOptions, _ outputs: OutputOptions) throws {
        guard live else {
            let isGiven = liveFormat != nil || liveSize != nil || liveRate != nil || livePolicy != nil || liveTimeout != nil
            if isGiven { throw ValidationError("--live-... options need --live.") }
            if clip.video == "-" { throw ValidationError("Standard input (\"-\") is read with --live.") }
            return
        }
        guard clip.start == nil, clip.end == nil, clip.stride == 1 else {
            throw ValidationError("--start, --end and --stride are for files; a live source is taken as it comes (--live).")
        }
        guard outputs.contactSheet == nil else {
            throw ValidationError("--contact-sheet needs a video whose length is known; a live source has none (--live).")
        }
        guard outputs.review == 0 else {
            throw ValidationError(
                "--review spreads frames over a length that a live source does not have; use the confidences in --rle (--live).")
        }
        guard liveFormat != .rgb24 || liveSize != nil else {
            throw ValidationError("--live-format rgb24 needs --live-size: the data does not say how large frames are.")
        }
        guard liveFormat == .rgb24 || (liveSize == nil && liveRate == nil) else {
            throw ValidationError("--live-size and --live-rate are for --live-format rgb24; other formats say them themselves.")
        }
        if let liveRate, !plausibleFrameRates.contains(liveRate) {
            throw ValidationError("--live-rate must be between 0.000001 and 1000000 frames per second.")
        }
        guard liveRate == nil || livePolicy == .all else {
            throw ValidationError("--live-rate has no effect with --live-policy latest: the times of outputs are those of the capture.")
        }
        guard timeout.isFinite, timeout >= 0 else { throw ValidationError("--live-timeout must not be negative.") }
    }

    private var timeout: Double { liveTimeout ?? 10 }

    func open(_ input: String, maxSide: Int?) throws -> LiveFrames {
        let capture = try openLive(
            input, format: liveFormat ?? .automatic, size: liveSize?.size, rate: liveRate, timeout: timeout > 0 ? timeout : nil)
        return LiveFrames(capture, policy: livePolicy ?? .latest, longestSide: maxSide)
    }
}

extension LiveFormat: ExpressibleByArgument {}
extension LivePolicy: ExpressibleByArgument {}

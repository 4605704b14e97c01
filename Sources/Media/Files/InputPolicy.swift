import CFFmpeg
import Support

/// Which containers FFmpeg may find in an input, and what it may open on their behalf.
///
/// FFmpeg recognises what it is given by its content, not by its name: a "video" may be a playlist, a session description or a script,
/// which make it open other files and listen on ports. So only containers that hold their frames themselves are taken, and for them nothing
/// else is opened.
struct InputPolicy: Sendable {
    /// FFmpeg's short names.
    private var containers: Set<String>
    /// The protocols through which a container may open something else, in FFmpeg's form.
    private var protocols: String
    private var opensOthers: Bool
    /// What to do with a playlist, as the end of a sentence.
    private var advice: String

    /// For files, and for whatever comes through one stream of bytes.
    static let selfContained = InputPolicy(
        containers: videoContainers, protocols: "none", opensOthers: false, advice: "which are not opened: give the video itself")

    /// For live sources, where playlists can be asked for.
    static let live = InputPolicy(
        containers: videoContainers, protocols: "none", opensOthers: false, advice: "which are opened only with --live-format playlist")

    /// For sources that somebody has called playlists: they lead to the network, never to files.
    static let playlist = InputPolicy(
        containers: videoContainers.union(audioContainers).union(["hls", "applehttp", "dash", "sdp"]),
        protocols: "http,https,httpproxy,tcp,tls,crypto,udp,rtp,srtp", opensOthers: true, advice: "and is not among those that are followed"
    )

    private static let videoContainers: Set<String> = [
        "mov", "matroska", "webm", "avi", "mpegts", "mpeg", "asf", "asf_o", "flv", "live_flv", "ogg", "nut", "rm", "mxf", "gxf", "wtv",
        "dv", "ivf",
        "gif", "apng", "flic", "yuv4mpegpipe", "mjpeg", "mpjpeg", "mjpeg_2000", "mpegvideo", "m4v", "h261", "h263", "h264", "hevc", "vvc",
        "evc", "av1", "obu",
        "vc1", "vc1test", "dirac", "cavsvideo", "dnxhd", "jpeg_pipe", "png_pipe", "bmp_pipe", "tiff_pipe", "webp_pipe", "ppm_pipe",
        "pgm_pipe", "pam_pipe",
    ]
    private static let audioContainers: Set<String> = [
        "wav", "w64", "aiff", "au", "mp3", "aac", "ac3", "eac3", "flac", "amr", "ape", "caf", "dts", "wv", "tta", "mpc", "mpc8", "loas",
    ]
    private static let playlists: Set<String> = [
        "hls", "applehttp", "dash", "concat", "sdp", "imf", "webm_dash_manifest", "image2", "rtsp", "rtp", "sap", "avisynth", "vapoursynth",
    ]

    /// Opens the container in `bytes`.
    /// - Parameters:
    ///   - path: for messages; its extension helps where the content could be several things.
    ///   - address: what relative addresses in a playlist start from.
    ///   - interrupt: tells FFmpeg to give up.
    /// - Returns: what the caller closes; `bytes` is not closed with it.
    /// - Throws: `FileError`, `MediaError`.
    func open(
        _ bytes: UnsafeMutablePointer<AVIOContext>, path: String, address: String? = nil, interrupt: AVIOInterruptCB? = nil
    ) throws -> UnsafeMutablePointer<AVFormatContext> {
        var found: UnsafePointer<AVInputFormat>?
        let probing = av_probe_input_buffer2(bytes, &found, path, nil, 0, 0)
        guard probing >= 0, let found, let name = found.pointee.name else { throw Self.unknown(path, probing) }
        try check(String(cString: name), path: path)
        guard let context = avformat_alloc_context() else { throw FileError.unreadable(path: path, reason: "no memory") }
        context.pointee.pb = bytes
        context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
        return try open(context, address, found, path: path, interrupt: interrupt)
    }

    /// Opens an address whose protocol is a container as well (RTSP).
    func open(
        address: String, container: String, protocols: String, interrupt: AVIOInterruptCB
    ) throws -> UnsafeMutablePointer<AVFormatContext> {
        guard let format = av_find_input_format(container), let context = avformat_alloc_context() else {
            throw FileError.unreadable(path: address, reason: "this FFmpeg has no \(container)")
        }
        var policy = self
        policy.containers.insert(container)
        policy.protocols = protocols
        return try policy.open(context, address, format, path: address, interrupt: interrupt)
    }

    private func open(
        _ context: UnsafeMutablePointer<AVFormatContext>, _ address: String?, _ format: UnsafePointer<AVInputFormat>, path: String,
        interrupt: AVIOInterruptCB?
    ) throws -> UnsafeMutablePointer<AVFormatContext> {
        if let interrupt { context.pointee.interrupt_callback = interrupt }
        if !opensOthers { context.pointee.io_open = { _, _, _, _, _ in CFFmpegError(EACCES) } }
        var options: OpaquePointer?
        av_dict_set(&options, "protocol_whitelist", protocols, 0)
        av_dict_set(&options, "format_whitelist", containers.sorted().joined(separator: ","), 0)
        defer { av_dict_free(&options) }
        var opened: UnsafeMutablePointer<AVFormatContext>? = context
        let code = avformat_open_input(&opened, address, format, &options)
        guard code >= 0, let opened else { throw Self.unknown(path, code) }
        return opened
    }

    private func check(_ names: String, path: String) throws {
        let names = names.split(separator: ",").map(String.init)
        guard !names.contains(where: containers.contains) else { return }
        let name = names.first ?? ""
        if names.contains(where: Self.audioContainers.contains) { throw MediaError.noVideoStream(path: path) }
        guard names.contains(where: Self.playlists.contains) else {
            throw FileError.unreadable(path: path, reason: "its format (\(name)) is not one that videos are read from")
        }
        throw FileError.unreadable(path: path, reason: "it is a list or a script (\(name)) that names other files or addresses, \(advice)")
    }

    private static func unknown(_ path: String, _ code: Int32) -> FileError {
        .unreadable(path: path, reason: "not a video that FFmpeg knows (\(ffmpegMessage(code)))")
    }
}

/// Bytes that FFmpeg reads by itself, from a file or an address. They are closed with it.
final class OpenedBytes {
    private(set) var context: UnsafeMutablePointer<AVIOContext>?

    /// - Parameters:
    ///   - address: in FFmpeg's form, for example "file:name.mp4".
    ///   - protocols: those that FFmpeg may use for it; an address may lead to another one.
    ///   - path: for messages.
    /// - Throws: `FileError.unreadable`.
    init(_ address: String, protocols: String, path: String, interrupt: AVIOInterruptCB? = nil) throws {
        var options: OpaquePointer?
        av_dict_set(&options, "protocol_whitelist", protocols, 0)
        defer { av_dict_free(&options) }
        var callback = interrupt ?? AVIOInterruptCB(callback: nil, opaque: nil)
        let code = avio_open2(&context, address, AVIO_FLAG_READ, &callback, &options)
        guard code >= 0 else { throw FileError.unreadable(path: path, reason: ffmpegMessage(code).lowercased()) }
    }

    deinit { avio_closep(&context) }
}

/// An address that a live source may have, and what FFmpeg may use to reach it.
struct LiveAddress: Sendable {
    /// Those that the address' own one stands on, in FFmpeg's form; a server may lead on to other addresses of these only.
    let protocols: String
    /// FFmpeg's container for protocols that are one as well; nil: what comes is looked at.
    let container: String?

    private static let web = "http,https,httpproxy,tcp,tls"
    private static let realTime = "rtp,srtp,udp,tcp,tls,http,https,httpproxy"
    private static let known: [String: (protocols: String, container: String?)] = [
        "http": (web, nil), "https": (web, nil), "udp": ("udp", nil), "tcp": ("tcp", nil), "tls": ("tls,tcp", nil), "srt": ("srt", nil),
        "rist": ("rist", nil), "rtmp": ("rtmp,tcp", nil), "rtmps": ("rtmps,tls,tcp", nil), "rtmpt": ("rtmpt,ffrtmphttp,\(web)", nil),
        "rtsp": (realTime, "rtsp"), "rtsps": (realTime, "rtsp"), "rtp": ("rtp,udp", "rtp"),
    ]

    /// - Throws: `MediaError.invalidArgument` for protocols that are not taken, among them those that name files.
    init(_ address: String) throws {
        let scheme = address.prefix { $0 != ":" }.lowercased()
        guard let known = Self.known[scheme] else {
            throw MediaError.invalidArgument(
                "\(address): live sources have addresses that begin with \(Self.known.keys.sorted().joined(separator: ", ")); files and pipes are given by their path."
            )
        }
        (protocols, container) = known
    }
}

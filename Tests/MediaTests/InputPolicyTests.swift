import CFFmpeg
import Foundation
import TestSupport
import Testing

@testable import Media

@Suite("A video opens nothing but itself")
struct InputPolicyTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// A clip that must not be read on behalf of another file.
    private func clip(_ name: String = "secret.ts", frames: Int = 10) throws -> String {
        var maker = ClipMaker(encoder: "mpeg2video")
        (maker.options, maker.timeBase, maker.times) = (["g": "4", "bf": "0"], (1, 25), Array(0..<Int64(frames)))
        let path = folder.path(name)
        try maker.write(to: path)
        return path
    }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = folder.path(name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func playlist(_ segment: String) -> String {
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n\(segment)\n#EXT-X-ENDLIST\n"
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    private func expectRefused(_ path: String, _ reason: String, location: SourceLocation = #_sourceLocation) {
        let found = message { _ = try VideoReader(path: path).frame(at: 0) }
        #expect(found.contains(reason), "\(found)", sourceLocation: location)
        let live = message { _ = try openLive(path, timeout: 5).next() }
        #expect(live.contains(reason), "\(live)", sourceLocation: location)
    }

    @Test("Playlists, scripts and descriptions are refused, whatever they are called", arguments: ["mp4", "m3u8", "mkv", "x"])
    func playlists(ending: String) throws {
        let secret = try clip()
        expectRefused(try file("list.\(ending)", playlist(secret)), "(hls) that names other files")
        expectRefused(try file("relative.\(ending)", playlist("secret.ts")), "(hls) that names other files")
        expectRefused(try file("script.\(ending)", "ffconcat version 1.0\nfile '\(secret)'\n"), "(concat) that names other files")
        let sdp =
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 45670 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        expectRefused(try file("session.\(ending)", sdp), "(sdp) that names other files")
        let dash = """
            <?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S" minBufferTime="PT1S"
            profiles="urn:mpeg:dash:profile:isoff-main:2011"><Period><AdaptationSet mimeType="video/mp4"><Representation id="0" bandwidth="1">
            <BaseURL>\(secret)</BaseURL></Representation></AdaptationSet></Period></MPD>
            """
        #expect(message { _ = try VideoReader(path: try file("d.\(ending)", dash)) } != "no error")
    }

    @Test("Names that are patterns, and formats that draw what they name, are refused")
    func patterns() throws {
        for index in 0..<3 { try FileManager.default.copyItem(atPath: try clip(), toPath: folder.path("p\(index).jp2")) }
        // Content without a format, so that the name alone decides.
        expectRefused(try file("p%d.jp2", "no picture"), "cannot be read")
        #expect(message { _ = try VideoReader(path: try file("p%d.tga", "no picture")) }.contains("image2"))
        let svg =
            "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><image href=\"\(folder.path("p0.jp2"))\"/></svg>"
        #expect(message { _ = try VideoReader(path: try file("drawing.mp4", svg)) }.contains("cannot be read"))
    }

    /// The sample data of a QuickTime file may lie elsewhere: a Macintosh alias names where.
    @Test("An MP4 whose data lies in another file does not get at it")
    func externalData() throws {
        var maker = ClipMaker(encoder: "mpeg4")
        (maker.options, maker.timeBase, maker.times) = ([:], (1, 25), Array(0..<6))
        try maker.write(to: folder.path("secret.mp4"))
        let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder.path("secret.mp4"))))
        #expect(try VideoReader(path: folder.path("secret.mp4")).frameCount == 6)
        func big(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        func name(_ text: String, _ size: Int) -> [UInt8] {
            [UInt8(text.utf8.count)] + Array(text.utf8) + [UInt8](repeating: 0, count: size - text.utf8.count)
        }
        func alias(levels: Int, path: String) -> [UInt8] {
            let place = big(2, 2) + big(path.utf8.count, 2) + Array(path.utf8) + (path.utf8.count % 2 == 1 ? [0] : [])
            let record =
                big(0, 10) + name("disk", 27) + big(0, 12) + name("secret.mp4", 63) + big(0, 16) + big(levels, 2) + big(levels, 2)
                + big(0, 16) + place
                + [0xff, 0xff, 0, 0]
            return big(12 + record.count, 4) + Array("alis".utf8) + big(0, 4) + record
        }
        for entry in [
            alias(levels: 1, path: "secret.mp4"),
            alias(levels: 0, path: folder.path("secret.mp4").replacingOccurrences(of: "/", with: ":")),
        ] {
            // The index lies behind the data, so that no place in the data moves.
            var changed = whole
            let growth = entry.count - 12
            for box in ["moov", "trak", "mdia", "minf", "dinf", "dref"] {
                let place = try #require(changed.firstRange(of: Array(box.utf8))?.lowerBound) - 4
                let size = changed[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
                changed.replaceSubrange(place..<(place + 4), with: big(size + growth, 4))
            }
            let url = try #require(changed.firstRange(of: Array("url ".utf8))?.lowerBound) - 4
            changed.replaceSubrange(url..<(url + 12), with: entry)
            // What is in this file itself is of no use.
            let data = try #require(changed.firstRange(of: Array("mdat".utf8))?.upperBound)
            for i in data..<(data + 200) { changed[i] = 0 }
            let path = folder.path("alias.mp4")
            try Data(changed).write(to: URL(fileURLWithPath: path))
            #expect(message { _ = try VideoReader(path: path).frame(at: 0) } != "no error")
        }
    }

    @Test("Sound is told from what is no video at all")
    func sound() throws {
        let path = folder.path("sound.mp4")
        try DamagedVideoTests.silence.write(to: URL(fileURLWithPath: path))
        #expect(throws: MediaError.noVideoStream(path: path)) { try VideoReader(path: path) }
    }

    @Test("A playlist is followed where that is asked for, to the network and not to files")
    func followed() throws {
        let secret = try clip()
        let segment = try Data(contentsOf: URL(fileURLWithPath: secret))
        let texts = [
            "/list.m3u8": playlist("segment.ts"), "/files.m3u8": playlist("file://\(secret)"), "/absolute.m3u8": playlist(secret),
        ]
        let server = try MisbehavingServer { request, _ in
            if let text = texts[request.target] {
                return .init(200, ["Content-Type": "application/vnd.apple.mpegurl"], body: Data(text.utf8))
            }
            if request.target == "/away" { return .init(302, ["Location": "file://\(secret)"]) }
            return request.target.hasSuffix(".ts") && !request.target.contains("secret") ? .init(200, body: segment) : .init(404)
        }
        defer { server.stop() }
        func count(_ path: String, _ format: LiveFormat) throws -> Int {
            let capture = try openLive(server.address + path, format: format, timeout: 10)
            var count = 0
            while try capture.next() != nil { count += 1 }
            return count
        }
        #expect(try count("/clip.ts", .automatic) == 10)
        #expect(message { _ = try count("/list.m3u8", .automatic) }.contains("--live-format playlist"))
        #expect(server.requests.map(\.target) == ["/clip.ts", "/list.m3u8"])
        #expect(try count("/list.m3u8", .playlist) == 10)
        for path in ["/files.m3u8", "/absolute.m3u8"] {
            let found = Result { try count(path, .playlist) }
            #expect(((try? found.get()) ?? 0) == 0, "\(path) led to a file")
        }
        #expect(message { _ = try count("/away", .playlist) } != "no error")
        // A file that names an address of this server.
        let before = server.requests.count
        expectRefused(try file("remote.mp4", playlist("\(server.address)/segment.ts")), "(hls) that names other files")
        #expect(server.requests.count == before)
    }

    @Test(
        "Addresses that are not of the network are refused",
        arguments: ["file:///etc/passwd", "concat://a|b", "pipe://0", "data://x", "subfile://x", "crypto+file://x"])
    func addresses(address: String) {
        #expect(message { _ = try openLive(address, timeout: 2) }.contains("live sources have addresses that begin with"))
    }
}

import Foundation
import Media
import Support
import TensorFiles
import TestSupport
import Testing
import VideoBenchmarks

@Suite("Files of videos with point tracks")
struct PointDatasetTests {
    /// As Scripts/point-fixtures.py makes them.
    private func pixel(_ i: Int) -> UInt8 { UInt8(truncatingIfNeeded: i &* i &* 7 &+ i &* 13 &+ (i >> 4)) }

    @Test("Dictionaries of arrays, in every pickle protocol", arguments: [2, 3, 4, 5])
    func davis(protocol version: Int) throws {
        let dataset = try PointDatasetFile.open(pointData("tapvid-davis-\(version).pkl").path)
        #expect(dataset.videoNames == ["goat", "dog"])
        for index in 0..<2 {
            let video = try dataset.video(at: index)
            #expect(video.frames.size == ImageSize(width: 8, height: 6) && video.frames.frameCount == 3)
            let positions = (0..<6).map { (i: Int) -> SIMD2<Double> in SIMD2(Double(2 * i) / 16, Double(2 * i + 1) / 16) }
            #expect(video.truth.positions == positions)
            #expect(video.truth.occluded == [false, true, false, true, false, false])
            for t in 0..<3 {
                let seed = 1000 * (index == 0 ? t : 2 - t)
                let pixels = (0..<144).map { (i: Int) -> UInt8 in pixel(i + seed) }
                #expect(try video.frames.frame(at: t).pixels == pixels)
            }
            #expect(throws: MediaError.self) { try video.frames.frame(at: 3) }
        }
    }

    @Test("Lists, and frames as JPEGs in arrays of byte strings, of objects and in lists")
    func lists() throws {
        let stacking = try PointDatasetFile.open(pointData("tapvid-rgb-stacking.pkl").path)
        #expect(stacking.videoNames == ["0000", "0001"])
        let pixels = (0..<144).map(pixel)
        #expect(try stacking.video(at: 1).frames.frame(at: 2).pixels == pixels)
        for form in ["array", "list", "objects"] {
            let video = try PointDatasetFile.open(pointData("tapvid-kinetics-\(form).pkl").path).video(at: 0)
            #expect(video.frames.frameCount == 3)
            for t in 0..<3 {
                let color = try video.frames.frame(at: t)[4, 3]
                #expect(
                    abs(Int(color.red) - 40 * t) <= 3 && abs(Int(color.green) - 100) <= 3 && abs(Int(color.blue) - 200) <= 3, "\(form) \(t)"
                )
            }
        }
    }

    @Test("A pickle cut anywhere is an error, never a trap")
    func truncated() throws {
        let whole = try Data(contentsOf: pointData("tapvid-davis-4.pkl"))
        for count in stride(from: 0, to: whole.count, by: 7) {
            #expect(throws: (any Error).self) { try TAPVidPickle(data: whole.prefix(count), name: "cut").video(at: 0) }
        }
    }

    @Test("Damaged bytes give errors or other numbers, never a trap")
    func fuzzed() throws {
        let whole = try [UInt8](Data(contentsOf: pointData("tapvid-kinetics-array.pkl")))
        var generator = SplitMix64(seed: 7)
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if let dataset = try? TAPVidPickle(data: Data(bytes), name: "fuzz"), let video = try? dataset.video(at: 0) {
                _ = try? video.frames.frame(at: 0)
            }
        }
    }

    private func pickle(_ fields: [(name: String, value: [UInt8])]) -> Data {
        Data(PickleBytes.pickle(PickleBytes.dict([(name: "v", value: PickleBytes.dict(fields))])))
    }

    private func array(_ code: String, _ shape: [Int], _ bytes: [UInt8]) -> [UInt8] {
        let type = PickleBytes.call(
            PickleBytes.global("numpy", "dtype"), [PickleBytes.string(code), PickleBytes.bool(false), PickleBytes.bool(true)])
        return PickleBytes.call(
            PickleBytes.global("numpy.core.numeric", "_frombuffer"),
            [PickleBytes.bytes(bytes), type, PickleBytes.tuple(shape.map(PickleBytes.int)), PickleBytes.string("C")])
    }

    @Test("Shapes that do not fit, other content and code are refused")
    func wrong() throws {
        let video = array("u1", [1, 2, 2, 3], [UInt8](repeating: 9, count: 12))
        let points = array("f4", [1, 1, 2], [UInt8](repeating: 0, count: 8))
        let flags = array("b1", [1, 1], [0])
        func open(_ video: [UInt8], _ points: [UInt8], _ flags: [UInt8]) throws -> PointVideo {
            try TAPVidPickle(data: pickle([("video", video), ("points", points), ("occluded", flags)]), name: "x").video(at: 0)
        }
        #expect(try open(video, points, flags).frames.frame(at: 0).pixels.allSatisfy { $0 == 9 })
        #expect(throws: PointBenchmarkError.self) { try open(array("f4", [1, 1, 1, 3], [UInt8](repeating: 0, count: 12)), points, flags) }
        #expect(throws: PointBenchmarkError.self) { try open(array("u1", [2, 1, 2, 3], [UInt8](repeating: 0, count: 12)), points, flags) }
        #expect(throws: PointBenchmarkError.self) { try open(array("u1", [12], [UInt8](repeating: 0, count: 12)), points, flags) }
        #expect(throws: PointBenchmarkError.self) { try open(video, array("f4", [1, 2], [UInt8](repeating: 0, count: 8)), flags) }
        #expect(throws: PointBenchmarkError.self) { try open(video, points, array("b1", [2], [0, 0])) }
        #expect(throws: TensorFileError.self) { try open(array("u1", [1, 2, 2, 3], [1, 2]), points, flags) }
        #expect(throws: PointBenchmarkError.notFinite(video: "v", point: 0, frame: 0)) {
            try open(video, array("f4", [1, 1, 2], [0, 0, 0xc0, 0x7f, 0, 0, 0, 0]), flags)
        }
        // No points at all are nothing wrong.
        let none = try open(video, array("f4", [0, 1, 2], []), array("b1", [0, 1], []))
        #expect(none.truth.queries(.first).isEmpty && none.truth.queries(.strided).isEmpty)
        let nothing: [(value: [UInt8], message: String)] = [
            (PickleBytes.int(3), "neither"), (PickleBytes.list([]), "no videos"), (PickleBytes.list([PickleBytes.int(1)]), "lacks"),
        ]
        for (value, message) in nothing {
            let error = #expect(throws: PointBenchmarkError.self) { try TAPVidPickle(data: Data(PickleBytes.pickle(value)), name: "x") }
            #expect(error?.description.contains(message) == true)
        }
        #expect(throws: TensorFileError.notPlainData(file: "x", object: "os.system")) {
            let call = PickleBytes.call(PickleBytes.global("os", "system"), [PickleBytes.string("true")])
            return try TAPVidPickle(data: Data(PickleBytes.pickle(call)), name: "x")
        }
    }

    @Test("Own clips in JSON")
    func json() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let frames = folder.appendingPathComponent("clip")
        try FileManager.default.createDirectory(at: frames, withIntermediateDirectories: true)
        for i in 0..<3 {
            try ImageFile.writePNG(RGBImage(width: 20, height: 10, red: UInt8(i)), to: frames.appendingPathComponent("\(i).png").path)
        }
        func write(_ text: String) throws -> String {
            let file = folder.appendingPathComponent("tracks.json")
            try Data(text.utf8).write(to: file)
            return file.path
        }
        let path = try write(
            #" {"videos": [{"name": "a", "video": "clip", "tracks": [[[5, 2.5], [10, 5, 0], null], [[1, 1, 1], null, null]]}]}"#)
        for source in [path, folder.path] {
            let video = try PointDatasetFile.open(source).video(at: 0)
            #expect(video.truth.positions[0] == SIMD2(0.25, 0.25) && video.truth.positions[1] == SIMD2(0.5, 0.5))
            #expect(video.truth.occluded == [false, true, true, false, true, true])
            #expect(try video.frames.frame(at: 2)[0, 0].red == 2)
        }
        let wrong = [
            #"{"videos": []}"#: "no videos", #"{"videos": [{"name": "a", "video": "clip"}]}"#: "\"tracks\" is missing at videos[0]",
            "{": "not JSON",
            #"{"videos": [{"name": "a", "video": "clip", "tracks": [[[1]]]}]}"#: "videos[0].tracks[0][0]",
            #"{"videos": [{"name": "a", "video": "clip", "tracks": []}, {"name": "a", "video": "clip", "tracks": []}]}"#:
                "two videos named a",
            "words": "neither a pickle nor JSON",
        ]
        for (text, message) in wrong {
            let error = #expect(throws: PointBenchmarkError.self) { try PointDatasetFile.open(write(text)) }
            #expect(error?.description.contains(message) == true, "\(String(describing: error))")
        }
        let short = try PointDatasetFile.open(write(#"{"videos": [{"name": "a", "video": "clip", "tracks": [[null]]}]}"#))
        #expect(throws: PointBenchmarkError.wrongShape(video: "a", reason: "the video has 3 frames, its track 0 has 1")) {
            try short.video(at: 0)
        }
        let absent = try PointDatasetFile.open(write(#"{"videos": [{"name": "a", "video": "gone.mp4", "tracks": []}]}"#))
        #expect(throws: FileError.self) { try absent.video(at: 0) }
        #expect(throws: FileError.notFound(path: "/absent.pkl")) { try PointDatasetFile.open("/absent.pkl") }
    }
}

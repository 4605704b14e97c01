import Foundation
import Media
import MethodPresets
import SAMPT
import SegmentationJobs
import VideoBenchmarks

private let numbers = [
    "0", "-1", "1.5", "1e308", "-1e308", "1e-320", "1e400", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "NaN",
    "inf", "null", "true", "\"\"",
]
private let json = numbers + ["{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "[[[[[[[[", "{\"a\":", "\n", "\u{feff}"]

/// Objects marked in files.
struct PromptFuzzing: InputFuzzing {
    let seeds = [
        #"{"objects": [{"name": "rabbit", "points": [[640, 360], [600, 300], [10, 20, 0]]}, {"id": 7, "frame": 4, "box": [100, 50, 180, 220]}]}"#,
        #"{"objects": [{"points": [{"x": 5, "y": 6, "label": 1}]}, {"id": 3, "frame": 2, "points": [[1.5, 2.25, 1]]}]}"#,
        #"{"objects": [{"mask": "bird.png"}, {"mask": {"file": "all.png", "id": 2}}]}"#,
        "3\n0; 320,240 330,250 300,230 10,20\n8; 100,90 101,95 99,80\n", "1\n\n0; 1,2\n",
    ].map { Array($0.utf8) }
    private static let mutation = Mutation(
        tokens: json + ["\"objects\"", "\"points\"", "\"box\"", "\"mask\"", "\"id\"", "\"frame\"", "\"label\"", ";", " 1,2", "0;"])

    func input(_ number: UInt64, seed: UInt64) -> Data { Data(Self.mutation.make(number, seed: seed, from: seeds)) }

    func read(_ data: Data) throws -> Bool {
        guard let text = String(validating: data, as: UTF8.self) else { return false }
        do {
            let objects = try MarkedObject.parse(text, path: "/nowhere/input")
            for (first, stride, count) in [(0, 1, 10), (2, 3, 3), (1, Int.max, 1), (0, 1, Int.max)] {
                let numbering = FrameNumbering(first: first, stride: stride, count: count, originalCount: count == .max ? .max : 10)
                for object in objects {
                    do {
                        try Defect.unless(try object.query(numbering: numbering).frame >= 0, "a frame below 0")
                    } catch is CommandError {
                    } catch is QueryError {
                    } catch let error where error.isRefusal {}
                }
            }
            return true
        } catch is CommandError {
            return false
        }
    }
}

/// Tracks and run lengths in JSON.
struct TrackFuzzing: InputFuzzing {
    let seeds = [
        #"{"videos": [{"name": "street", "video": "frames", "tracks": [[[10.5, 20.5], [11, 20.5, 0]], [null, [1, 2]]]}]}"#,
        #"{"videos": [{"name": "a", "video": "frames", "tracks": []}, {"name": "b", "video": "absent.mp4", "tracks": [[null]]}]}"#,
        #"{"size": [4, 6], "counts": [3, 5, 16]}"#, #"{"size": [4, 6], "counts": "35@"}"#,
        #"{"size": [40, 60], "counts": "c15P2O1O0000000"}"#,
        #"{"size": [16384, 16384], "counts": "PPPP8"}"#,
    ].map { Array($0.utf8) }
    private let file: ScratchFile
    private static let mutation = Mutation(
        tokens: json + [
            "\"videos\"", "\"tracks\"", "\"counts\"", "\"size\"", "[4, 6]", "ooooooooooo", "PPPPPPPPPPPPP0", "1048576", "1099511627776",
        ])

    init() throws {
        file = try ScratchFile("tracks.json")
        let frames = file.folder.appendingPathComponent("frames")
        try FileManager.default.createDirectory(at: frames, withIntermediateDirectories: true)
        for index in 0..<2 { try ImageFile.writePNG(RGBImage(width: 8, height: 6), to: frames.appendingPathComponent("\(index).png").path) }
    }

    func input(_ number: UInt64, seed: UInt64) -> Data { Data(Self.mutation.make(number, seed: seed, from: seeds)) }

    func read(_ data: Data) throws -> Bool {
        if let mask = try? JSONDecoder().decode(RunLengthMask.self, from: data) {
            let pixels = mask.mask
            try Defect.unless(pixels.area == mask.area, "an area of \(pixels.area), not \(mask.area)")
            let (box, bounds) = (mask.boundingBox, pixels.bounds)
            try Defect.unless(
                bounds.map { $0.columns.count == box.width && $0.rows.count == box.height } ?? (box.width == 0), "another box")
            try Defect.unless(try RunLengthMask(size: mask.size, compressed: mask.compressed).mask == pixels, "another mask after writing")
            return true
        }
        try file.write(data)
        do {
            let dataset = try PointDatasetFile.open(file.path)
            for index in dataset.videoNames.indices.prefix(4) {
                do {
                    let video = try dataset.video(at: index)
                    for query in video.truth.queries(.strided) { _ = video.truth.position(query.point, query.frame) }
                } catch is PointBenchmarkError {
                } catch let error where error.isRefusal {}
            }
            return true
        } catch is PointBenchmarkError {
            return false
        } catch is VideoNameError {
            return false
        } catch let error where error.isRefusal {
            return false
        } catch {
            // A pickle's beginning makes it one.
            if data.first == 0x80 { return false }
            throw error
        }
    }
}

/// Presets in YAML.
struct PresetFuzzing: InputFuzzing {
    let seeds: [[UInt8]]
    private let file: ScratchFile
    private static let mutation = Mutation(
        tokens: numbers + [
            "\n", ": ", "- ", "&a ", "*a ", "? ", "| ", "> ", "!!int ", "---\n", "...\n", "extends: sam-pt\n", "extends: default\n", "{",
            "}", "[", "]", "#", "\"", "'", "%",
            "<<: *a", "\t", "positive-points: ", "refinement: ", "horizon: ", "seed: ", "on", "off", "all", "\u{feff}", "\u{2028}",
        ])

    init() throws {
        let names = ["sam-pt", "sam-pt-reinit", "default", "table2-kmedoids-8-72-12-reinit"]
        let own = [
            "positive-points: 8\nnegative-points: 1\nrefinement: 3\n", "extends: sam-pt\nseed: 72\nhorizon: 24\niou-threshold: 0.7\n",
            "{positive-points: &a 4, negative-points: *a, positive-method: random}\n",
        ]
        // All the settings that there are, with values that they take.
        seeds =
            own.map { Array($0.utf8) }
            + (try names.map { name in
                Array(try Preset.load(name).assignments.map { "\($0.key): \($0.text)\n" }.joined().utf8)
            })
        file = try ScratchFile("preset.yaml")
    }

    func input(_ number: UInt64, seed: UInt64) -> Data { Data(Self.mutation.make(number, seed: seed, from: seeds)) }

    func read(_ data: Data) throws -> Bool {
        try file.write(data)
        do {
            try Preset.load(file.path).settings().validate()
            return true
        } catch is PresetError {
            return false
        }
    }
}

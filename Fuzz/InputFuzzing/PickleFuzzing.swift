import CFFmpeg
import Foundation
import Media
import TensorFiles
import TestSupport
import VideoBenchmarks

/// TAP-Vid's files: arrays of frames, and frames as pictures.
struct TAPVidFuzzing: InputFuzzing {
    let seeds: [[UInt8]]
    private static let mutation = Mutation(
        tokens: [
            "video", "points", "occluded", "u1", "f4", "b1", "numpy", "_frombuffer", "_reconstruct", "dtype", "(", ")", ".", "]", "}", "e",
            "s", "u", "t", "0", "2",
        ],
        bytes: [
            [0x80, 2], [0x80, 5], [0x8a, 8, 255, 255, 255, 255, 255, 255, 255, 127], [0x8a, 1, 255], [0x42, 255, 255, 255, 255],
            [0x58, 255, 255, 255, 127], [0x4b, 0], [0x94], [0x8c],
        ])

    init() {
        func array(_ code: String, _ shape: [Int], _ bytes: [UInt8]) -> [UInt8] {
            let type = PickleBytes.call(
                PickleBytes.global("numpy", "dtype"), [PickleBytes.string(code), PickleBytes.bool(false), PickleBytes.bool(true)])
            return PickleBytes.call(
                PickleBytes.global("numpy.core.numeric", "_frombuffer"),
                [PickleBytes.bytes(bytes), type, PickleBytes.tuple(shape.map(PickleBytes.int)), PickleBytes.string("C")])
        }
        let rest = [
            (name: "points", value: array("f4", [2, 2, 2], (0..<8).flatMap { [0, 0, UInt8($0 * 16), 0x3e] })),
            (name: "occluded", value: array("b1", [2, 2], [0, 1, 0, 0])),
        ]
        let pixels = array("u1", [2, 3, 4, 3], (0..<72).map { UInt8($0 * 3) })
        let picture = EncodedSeed(encoder: "mjpeg", format: AV_PIX_FMT_YUVJ420P, width: 16, height: 16).picture ?? []
        let pictures = PickleBytes.list([PickleBytes.bytes(picture), PickleBytes.bytes(picture)])
        let videos = [pixels, pictures].map { PickleBytes.dict([(name: "video", value: $0)] + rest) }
        seeds = [
            PickleBytes.pickle(PickleBytes.dict([(name: "goat", value: videos[0])])),
            PickleBytes.pickle(PickleBytes.list([videos[1], videos[0]])),
        ]
    }

    func input(_ number: UInt64, seed: UInt64) -> Data { Data(Self.mutation.make(number, seed: seed, from: seeds)) }

    func read(_ data: Data) throws -> Bool {
        do {
            let dataset = try TAPVidPickle(data: data, name: "input")
            var isReadable = false
            for index in dataset.videoNames.indices.prefix(3) {
                do {
                    let video = try dataset.video(at: index)
                    let image = try video.frames.frame(at: video.frames.frameCount - 1)
                    try Defect.unless(image.size == video.frames.size, "a frame of another size")
                    for query in video.truth.queries(.first) {
                        let place = video.truth.position(query.point, query.frame)
                        try Defect.unless(place.x.isFinite && place.y.isFinite, "a visible point without a place")
                    }
                    isReadable = true
                } catch is PointBenchmarkError {
                } catch is TensorFileError {
                } catch let error where error.isRefusal {}
            }
            return isReadable
        } catch is PointBenchmarkError {
            return false
        } catch is VideoNameError {
            return false
        } catch is TensorFileError {
            return false
        }
    }
}

/// Files of tensors: those that are made in the tests' own code, without any folder.
struct CheckpointFuzzing: InputFuzzing {
    private let fuzzing = TensorFileFuzzing(seeds: TensorFileFuzzing.ownSeeds)
    var seeds: [[UInt8]] { fuzzing.seeds.map { [UInt8]($0) } }

    func input(_ number: UInt64, seed: UInt64) -> Data { fuzzing.input(number, seed: seed) }
    func read(_ data: Data) throws -> Bool { try TensorFileFuzzing.read(data) }
}

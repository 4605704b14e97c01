import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// PIPs++ against the original code, with every intermediate result that the reference data has.
@Suite(.serialized, .enabled(if: !ParityCase.cases(of: "pips_plus_plus").isEmpty, Comment(rawValue: ParityCase.missing)))
struct PIPsPlusPlusParityTests {
    private struct Config: Decodable { var iters: Int }

    static let cases = ParityCase.cases(of: "pips_plus_plus")

    @Test(arguments: cases) func windowMatches(_ parity: ParityCase) throws {
        let wanted = try parity.config(Config.self).iters
        var results = try TrackerParity(parity)
        let (weights, inputs) = (try parity.weights(), try parity.inputs())
        #expect(PIPsPlusPlusTracker.recognises(weights.source))
        let tracker = try PIPsPlusPlusTracker(
            weights: weights, engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32, iterations: wanted)
        let images = pictures(try inputs.tensor("rgbs"))
        let processor = try tracker.features.working(images[0].size).processor
        let frames = try images.map(processor.process)
        let length = frames.count
        let finest = frames.map(\.levels[0])
        try results.check(
            "fmaps",
            Tensor(
                shape: [length, 128, finest[0].height, finest[0].width],
                finest.flatMap { map in
                    let (values, cells) = (map.rows.values, map.width * map.height)
                    return (0..<128).flatMap { channel in (0..<cells).map { values[128 * $0 + channel] } }
                }))

        // Stored frame by frame; all start where they are in the first frame.
        let positions = try inputs.tensor("trajs")
        let count = positions.shape[2]
        let values = positions.values
        var points: [PIPsPlusPlusWindow.Point] = (0..<count).map { i in
            let cells: [Float] = (0..<length).flatMap { frame in (0..<2).map { values[2 * (frame * count + i) + $0] / 8 } }
            let template = finest[0].templates(at: [SIMD2(cells[0], cells[1])])[0]
            return PIPsPlusPlusWindow.Point(positions: cells, templates: .init(template, frames: length))
        }
        /// Points x frames x width as 1 x frames x points x width.
        func framesFirst(_ values: [Float], width: Int, scale: Float = 1) -> Tensor {
            Tensor(
                shape: [1, length, count, width],
                (0..<length).flatMap { frame in
                    (0..<count).flatMap { i in (0..<width).map { values[(length * i + frame) * width + $0] * scale } }
                })
        }
        /// The real rows of slots x length of slots x width.
        func real(_ tensor: Tensor, columns: Range<Int>) -> Tensor {
            let (rows, width) = (tensor.shape[1], tensor.shape[2])
            let values = tensor.values
            return Tensor(
                shape: [count, length, columns.count],
                (0..<count).flatMap { i in
                    (0..<length).flatMap { frame in columns.map { values[(i * rows + frame) * width + $0] } }
                })
        }
        var iterations = 0
        try tracker.window.follow(&points, through: frames) { iteration, tokens, change, moved in
            iterations += 1
            do {
                if iteration == 0 { try results.check("corr0", real(tokens, columns: 0..<(3 * 4 * 49))) }
                try results.check("delta\(iteration)", real(change, columns: 0..<2))
                try results.checkPixels("iter\(iteration < 10 ? "0" : "")\(iteration)", framesFirst(moved, width: 2, scale: 8))
            } catch {
                Issue.record(error)
            }
        }
        #expect(iterations == wanted)
        try results.checkPixels("final", framesFirst(points.flatMap { $0.positions }, width: 2, scale: 8))
        let repeated: [Float] = points.flatMap { point in [[Float]](repeating: point.templates.first, count: length).flatMap { $0 } }
        try results.check("feats1", framesFirst(repeated, width: 128))
        try results.check("feats2", framesFirst(points.flatMap { $0.templates.second }, width: 128))
        try results.check("feats4", framesFirst(points.flatMap { $0.templates.fourth }, width: 128))
        results.finish()
    }

    /// A session with windows of 4 frames against the reference's loop over a whole clip.
    @Test(arguments: cases, [2, 4, 7, 10]) func windowsAreChainedAsInTheReference(_ parity: ParityCase, _ end: Int) throws {
        let stored = try pictures(parity.inputs().tensor("rgbs"))
        // Longer clips run to and fro.
        let turn = max(1, 2 * (stored.count - 1))
        let images = (0..<end).map { stored[min($0 % turn, turn - $0 % turn)] }
        let tracker = try PIPsPlusPlusTracker(
            weights: parity.weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32, iterations: 2, windowLength: 4)
        let frames = try images.map(tracker.features.working(images[0].size).processor.process)
        let start = SIMD2<Float>(Float(images[0].width) / 3 + 0.25, Float(images[0].height) / 3 + 0.5)

        let cells = start / 8
        var path = [SIMD2<Float>](repeating: cells, count: end)
        var templates: PIPsPlusPlusWindow.Templates?
        let template = frames[0].levels[0].templates(at: [cells])[0]
        var from = 0
        while true {
            var to = from + 4
            if to > end { (from, to) = (max(from - (to - end), 0), end) }
            let known = templates.map { $0.cut(to - from) } ?? .init(template, frames: to - from)
            var points = [PIPsPlusPlusWindow.Point(positions: path[from..<to].flatMap { [$0.x, $0.y] }, templates: known)]
            try tracker.window.follow(&points, through: Array(frames[from..<to]))
            templates = points[0].templates
            for i in from..<to { path[i] = SIMD2(points[0].positions[2 * (i - from)], points[0].positions[2 * (i - from) + 1]) }
            for i in to..<end { path[i] = path[to - 1] }
            if to >= end { break }
            from += 3
        }

        let video = FrameStore(PictureSource(pictures: images))
        let tracks = try follow(tracker, video, queries: [(0, start)], direction: .forward)
        for (frame, expected) in path.enumerated() {
            let found = try #require(tracks[frame][0]).position - 0.5
            #expect(max(abs(found.x - 8 * expected.x), abs(found.y - 8 * expected.y)) < 1e-3, "frame \(frame)")
        }
        #expect(path[end - 1] != path[0])
    }
}

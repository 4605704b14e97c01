import Foundation
import Inference
import InferenceOpenVINO
import Media
import PointTrackers
import Segmenters

/// Where the time of a frame goes with the built-in models: every stage of the pipeline alone, one after the other.
///
///     benchmark-pipeline VIDEO X Y [FRAME] [--nodes] [--precision=PRECISION]
///
/// X and Y are a point on an object in frame FRAME, at first 0, where the work begins. `--nodes` lists the slowest nodes of every network.
@main
struct BenchmarkPipeline {
    static func main() async throws {
        if CommandLine.arguments.dropFirst().first == "cost" {
            return try await MethodCost(Array(CommandLine.arguments.dropFirst(2))).run()
        }
        let precision = CommandLine.arguments.lazy.compactMap { Precision(rawValue: String($0.dropFirst("--precision=".count))) }.first
        let arguments = CommandLine.arguments.filter { !$0.hasPrefix("--") }
        guard arguments.count >= 4, let x = Float(arguments[2]), let y = Float(arguments[3]) else {
            print("usage: benchmark-pipeline VIDEO X Y [FRAME] [--nodes] [--precision=PRECISION]")
            return
        }
        let video = try openFrames(arguments[1])
        let first = arguments.count > 4 ? Int(arguments[4]) ?? 0 : 0
        let part = try SubrangeSource(video, start: first)
        try run(part, point: SIMD2(x, y), precision: precision ?? .automatic, listsNodes: CommandLine.arguments.contains("--nodes"))
    }

    static func run(_ source: any FrameSource, point: SIMD2<Float>, precision: Precision, listsNodes: Bool) throws {
        let clock = StageClock()
        let engine = TimedEngine(try OpenVINOEngine(.init(profiling: listsNodes)), clock: clock, listsNodes: listsNodes)
        let encoder = try NanoFrameEncoder(engine: engine, precision: precision)
        let segmenter = try NanoPrompt(engine: engine, encoder: encoder, precision: precision)
        let tracker = try NanoTrack(engine: engine, encoder: encoder, precision: precision)
        let video = FrameStore(source)
        let session = try tracker.start(on: video, at: 0, direction: .forward)
        let prompt = ObjectPrompt(points: [PointPrompt(point, isPositive: true)])
        let first = try segmenter.frame(0, of: video).predict([prompt])[0]
        let mask = segmenter.mask(first.logits, size: video.size)
        // As many points as the pipeline follows: 16 + 8 of the query frame, 16 + 8 of the last re-initialisation.
        let pixels = mask.pixelPositions
        let points = (0..<48).map { i -> SIMD2<Float> in
            let pixel = pixels[pixels.count * (2 * i + 1) / 96]
            return SIMD2(Float(pixel.x), Float(pixel.y)) + 0.5
        }
        _ = try session.add(points, group: 0)

        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-pipeline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let writer = try VideoWriter(
            path: folder.appendingPathComponent("overlay.mp4").path, size: video.size, timeBase: source.timing.timeBase)
        defer { writer.cancel() }
        let renderer = OverlayRenderer()

        let frames = min(60, video.frameCount - 1)
        for index in 1..<frames {
            // The frames up to the next one are decoded and encoded before they are needed, so that nothing runs at the same time.
            if index == 6 { clock.reset() }
            let image = try clock.time("decode") { try video.frame(at: index + 1) }
            _ = try clock.time("resize and encoder") { try video.value(of: encoder, at: index + 1) }
            _ = try clock.time("tracker head") { try video.value(of: tracker.maps, at: index + 1) }
            try clock.time("tracker step") { try session.advance() }
            let frame = try segmenter.frame(index, of: video)
            let visible = session.points.prefix(24).enumerated().map { PointPrompt($1.position, isPositive: $0 < 16) }
            var prompt = ObjectPrompt(points: visible.filter(\.isPositive))
            let prediction = try clock.time("decoder, two passes") {
                prompt.previousLogits = try frame.predict([prompt])[0].logits
                prompt.points = visible
                return try frame.predict([prompt])[0]
            }
            let mask = clock.time("mask from logits") { segmenter.mask(prediction.logits, size: video.size).withoutSpecks() }
            let overlay = clock.time("overlay") {
                renderer.draw([OverlayObject(name: "object", mask: mask)], on: image, frameIndex: index)
            }
            try clock.time("H.264") { try writer.append(overlay, timestamp: source.timing.timestamps[index]) }
            try clock.time("index PNG") {
                var ids = IndexMask(width: mask.width, height: mask.height)
                ids.add(mask, id: 1)
                try ImageFile.writeIndexMask(ids, to: folder.appendingPathComponent("\(index).png").path)
            }
        }
        clock.report(frames: frames - 6)
    }
}

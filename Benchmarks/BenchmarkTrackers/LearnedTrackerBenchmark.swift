import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import PointTrackers
import TensorFiles

/// Times a learned tracker on points in the first frame, driven line by line so that it can take turns with another program
/// (Benchmarks/trackers-learned.py).
///
///     benchmark-trackers learned CHECKPOINT WIDTH HEIGHT FRAMES PIXELS POINTS [--bfloat16 | --bfloat16-encoder] [--nodes]
///
/// PIXELS is a file of pictures, each of WIDTH x HEIGHT x 3 bytes (RGB); a clip with more FRAMES repeats them. POINTS is a file of float32
/// pairs, x and y of each point in pixels, pixel centres at +0.5. Lines on standard input are commands, each is answered with one line:
/// `run` (milliseconds from the first frame to the last), `tracks PATH` (the same, and writes `positions`, frames x points x 2), `memory`
/// (the peak so far in kilobytes), with --nodes also `nodes` (many lines: what kinds of nodes took).
struct LearnedTrackerBenchmark {
    struct Usage: Error, CustomStringConvertible {
        var description: String {
            "usage: benchmark-trackers learned CHECKPOINT WIDTH HEIGHT FRAMES PIXELS POINTS [--bfloat16 | --bfloat16-encoder] [--nodes]"
        }
    }

    /// Pictures held in memory, over and over.
    private struct Clip: FrameSource {
        let name = "clip"
        let size: ImageSize
        let frameCount: Int
        let pictures: [RGBImage]
        var timing: VideoTiming { VideoTiming(constantRate: 25, count: frameCount) }

        func frame(at index: Int) throws -> RGBImage { pictures[index % pictures.count] }
    }

    private let tracker: any PointTracker
    private let clip: Clip
    private let points: [SIMD2<Float>]
    private let totals: NodeTotals?

    init(_ arguments: [String]) throws {
        guard arguments.count >= 6, let width = Int(arguments[1]), let height = Int(arguments[2]), let frames = Int(arguments[3]),
            width > 0, height > 0, frames > 0
        else { throw Usage() }
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: arguments[4])))
        let size = 3 * width * height
        guard bytes.count >= size, bytes.count % size == 0 else { throw Usage() }
        clip = Clip(
            size: ImageSize(width: width, height: height), frameCount: frames,
            pictures: stride(from: 0, to: bytes.count, by: size).map {
                RGBImage(width: width, height: height, pixels: Array(bytes[$0..<($0 + size)]))
            })
        points = try Data(contentsOf: URL(fileURLWithPath: arguments[5])).withUnsafeBytes { bytes in
            (0..<(bytes.count / 8)).map {
                SIMD2(
                    bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Float.self),
                    bytes.loadUnaligned(fromByteOffset: 8 * $0 + 4, as: Float.self))
            }
        }
        func precision(_ part: String) -> Precision {
            arguments.contains("--bfloat16") || arguments.contains("--bfloat16-\(part)") ? .automatic : .float32
        }
        let weights = Weights(try TensorFile.open(URL(fileURLWithPath: arguments[0])))
        let nodes = arguments.contains("--nodes")
        let openVINO = try OpenVINOEngine(.init(profiling: nodes, diagnostics: { print($0) }))
        totals = nodes ? NodeTotals(openVINO) : nil
        let engine: any InferenceEngine = totals ?? openVINO
        let (encoder, updater) = (precision("encoder"), precision("updater"))
        if CoTracker3.recognises(weights.source) {
            tracker = try CoTracker3(weights: weights, engine: engine, precision: encoder, updaterPrecision: updater)
        } else if CoTracker2.recognises(weights.source) {
            tracker = try CoTracker2(weights: weights, engine: engine, precision: encoder, updaterPrecision: updater)
        } else {
            tracker = try CoTracker1(weights: weights, engine: engine, precision: encoder, updaterPrecision: updater)
        }
    }

    func answerCommands() throws {
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "run": answer(String(format: "%.1f", try follow { _, _ in }))
            case "tracks":
                guard words.count == 2 else { throw Usage() }
                var positions: [Float] = []
                let time = try follow { _, points in positions += points.flatMap { [$0.position.x, $0.position.y] } }
                let tensor = Tensor(shape: [clip.frameCount, points.count, 2], positions)
                try SafetensorsFile.write(["positions": tensor], to: URL(fileURLWithPath: words[1]))
                answer(String(format: "%.1f", time))
            case "nodes": totals?.lines.forEach(answer)
            case "memory":
                let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
                let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?.split(whereSeparator: \.isWhitespace).dropFirst()
                    .first
                answer(peak.map(String.init) ?? "?")
            default: throw Usage()
            }
        }
    }

    /// Milliseconds for the whole clip.
    private func follow(_ report: (Int, [TrackedPoint]) -> Void) throws -> Double {
        let start = ContinuousClock.now
        let session = try tracker.start(on: FrameStore(clip), at: 0, direction: .forward)
        try session.add(points, group: 0)
        report(0, session.points)
        for frame in 1..<clip.frameCount {
            try session.advance()
            report(frame, session.points)
        }
        return (ContinuousClock.now - start) / .milliseconds(1)
    }

    private func answer(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}

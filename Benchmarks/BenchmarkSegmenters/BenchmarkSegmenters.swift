import Foundation
import Inference
import InferenceOpenVINO
import Media
import Segmenters
import TensorFiles

/// Times a published segmenter, driven line by line so that it can take turns with another program (Benchmarks/segmenters.py).
///
///     benchmark-segmenters CHECKPOINT WIDTH HEIGHT PIXELS [--float32] [--nodes]
///
/// PIXELS is a file of WIDTH x HEIGHT x 3 bytes, RGB. Lines on standard input are commands, each is answered with one line:
/// `encode` (milliseconds), `decode X,Y,LABEL;... X,Y,LABEL;...` (milliseconds of all passes for these objects together),
/// `masks PATH X,Y,LABEL;...` (writes the logits of one pass for each object), `memory` (kilobytes: peak, now anonymous, now of files).
/// The first line comes unasked, when a first mask has been made: milliseconds since the process started.
@main
struct BenchmarkSegmenters {
    struct Usage: Error, CustomStringConvertible {
        var description: String { "usage: benchmark-segmenters CHECKPOINT WIDTH HEIGHT PIXELS [--float32] [--nodes]" }
    }

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 5, let width = Int(arguments[2]), let height = Int(arguments[3]), width > 0, height > 0 else {
            throw Usage()
        }
        let pixels = [UInt8](try Data(contentsOf: URL(fileURLWithPath: arguments[4])))
        guard pixels.count == 3 * width * height else { throw Usage() }
        let image = RGBImage(width: width, height: height, pixels: pixels)
        let checkpoint = try TensorFile.open(URL(fileURLWithPath: arguments[1]))
        let nodes = arguments.contains("--nodes")
        let engine = NodeListingEngine(try OpenVINOEngine(.init(profiling: nodes, diagnostics: { print($0) })), lists: nodes)
        let segmenter = try SAMSegmenter(
            weights: Weights(checkpoint), engine: engine, precision: arguments.contains("--float32") ? .float32 : .automatic)
        var frame = try segmenter.frame(image)
        _ = try frame.predict([ObjectPrompt(points: [.positive(Float(width) / 2, Float(height) / 2)])])
        answer(String(format: "%.0f", 1000 * ProcessUsage.secondsSinceStart))

        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "encode": answer(try milliseconds { frame = try segmenter.frame(image) })
            case "decode":
                let prompts = prompts(words.dropFirst())
                answer(try milliseconds { _ = try frame.predict(prompts, passes: PassSchedule(boxPasses: 12)) })
            case "masks":
                guard words.count > 2 else { throw Usage() }
                let answers = try frame.predict(prompts(words.dropFirst(2)))
                let logits = Tensor(shape: [answers.count, answers[0].logits.values.count], answers.flatMap(\.logits.values))
                try SafetensorsFile.write(["logits": logits], to: URL(fileURLWithPath: words[1]))
                answer("written")
            case "memory": answer(ProcessUsage.memory)
            default: throw Usage()
            }
        }
    }

    private static func milliseconds(_ body: () throws -> Void) rethrows -> String {
        let start = ContinuousClock.now
        try body()
        return String(format: "%.2f", (ContinuousClock.now - start) / .milliseconds(1))
    }

    private static func answer(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    private static func prompts(_ words: some Sequence<String>) -> [ObjectPrompt] {
        words.map { object in
            ObjectPrompt(
                points: object.split(separator: ";").compactMap { point in
                    let numbers = point.split(separator: ",").compactMap { Float($0) }
                    return numbers.count == 3 ? PointPrompt(SIMD2(numbers[0], numbers[1]), isPositive: numbers[2] > 0) : nil
                })
        }
    }
}

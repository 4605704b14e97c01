import ArgumentParser
import Foundation
import Inference
import PointTrackers
import SAMPT
import Segmenters

/// Which segmenter and tracker run, and how.
struct ModelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The segmenter: \(SegmenterName.list).", valueName: "name"))
    var segmenter: SegmenterName = .nano

    @Option(help: ArgumentHelp("The point tracker: \(TrackerName.list).", valueName: "name"))
    var tracker: TrackerName = .nano

    @Option(help: "Arithmetic of the networks: automatic (bfloat16 where the processor has it), float32 or bfloat16.")
    var precision: Precision = .automatic

    @Option(help: "Threads for the networks; default: all cores.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be between 1 and 1024.") }
    }

    enum SegmenterName: String, ExpressibleByArgument, CaseIterable {
        case nano
        static var list: String { "nano (built in)" }
    }

    enum TrackerName: String, ExpressibleByArgument, CaseIterable {
        case nano
        static var list: String { "nano (built in, learned)" }
    }

    /// The chosen models; segmenter and tracker share one encoder where they can.
    func makeModels() throws -> (segmenter: any PromptableSegmenter, tracker: any PointTracker) {
        let engine = try OpenVINOEngine(.init(threads: threads))
        let encoder = try NanoFrameEncoder(engine: engine, precision: precision)
        let segmenter = try NanoPrompt(engine: engine, encoder: encoder, precision: precision)
        switch tracker {
        case .nano: return (segmenter, try NanoTrack(engine: engine, encoder: encoder, precision: precision))
        }
    }
}

extension Precision: ExpressibleByArgument {}

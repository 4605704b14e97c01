import ArgumentParser
import Foundation
import Inference
import PointTrackers
import SAMPT
import Segmenters

/// Which segmenter and tracker run, and how.
struct ModelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The segmenter: nano (built in).", valueName: "name"))
    var segmenter = SegmenterName.nano.rawValue

    @Option(help: ArgumentHelp("The point tracker: nano (built in, learned) or lucas-kanade (classic, needs no network).", valueName: "name"))
    var tracker = TrackerName.nano.rawValue

    @Option(help: ArgumentHelp(
        "Arithmetic of the networks: automatic (bfloat16 where the processor has it), float32 (exact, slower) or bfloat16.",
        valueName: "precision"))
    var precision: Precision = .automatic

    @Option(
        name: .customLong("part-precision"),
        help: ArgumentHelp(
            "Arithmetic of one part of the built-in models: encoder, decoder or head, for example decoder=float32. Repeat it for more parts.",
            valueName: "part=precision"))
    var partPrecisions: [String] = []

    @Option(help: ArgumentHelp("Threads for the networks (default: all cores).", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be between 1 and 1024.") }
        _ = try Self.choose(SegmenterName.self, segmenter, option: "segmenter")
        _ = try Self.choose(TrackerName.self, tracker, option: "tracker")
        _ = try precisions()
    }

    /// The parts of the built-in models whose precision can be chosen.
    enum Part: String, CaseIterable {
        case encoder, decoder, head
    }

    /// The precision of every part that has one of its own.
    private func precisions() throws -> [Part: Precision] {
        var chosen: [Part: Precision] = [:]
        for text in partPrecisions {
            let words = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard words.count == 2 else { throw ValidationError("--part-precision: \"\(text)\" is not of the form part=precision.") }
            let part = try Self.choose(Part.self, words[0], option: "part-precision")
            chosen[part] = try Self.choose(Precision.self, words[1], option: "part-precision")
        }
        return chosen
    }

    private func precision(of part: Part) throws -> Precision { try precisions()[part] ?? precision }

    enum SegmenterName: String, CaseIterable {
        case nano
    }

    enum TrackerName: String, CaseIterable {
        case nano
        case lucasKanade = "lucas-kanade"
    }

    /// The chosen models; segmenter and tracker share one encoder where they can.
    func makeModels() throws -> (segmenter: any PromptableSegmenter, tracker: any PointTracker) {
        let engine = try OpenVINOEngine(.init(threads: threads))
        let encoder = try NanoFrameEncoder(engine: engine, precision: precision(of: .encoder))
        let chosen: any PromptableSegmenter
        switch try Self.choose(SegmenterName.self, segmenter, option: "segmenter") {
        case .nano: chosen = try NanoPrompt(engine: engine, encoder: encoder, precision: precision(of: .decoder))
        }
        return (chosen, try makeTracker(engine: engine, encoder: encoder))
    }

    /// The chosen tracker alone.
    func makeTracker() throws -> any PointTracker {
        if case .lucasKanade = try Self.choose(TrackerName.self, tracker, option: "tracker") { return LucasKanadeTracker() }
        let engine = try OpenVINOEngine(.init(threads: threads))
        return try makeTracker(engine: engine, encoder: NanoFrameEncoder(engine: engine, precision: precision(of: .encoder)))
    }

    private func makeTracker(engine: any InferenceEngine, encoder: NanoFrameEncoder) throws -> any PointTracker {
        switch try Self.choose(TrackerName.self, tracker, option: "tracker") {
        case .nano: return try NanoTrack(engine: engine, encoder: encoder, precision: precision(of: .head))
        case .lucasKanade: return LucasKanadeTracker()
        }
    }

    /// The model of that name, or an error that lists the known ones and guesses which was meant.
    static func choose<Name: RawRepresentable & CaseIterable>(
        _ type: Name.Type, _ text: String, option: String
    ) throws -> Name where Name.RawValue == String {
        if let name = Name(rawValue: text) { return name }
        let known = Name.allCases.map(\.rawValue)
        let nearest = known.min { $0.editDistance(to: text) < $1.editDistance(to: text) }
        let guess = nearest.flatMap { $0.editDistance(to: text) <= max(2, $0.count / 3) ? " Did you mean \($0)?" : nil } ?? ""
        throw ValidationError("--\(option): \"\(text)\" is not known. Known are \(known.joined(separator: ", ")).\(guess)")
    }
}

extension String {
    /// The least number of characters inserted, removed or replaced that make `other` of it (Levenshtein).
    func editDistance(to other: String) -> Int {
        let target = Array(other.lowercased())
        var row = Array(0...target.count)
        for (i, a) in lowercased().enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in target.enumerated() {
                let replaced = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = Swift.min(replaced, diagonal + 1, row[j] + 1)
            }
        }
        return row[target.count]
    }
}

extension Precision: ExpressibleByArgument {}

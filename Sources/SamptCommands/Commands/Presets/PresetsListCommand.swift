import ArgumentParser
import Foundation
import MethodPresets
import SAMPT
import SegmentationJobs

struct PresetsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show all presets: what they are, what they reproduce, their models, J&F in the paper.")

    @Flag(help: "Print the list as JSON.")
    var json = false

    func run() async throws {
        try await withExitStatus {
            let rows = try BuiltInPresets.all().map(PresetRow.init)
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                StandardOutput.print(json: String(decoding: try encoder.encode(rows), as: UTF8.self))
            } else {
                let table = [["NAME", "SEGMENTER", "TRACKER", "J&F", "REPRODUCES", "WHAT IT IS"]] + rows.map(\.cells)
                for line in ModelsListCommand.aligned(table) { StandardOutput.print(line) }
                StandardOutput.print("")
                StandardOutput.print("J&F is the paper's. \"sampt presets show NAME\" prints all settings.")
            }
            return .success
        }
    }
}

/// A preset as the list shows it.
struct PresetRow: Encodable {
    var name: String
    var summary: String
    /// Nil where it reproduces nothing.
    var paper: String?
    /// J&F in percent, with its deviation, as the paper gives it.
    var paperScore: String?
    var note: String?
    var extends: String?
    var segmenter: String
    var tracker: String

    init(_ preset: Preset) throws {
        let settings = try preset.settings()
        (name, summary, paper, paperScore, note) = (preset.name, preset.summary, preset.paper, preset.paperScore, preset.note)
        (extends, segmenter, tracker) = (preset.base, settings.segmenter, settings.tracker)
    }

    var cells: [String] { [name, segmenter, tracker, paperScore ?? "-", paper ?? "-", summary] }
}

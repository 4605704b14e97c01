import ArgumentParser
import MethodPresets
import SAMPT
import SegmentationJobs

struct PresetsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print all settings of a preset with their meaning, as a YAML file that can be saved, edited and used.",
        discussion: """
              sampt presets show sam-pt > my.yaml
            """)

    @Argument(help: "The name of a preset, or a YAML file. \"default\" is what runs without one.")
    var preset = "default"

    func run() async throws {
        try await withExitStatus {
            let preset = try Preset.load(preset, source: .option("presets show"))
            try preset.settings().validate()
            for line in try preset.listing().split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                StandardOutput.print(String(line))
            }
            return .success
        }
    }
}

import ArgumentParser
import ModelStore
import SegmentationJobs

struct ModelsPathCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "path", abstract: "Print where a model's file is; an absent one ends with status 66 and says how to get it.")

    @Argument(help: "The model.")
    var name: String

    func run() async throws {
        try await withExitStatus {
            let store = try ModelStore()
            StandardOutput.print(path: try store.locate(store.named(name).name).path)
            return .success
        }
    }
}

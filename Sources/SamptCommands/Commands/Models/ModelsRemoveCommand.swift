import ArgumentParser
import ModelStore
import SegmentationJobs

struct ModelsRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove models, and what interrupted downloads of them left.")

    @Argument(help: ArgumentHelp("The models.", valueName: "name"))
    var names: [String]

    func run() async throws {
        try await withExitStatus {
            let store = try ModelStore()
            for model in try store.named(names) {
                guard try store.remove(model) else { throw CommandError.missingInput("\(model.name) is not in \(store.folder.path).") }
                StandardError.print("\(model.name): removed")
            }
            return .success
        }
    }
}

import ArgumentParser
import ModelStore
import SegmentationJobs

struct ModelsVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read models and compare them with the published MD5.",
        discussion: """
            Without names, all that are there. The exit status is 0 when every file is the published one, or has not changed since it \
            was imported.

            \(CommandStatus.help)
            """)

    @Argument(help: ArgumentHelp("The models (default: all that are there).", valueName: "name"))
    var names: [String] = []

    func run() async throws {
        try await withExitStatus {
            let store = try ModelStore()
            let present = store.catalogue.models.filter { if case .present = store.state(of: $0) { true } else { false } }
            let models = names.isEmpty ? present : try store.named(names)
            if models.isEmpty { StandardError.print("No model is in \(store.folder.path).") }
            var damaged: [String] = []
            for model in models {
                switch try store.verify(model) {
                case .published: StandardOutput.print("\(model.name): the published file")
                case .asImported:
                    StandardOutput.print(
                        "\(model.name): unchanged since it came; \(model.md5 == nil ? "its authors publish no MD5" : "not the published file")"
                    )
                case .different(let md5):
                    StandardOutput.print(
                        "\(model.name): DIFFERENT: its MD5 is \(md5), \(model.md5.map { "the published one is \($0)" } ?? "once it was another")"
                    )
                    damaged.append(model.name)
                }
            }
            guard damaged.isEmpty else {
                throw CommandError.invalidInput("\(damaged.joined(separator: ", ")): remove with \"sampt models remove\" and get anew.")
            }
            return .success
        }
    }
}

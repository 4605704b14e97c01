import ArgumentParser
import Foundation
import ModelStore
import SegmentationJobs

struct ModelsImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take in a file that was downloaded by hand.",
        discussion: """
            Published files are recognised by their MD5, whatever they are called. Any other file must hold the network of the model that --name names.

              sampt models import ~/Downloads/model-000200000.pth
              sampt models import my-finetuned.pth --name sam-vit-b

            \(CommandStatus.help)
            """)

    @Argument(help: "The file.")
    var file: String
    @Option(
        help: ArgumentHelp(
            "The model that the file is for. Needed for files that are not published ones, such as weights of your own.", valueName: "name")
    )
    var name: String?
    @Flag(help: "Link to the file in place of copying it; it must then stay where it is.")
    var link = false

    func run() async throws {
        try await withExitStatus {
            let store = try ModelStore(contentCheck: CheckpointContent.objection)
            if let name { _ = try store.named(name) }
            let result = try store.importFile(URL(fileURLWithPath: file), name: name, mode: link ? .link : .copy)
            if !result.isPublished {
                StandardError.print("sampt: warning: \(file): is not the published file of \(result.model.name); it is used in its place.")
            }
            StandardError.print(
                "\(result.model.name): \(result.model.network), licence \(result.isPublished ? result.model.licence : "not known")")
            StandardOutput.print(path: store.file(of: result.model).path)
            return .success
        }
    }
}

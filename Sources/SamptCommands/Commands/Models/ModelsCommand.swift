import ArgumentParser
import ModelStore
import SegmentationJobs
import Support

struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Get and keep published checkpoints.",
        discussion: """
            The built-in models need none of this. Others are files of their authors, downloaded once and kept in a folder \
            (SAMPT_MODELS names another than the default, which "sampt models list" shows).

              sampt models list
              sampt models pull mobile-sam
              sampt models import ~/Downloads/sam_vit_b_01ec64.pth

            Read a model's licence before you use it.

            \(CommandStatus.help)
            """,
        subcommands: [
            ModelsListCommand.self, ModelsPullCommand.self, ModelsVerifyCommand.self, ModelsImportCommand.self, ModelsPathCommand.self,
            ModelsRemoveCommand.self, ModelsCacheCommand.self,
        ])
}

extension ModelStore {
    /// The model a user named.
    /// - Throws: `CommandError.usage`, which guesses what was meant.
    func named(_ name: String) throws -> PublishedModel {
        if let model = try? catalogue.model(name) { return model }
        let guess = catalogue.models.map(\.name).guess(for: name)
        throw CommandError.usage("\"\(name)\" is not known.\(guess) \"sampt models list\" shows all names.")
    }

    /// The named models, all checked before the first is worked on.
    func named(_ names: [String]) throws -> [PublishedModel] { try names.map(named) }
}

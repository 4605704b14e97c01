import ArgumentParser
import BatchJobs
import Foundation
import SegmentationJobs

struct BatchManifestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest",
        abstract: "Make a manifest of what is in a folder.",
        discussion: """
            The folder holds videos, or folders of frames, with prompts of the same name beside them: goat.mp4 and goat.json (prompts), \
            goat.txt (query points) or goat.png (the first frame's mask). Or it is DAVIS-like: JPEGImages and Annotations, with or \
            without a folder for the resolution; objects are then those of each clip's first annotation.

              sampt batch manifest clips/ > clips.jsonl
              sampt batch manifest DAVIS/ --name davis --outputs masks \\
                --option max-side=480 > davis.jsonl

            \(CommandStatus.help)
            """)

    @Argument(help: "The folder.") var folder: String
    @Option(help: ArgumentHelp("The batch's name (default: the folder's).", valueName: "name")) var name: String?
    @Option(
        help: ArgumentHelp(
            "What is made of every video, with commas between: \(OutputKind.allCases.map(\.rawValue).joined(separator: ", ")). (default: \(OutputKind.usual.map(\.rawValue).joined(separator: ",")))",
            valueName: "kinds"))
    var outputs: String?
    @Option(
        help: ArgumentHelp("An option of sampt segment for every video, such as max-side=480; repeat it for more.", valueName: "name=value")
    )
    var option: [String] = []
    @Flag(help: "Make every result one tar file.") var archive = false
    @Flag(help: "Of DAVIS-like data, look at every annotation, for objects that come later.") var everyAnnotation = false

    func run() async throws {
        try await withBatchStatus {
            let suggestion = EntryName.suggestion(for: URL(fileURLWithPath: folder).standardizedFileURL.path + ".")
            guard name.map(EntryName.isValid) ?? true else {
                throw CommandError.usage("--name: takes letters, digits, \".\", \"-\" and \"_\", and begins with a letter or digit.")
            }
            let kinds = try outputs?.split(separator: ",").map { text in
                guard let kind = OutputKind(rawValue: String(text)) else {
                    throw CommandError.usage(
                        "--outputs: \"\(text)\" is not known. Known are \(OutputKind.allCases.map(\.rawValue).joined(separator: ", ")).")
                }
                return kind
            }
            let options = try options
            _ = try BatchMethod.models(options)
            let writer = try ManifestWriter(
                folder: folder,
                header: ManifestHeader(
                    batch: name ?? suggestion, options: options.isEmpty ? nil : options, outputs: kinds, archive: archive ? true : nil),
                every: everyAnnotation)
            for note in writer.notes { StandardError.print("sampt: warning: \(note)") }
            StandardOutput.print(json: String(decoding: try writer.text().dropLast(), as: UTF8.self))
            return .success
        }
    }

    private var options: [String: JSONValue] {
        get throws {
            var options: [String: JSONValue] = [:]
            for text in option {
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                guard let name = parts.first, !name.isEmpty else {
                    throw CommandError.usage("--option: \"\(text)\" is not of the form name=value.")
                }
                options[name] = parts.count == 1 ? .bool(true) : Int(parts[1]).map(JSONValue.integer) ?? .string(parts[1])
            }
            return options
        }
    }
}

import ArgumentParser
import Foundation
import MaskFormats
import Media
import SegmentationJobs

struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Masks from one annotation format into another.",
        discussion: """
            Reads masks frame by frame and writes them as another tool wants them, also for videos of any length. The output appears when it \
            is whole.

              sampt convert masks.json --from rle --to coco coco.json
              sampt convert DAVIS/ --from davis --sequence dog --to cvat-images dog.xml
              sampt convert coco.json --from coco --to prores dog.mov --video dog.mp4

            What each format is, keeps and loses:
              sampt convert --list

            Formats that are read: \(MaskFormat.readable.map(\.name).joined(separator: ", ")).

            Formats that are written: \(MaskFormat.allCases.map(\.name).joined(separator: ", ")).

            \(CommandStatus.help)
            """)

    @Argument(help: ArgumentHelp("The file or folder to read.", valueName: "in"))
    var input: String?
    @Argument(help: ArgumentHelp("The file or folder to write. A file is replaced; a folder must be absent or empty.", valueName: "out"))
    var output: String?
    @Option(help: ArgumentHelp("The format that is read.", valueName: "format"))
    var from: String?
    @Option(help: ArgumentHelp("The format to write.", valueName: "format"))
    var to: String?
    @Option(help: ArgumentHelp("Which sequence or video to read of a data set that holds several.", valueName: "name"))
    var sequence: String?
    @Option(
        help: ArgumentHelp("The video that the masks belong to: for formats that show its pictures or have times.", valueName: "video"))
    var video: String?
    @Option(help: ArgumentHelp("The colour behind the objects, for cutout (default: 00b140).", valueName: "rrggbb"))
    var background: HexadecimalColor?
    @Flag(help: "List the formats: what each keeps and loses.")
    var list = false
    @Flag(help: "With --list: as JSON.")
    var json = false
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        if list {
            guard input == nil, output == nil, from == nil, to == nil, sequence == nil, video == nil, background == nil, !quiet else {
                throw ValidationError("--list goes alone or with --json.")
            }
            return
        }
        if json { throw ValidationError("--json is for --list.") }
        guard input != nil, output != nil, let from, let to else {
            throw ValidationError("Expected IN, OUT, --from and --to. Example: sampt convert masks.json --from rle --to coco coco.json")
        }
        let (source, target) = (try Self.format(from, option: "--from"), try Self.format(to, option: "--to"))
        guard source.description.isReadable else {
            throw ValidationError(
                "--from \(from): is written, not read. Read are \(MaskFormat.readable.map(\.name).joined(separator: ", ")).")
        }
        if target.needsPictures, video == nil {
            throw ValidationError("--to \(to) shows the video's pictures. Give the video the masks belong to with --video.")
        }
        if video != nil, !target.needsPictures, !target.keepsTimes {
            throw ValidationError("--video has no effect here: \(to) has neither pictures nor times.")
        }
        if background != nil, target != .cutout { throw ValidationError("--background has no effect here: it is for --to cutout.") }
        if sequence != nil, ![.davis, .savFolders, .youtubeVIS, .youtubeVISResults].contains(source) {
            throw ValidationError("--sequence has no effect here: \(from) holds one sequence.")
        }
    }

    private static func format(_ name: String, option: String) throws -> MaskFormat {
        do { return try MaskFormat(name: name) } catch { throw ValidationError("\(option): \(error)") }
    }

    func run() async throws {
        try await withExitStatus {
            guard !list, let input, let output, let from, let to else {
                try printList()
                return .success
            }
            var options = MaskFormatOptions()
            options.sequence = sequence
            if let background { options.background = background.color }
            let job = ConversionJob(
                input: (try MaskFormat(name: from), input), output: (try MaskFormat(name: to), output), video: video, options: options)
            try job.check()
            let interruption = Interruption()
            interruption.listen()
            let summary = try await job.run(interruption: interruption, progress: ProgressReporter(isQuiet: quiet))
            if !quiet {
                for note in summary.notes { StandardError.print(note) }
                StandardError.print("\(summary.frames) frames, \(summary.objects) objects: \(output)")
            }
            return summary.isInterrupted ? .interrupted : .success
        }
    }

    private func printList() throws {
        guard !json else { return StandardOutput.print(json: String(decoding: try MaskFormatListing.json(), as: UTF8.self)) }
        for format in MaskFormat.allCases {
            let about = format.description
            StandardOutput.print("\(format.name) (\(about.form.text); \(about.isReadable ? "written and read" : "written"))")
            StandardOutput.print("    \(about.title)")
            StandardOutput.print("    keeps: \(about.keeps)")
            StandardOutput.print("    loses: \(about.loses)")
        }
    }
}

/// The table of formats for programs.
private enum MaskFormatListing {
    private struct Row: Encodable {
        var name: String
        var title: String
        var onDisk: String
        var keeps: String
        var loses: String
        var readable: Bool
        var needsVideo: Bool
    }

    static func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(
            MaskFormat.allCases.map { format in
                let about = format.description
                return Row(
                    name: format.name, title: about.title, onDisk: about.form.text, keeps: about.keeps, loses: about.loses,
                    readable: about.isReadable, needsVideo: about.needsPictures)
            })
    }
}

/// "rrggbb".
struct HexadecimalColor: ExpressibleByArgument, Sendable, Equatable {
    var color: Color

    init?(argument: String) {
        guard let color = Color(hexadecimal: argument) else { return nil }
        self.color = color
    }
}

import ArgumentParser
import Foundation
import Media
import SAMPT

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Segment marked objects in one picture.",
        discussion: """
            The same prompts and models as for videos, on a single picture.

              sampt image photo.jpg --point 320,240 --negative 10,20 --overlay look.png --masks-out mask.png

            \(CommandStatus.help)
            """)

    @Argument(help: "A picture (PNG, JPEG and what else FFmpeg decodes).")
    var picture: String
    @OptionGroup(title: "Marking objects") var prompts: PromptOptions
    @Option(help: ArgumentHelp("The picture with masks drawn in (.png).", valueName: "file"))
    var overlay: String?
    @Option(help: ArgumentHelp("The index mask as a palette PNG.", valueName: "file"))
    var masksOut: String?
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @OptionGroup(title: "Messages") var messages: MessageOptions

    func run() async throws {
        try await withExitStatus {
            guard overlay != nil || masksOut != nil else {
                throw CommandError.usage("No output is asked for. Give at least one of --overlay and --masks-out.")
            }
            let settings = try models.settings(with: method)
            let objects = try prompts.objects()
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: picture, isDirectory: &isFolder), isFolder.boolValue {
                throw CommandError.usage("\(picture): is a folder. Use sampt segment for frames in a folder.")
            }
            let clip = try Clip(path: picture, end: 1)
            let queries = try clip.queries(objects)
            var claims = try FileClaims(
                clip: clip, prompts: prompts, objects: objects, preset: models.presets.preset, segmenter: settings.segmenter, tracker: settings.tracker)
            for (path, option) in [(overlay, "--overlay"), (masksOut, "--masks-out")] {
                if let path { try claims.write(path, by: option) }
            }
            for path in [overlay, masksOut].compactMap({ $0 }) { try OutputFile.check(path) }
            let start = ContinuousClock.now
            let (segmenter, tracker) = try models.makeModels(settings, frame: clip.originals.size)
            let pipeline = VideoSegmenter(segmenter: segmenter, tracker: tracker, options: settings.options(for: segmenter))
            let statistics = RunStatistics(queries)
            for try await result in pipeline.segment(clip.frames, objects: queries) {
                let frame = try clip.report(result)
                statistics.add(frame)
                // One that cannot be written does not keep the other from it.
                let drawn = Result { if let overlay { try ImageFile.writePNG(frame.drawn(names: clip.outputClip(queries).names), to: overlay) } }
                if let masksOut { try ImageFile.writeIndexMask(frame.result.indexMask, to: masksOut) }
                try drawn.get()
            }
            try messages.show(SegmentationSummary(
                video: clip.originals.name, frames: 1, framesTotal: 1,
                seconds: Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000, outputs: [overlay, masksOut].compactMap { $0 },
                objects: statistics.objects, damage: nil, exitStatus: .success))
            return .success
        }
    }
}

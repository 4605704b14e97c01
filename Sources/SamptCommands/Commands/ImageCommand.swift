import ArgumentParser
import Foundation
import Media
import MethodPresets
import PointTrackers
import SAMPT
import SegmentationJobs
import Segmenters
import Support

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Segment marked objects in one picture.",
        discussion: """
            The prompts and segmenters of videos, on a single picture. Nothing is tracked: of a preset (--preset, --set), the segmenter and its \
            refinement count. Every marked object gets its mask; --json says what the segmenter expects of it.

              sampt image photo.jpg --point 320,240 --negative 10,20 \\
                --overlay look.png --masks mask.png

            \(CommandStatus.help)
            """)

    @Argument(help: "A picture (PNG, JPEG and what else FFmpeg decodes).")
    var picture: String
    @OptionGroup(title: "Marking objects") var prompts: PromptOptions
    @Option(help: ArgumentHelp("The picture with masks and clicks drawn in (.png).", valueName: "file"))
    var overlay: String?
    @Option(
        name: [.customLong("masks"), .customLong("masks-out")],
        help: ArgumentHelp("The index mask as a palette PNG (.png).", valueName: "file"))
    var masks: String?
    @Option(
        help: ArgumentHelp(
            "A folder for each marked object's several answers, as the segmenter has them: OBJECT-RANK-SCORE.png, the most likely first.",
            valueName: "folder"))
    var candidates: String?
    @OptionGroup(title: "Presets and models") var models: PictureModelOptions
    @OptionGroup(title: "Method") var method: PictureMethodOptions
    @OptionGroup(title: "Messages") var messages: MessageOptions

    func run() async throws {
        try await withExitStatus {
            guard overlay != nil || masks != nil || candidates != nil else {
                throw CommandError.usage("No output is asked for. Give at least one of --overlay, --masks and --candidates.")
            }
            let settings = try models.settings(refinement: method.refinement)
            let objects = try prompts.objects()
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: picture, isDirectory: &isFolder), isFolder.boolValue {
                throw CommandError.usage("\(picture): is a folder. Use sampt segment for frames in a folder.")
            }
            let clip = try Clip(path: picture, end: 1)
            let queries = try clip.queries(objects)
            try checkRefinement(queries, settings)
            try checkOutputs(
                FileClaims(
                    clip: clip, promptFiles: prompts.files, objects: objects, preset: models.presets.preset, segmenter: settings.segmenter))
            let start = ContinuousClock.now
            let pipeline = try pipeline(settings, frame: clip.originals.size)
            let statistics = RunStatistics(queries)
            for try await result in pipeline.segment(clip.frames, objects: queries) {
                var frame = try clip.report(result)
                // Others are sampled to be tracked, and say nothing here.
                for index in frame.result.objects.indices { frame.result.objects[index].points.removeAll { $0.origin != .click } }
                statistics.add(frame)
                // One that cannot be written does not keep the other from it.
                let drawn = Result { if let overlay { try drawOverlay(frame, clip.outputClip(queries), to: overlay) } }
                if let masks { try ImageFile.writeIndexMask(frame.result.indexMask, to: masks) }
                try drawn.get()
            }
            let written = try await writeCandidates(queries, pipeline, clip)
            try messages.show(
                SegmentationSummary(
                    video: clip.originals.name, frames: 1, framesTotal: 1,
                    seconds: start.secondsAgo, outputs: [overlay, masks].compactMap { $0 } + written,
                    objects: statistics.objects, damage: nil, exitStatus: .success))
            return .success
        }
    }

    /// Finds outputs that cannot be written, or would take the place of something, before models are loaded.
    /// - Parameter inputs: what is read.
    private func checkOutputs(_ inputs: FileClaims) throws {
        var claims = inputs
        for (path, option) in [(overlay, "--overlay"), (masks, "--masks")] {
            if let path { try claims.write(path, by: option) }
        }
        if let candidates {
            try claims.write(
                folder: candidates, namesLike: { $0.range(of: "^[0-9]+-[0-9]+-[01].[0-9]{2}.png$", options: .regularExpression) != nil },
                by: "--candidates")
        }
        for path in [overlay, masks].compactMap({ $0 }) { try OutputFile.check(path) }
        try OutputName.checkPNG(overlay, option: "--overlay")
        try OutputName.checkPNG(masks, option: "--masks")
    }

    /// The method on one frame. Its tracker is never asked for another one, so it is the one that needs no network.
    private func pipeline(_ settings: MethodSettings, frame: ImageSize) throws -> VideoSegmenter {
        let segmenter = try models.makeSegmenter(settings, frame: frame)
        var options = settings.options(for: segmenter)
        options.reinitialization.variant = nil
        options.prompting.usesAppearanceMemory = false
        options.referenceQuirks = false
        return VideoSegmenter(segmenter: segmenter, tracker: LucasKanadeTracker(), options: options)
    }

    /// Refuses `--refinement` where no mask is refined.
    private func checkRefinement(_ queries: [ObjectQuery], _ settings: MethodSettings) throws {
        guard method.refinement != nil else { return }
        let takesBoxes = SegmenterFamily.abilities(of: settings.segmenter).contains(.boxes)
        let isRefined = queries.contains { query in
            switch query.prompt {
            case .points: true
            case .box: !takesBoxes
            case .mask: false
            }
        }
        guard isRefined else {
            throw CommandError.usage(
                "--refinement: has no effect here: given masks are taken as they are\(takesBoxes ? ", and \(settings.segmenter) answers to a box at once" : "")."
            )
        }
    }

    /// - Returns: the files.
    private func writeCandidates(_ queries: [ObjectQuery], _ pipeline: VideoSegmenter, _ clip: Clip) async throws -> [String] {
        guard let candidates else { return [] }
        try FileManager.default.createDirectory(atPath: candidates, withIntermediateDirectories: true)
        let frames = clip.frames
        var written: [String] = []
        for query in queries {
            for answer in try await onThread({ try pipeline.candidates(for: query, in: frames) }) {
                let score = String(format: "%.2f", min(1, max(0, answer.score)))
                let path = "\(candidates)/\(query.id)-\(answer.index + 1)-\(score).png"
                let mask = answer.mask.mask
                var index = IndexMask(width: mask.width, height: mask.height)
                for (place, value) in mask.values.enumerated() where value != 0 { index.values[place] = UInt16(query.id) }
                try ImageFile.writeIndexMask(index, to: path)
                written.append(path)
            }
        }
        return written
    }

    /// In square pixels, as a person sees the picture.
    private func drawOverlay(_ frame: ReportedFrame, _ clip: OutputClip, to path: String) throws {
        try ImageFile.writePNG(frame.drawn(names: clip.names).shown(clip.pixelAspect), to: path)
    }
}

import ArgumentParser
import Foundation
import Media
import MethodPresets
import SAMPT
import SegmentationJobs

package struct SegmentCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "segment",
        abstract: "Segment marked objects through a video.",
        discussion: """
            Mark each object in one frame (its query frame) with points, a box or a mask. It is then followed forwards and backwards \
            through the whole video. Results come out while the work goes on; Ctrl-C keeps the frames done so far.

            One click, the result as a video to look at:
              sampt segment rabbit.mp4 --point 640,360 --overlay out.mp4

            Two objects, the second marked in frame 48, masks as PNGs and as JSON:
              sampt segment street.mp4 --point 1:320,240 --negative 1:10,20 \\
                --box 2:100,50,180,220 --frame 2:48 --name 2:bicycle \\
                --masks masks/ --rle masks.json

            For annotation tools and editors (sampt convert --list says which formats there are):
              sampt segment rabbit.mp4 --point 640,360 \\
                --export cvat-images:task.xml --export prores:cut.mov

            With the paper's settings and models (their checkpoints come with "sampt models pull"):
              sampt segment rabbit.mp4 --point 640,360 --overlay out.mp4 \\
                --preset sam-pt --set refinement=3

            Every object of an index mask, as in DAVIS and YouTube-VOS:
              sampt segment frames/ --mask 00000.png --masks masks/

            A camera, from a pipe, until Ctrl-C (docs/cli.md, "Live"):
              ffmpeg -f v4l2 -i /dev/video0 -f yuv4mpegpipe - | \\
                sampt segment --live - --point 320,240 --overlay out.mp4

            \(CommandStatus.help)
            """)

    @OptionGroup var clip: ClipOptions
    @OptionGroup(title: "Marking objects") var prompts: PromptOptions
    @OptionGroup(title: "Marking objects") var queryFrames: QueryFrameOptions
    @OptionGroup(title: "Outputs (at least one, or --project)") var outputs: OutputOptions
    @Option(
        help: ArgumentHelp(
            "Keep the run as a project that can be gone on with: corrected, and only what that touches computed again (sampt project). It must not exist.",
            valueName: "file"))
    package var project: String?
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @OptionGroup(title: "Live") var live: LiveOptions
    @OptionGroup(title: "Messages") package var messages: MessageOptions

    package init() {}

    package func validate() throws {
        try live.validate(with: clip, outputs)
        if project != nil, live.live { throw ValidationError("--project keeps a video that can be read again, not a live source.") }
        if project != nil, let option = clip.givenPart {
            throw ValidationError(
                "\(option) has no place beside --project: a project is of the whole video. \"sampt project propagate\" takes --from and --to."
            )
        }
        if outputs.review > 0, messages.quiet, !messages.json, outputs.contactSheet == nil {
            throw ValidationError("--review has no effect with --quiet, but for --json and --contact-sheet. Ask for one of them.")
        }
    }

    package func run() async throws {
        try await withExitStatus {
            if live.live { return try await runLive(outputs.destinations, models.settings(with: method, for: .live)) }
            guard project == nil else { throw CommandError.usage("--project: is for the second program, sampt-studio.") }
            let request = try request()
            let job = SegmentationJob(
                segmenter: try request.makeSegmenter(), clip: request.clip, queries: request.queries, destinations: request.destinations,
                reviewed: outputs.review)
            return try await finish(job)
        }
    }

    /// What is asked for, with everything checked that can be before models are loaded.
    package func request() throws -> SegmentRequest {
        let destinations = try outputs.destinations
        if project == nil || !destinations.paths.isEmpty { try destinations.validate() }
        let settings = try models.settings(with: method, for: .video)
        let objects = try prompts.objects(frames: queryFrames.frame)
        let video = clip.video
        let clip = try clip.open()
        let queries = try clip.queries(objects)
        var claims = try FileClaims(
            clip: clip, promptFiles: prompts.files, objects: objects, preset: models.presets.preset, segmenter: settings.segmenter,
            tracker: settings.tracker)
        if let project { try claims.write(project, by: "--project") }
        try destinations.claim(in: &claims, maskNames: destinations.masks == nil ? [] : clip.pictureFileNames())
        try destinations.checkWritable()
        return SegmentRequest(
            video: video, clip: clip, queries: queries, destinations: destinations, models: models, settings: settings,
            reviewed: outputs.review)
    }

    /// Runs a job to its end and says what it did.
    package func finish(_ job: SegmentationJob, noting note: String? = nil) async throws -> CommandStatus {
        let interruption = Interruption()
        interruption.listen()
        var summary = try await job.run(interruption: interruption, progress: ProgressReporter(isQuiet: messages.quiet))
        if let note { summary.outputs.insert(note, at: 0) }
        try messages.show(summary)
        return summary.exitStatus
    }

    private func runLive(_ destinations: OutputDestinations, _ settings: MethodSettings) async throws -> CommandStatus {
        try destinations.validate()
        let objects = try prompts.objects(frames: queryFrames.frame)
        var claims = try FileClaims(
            promptFiles: prompts.files, objects: objects, preset: models.presets.preset, segmenter: settings.segmenter,
            tracker: settings.tracker)
        if clip.video == "-" { claims.readStandardInput(as: "the video") } else { claims.read(clip.video, as: "the video") }
        try destinations.claim(in: &claims, maskNames: nil)
        try destinations.checkWritable()
        let frames = try live.open(clip.video, maxSide: clip.maxSide)
        let (segmenter, tracker) = try models.makeModels(settings, frame: frames.originalSize)
        let job = try LiveJob(
            segmenter: VideoSegmenter(segmenter: segmenter, tracker: tracker, options: settings.options(for: segmenter)), frames: frames,
            objects: objects, destinations: destinations)
        let interruption = Interruption()
        interruption.listen()
        let summary = try await job.run(interruption: interruption, progress: ProgressReporter(isQuiet: messages.quiet))
        try messages.show(summary)
        return summary.exitStatus
    }
}

/// A video to segment, what to mark in it, and where results go.
package struct SegmentRequest {
    /// As it was given.
    package var video: String
    package var clip: Clip
    package var queries: [ObjectQuery]
    package var destinations: OutputDestinations
    package var models: ModelOptions
    package var settings: MethodSettings
    package var reviewed: Int

    package func makeSegmenter() throws -> VideoSegmenter {
        let (segmenter, tracker) = try models.makeModels(settings, frame: clip.originals.size)
        return VideoSegmenter(segmenter: segmenter, tracker: tracker, options: settings.options(for: segmenter))
    }
}

/// Where results go.
package struct OutputOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A video with masks and points drawn in (.mp4, .mov, .mkv).", valueName: "file"))
    var overlay: String?
    @Option(
        help: ArgumentHelp(
            "Index masks as palette PNGs, one a frame, named like the folder's frames or 00000.png by frame number.", valueName: "folder"))
    var masks: String?
    @Option(help: ArgumentHelp("Masks as COCO run lengths, with scores, in one JSON file.", valueName: "file"))
    var rle: String?
    @Option(help: ArgumentHelp("The tracked points of every frame in one JSON file.", valueName: "file"))
    var tracks: String?
    @Option(help: ArgumentHelp("A picture of up to 12 frames with masks, to judge the result at a glance (.png).", valueName: "file"))
    var contactSheet: String?
    @Option(
        help: ArgumentHelp(
            "Masks in a format that other tools read, repeatable: coco:masks.json, cvat-images:task.xml, prores:cut.mov, ... (all: sampt convert --list).",
            valueName: "format:path"))
    var export: [String] = []
    @Option(help: ArgumentHelp("The colour behind the objects in --export cutout:... (default: 00b140).", valueName: "rrggbb"))
    var background: HexadecimalColor?
    @Option(
        help: ArgumentHelp(
            "Name the frames where masks are least likely to be right, spread over time: at the end, with --json, and marked on the contact sheet.",
            valueName: "n"))
    package var review = 0

    package func validate() throws {
        guard (0...1000).contains(review) else { throw ValidationError("--review must be between 0 and 1000.") }
        let exports = try validating { try destinations }.exports
        if background != nil, !exports.contains(where: { $0.format == .cutout }) {
            throw ValidationError("--background has no effect here: it is for --export cutout:...")
        }
    }

    /// - Throws: `CommandError.usage` for exports that name no format or no path.
    package var destinations: OutputDestinations {
        get throws {
            OutputDestinations(
                overlay: overlay, masks: masks, rle: rle, tracks: tracks, contactSheet: contactSheet,
                exports: try export.map { try ExportDestination($0, background: background?.color) })
        }
    }

    package init() {}
}

/// What is printed.
package struct MessageOptions: ParsableArguments {
    @Flag(help: "Print nothing but errors and warnings.")
    package var quiet = false
    @Flag(help: "Print a summary as JSON on stdout: frames, speed, outputs, each object's mean estimated IoU.")
    package var json = false

    package func show(_ summary: SegmentationSummary) throws {
        if json { StandardOutput.print(json: try summary.json()) }
        for line in quiet ? summary.warnings : summary.lines { StandardError.print(line) }
    }

    package init() {}
}

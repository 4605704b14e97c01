import ArgumentParser
import Foundation
import Media
import MethodPresets
import SAMPT
import SegmentationJobs

struct SegmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
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
    @OptionGroup(title: "Outputs (at least one)") var outputs: OutputOptions
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @OptionGroup(title: "Live") var live: LiveOptions
    @OptionGroup(title: "Messages") var messages: MessageOptions

    func validate() throws {
        try live.validate(with: clip, outputs)
        if outputs.review > 0, messages.quiet, !messages.json, outputs.contactSheet == nil {
            throw ValidationError("--review has no effect with --quiet, but for --json and --contact-sheet. Ask for one of them.")
        }
    }

    func run() async throws {
        try await withExitStatus {
            let destinations = outputs.destinations
            try destinations.validate()
            let settings = try models.settings(with: method, for: live.live ? .live : .video)
            if live.live { return try await runLive(destinations, settings) }
            let objects = try prompts.objects(frames: queryFrames.frame)
            let clip = try clip.open()
            let queries = try clip.queries(objects)
            var claims = try FileClaims(
                clip: clip, promptFiles: prompts.files, objects: objects, preset: models.presets.preset, segmenter: settings.segmenter,
                tracker: settings.tracker)
            try destinations.claim(in: &claims, maskNames: destinations.masks == nil ? [] : clip.pictureFileNames())
            try destinations.checkWritable()
            let (segmenter, tracker) = try models.makeModels(settings, frame: clip.originals.size)
            let job = SegmentationJob(
                segmenter: VideoSegmenter(segmenter: segmenter, tracker: tracker, options: settings.options(for: segmenter)), clip: clip,
                queries: queries, destinations: destinations, reviewed: outputs.review)
            let interruption = Interruption()
            interruption.listen()
            let summary = try await job.run(interruption: interruption, progress: ProgressReporter(isQuiet: messages.quiet))
            try messages.show(summary)
            return summary.exitStatus
        }
    }

    private func runLive(_ destinations: OutputDestinations, _ settings: MethodSettings) async throws -> CommandStatus {
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

/// Where results go.
struct OutputOptions: ParsableArguments {
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
            "Name the frames where masks are least likely to be right, spread over time: at the end, with --json, and marked on the contact sheet.",
            valueName: "n"))
    var review = 0

    func validate() throws {
        guard (0...1000).contains(review) else { throw ValidationError("--review must be between 0 and 1000.") }
    }

    var destinations: OutputDestinations {
        OutputDestinations(overlay: overlay, masks: masks, rle: rle, tracks: tracks, contactSheet: contactSheet)
    }
}

/// What is printed.
struct MessageOptions: ParsableArguments {
    @Flag(help: "Print nothing but errors and warnings.")
    var quiet = false
    @Flag(help: "Print a summary as JSON on stdout: frames, speed, outputs, each object's mean estimated IoU.")
    var json = false

    func show(_ summary: SegmentationSummary) throws {
        if json { StandardOutput.print(json: try summary.json()) }
        for line in quiet ? summary.warnings : summary.lines { StandardError.print(line) }
    }
}

import Annotator
import ArgumentParser
import Foundation
import InferenceOpenVINO
import Media
import SAMPT
import SamptCommands
import SegmentationJobs
import Support

/// `sampt annotate`.
struct AnnotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "annotate",
        abstract: "Mark, track and correct objects in the browser.",
        discussion: """
            Opens a page in the browser, served by this program on this computer alone. Everything is kept in a project as it is done: close \
            the page, or the program, and go on another day.

              sampt annotate rabbit.mp4                 makes, or goes on with, rabbit.sampt beside the video
              sampt annotate rabbit.sampt
              sampt annotate rabbit.mp4 -o /data/rabbit.sampt --segmenter mobile-sam

            The address stays the same from one start to the next, so that an open page goes on; it is kept in your own folder \
            (~/.local/state/sampt, or SAMPT_STATE) for 30 days.

            Click on an object, press T to track it, N for the next frame to look at, ? for all keys. docs/annotator.md shows more.

            With --listen others can reach it who know the address that is printed: whoever has its token can change the project, and \
            write files as you. What is sent is not encrypted; a tunnel is safer (ssh -L 8080:localhost:8080).

            \(CommandStatus.help)
            """)

    @Argument(help: "A video file, a folder of frames, or a project (.sampt).")
    var input: String
    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp(
            "The project (.sampt), made where it does not exist (default: beside the video, with its name).", valueName: "file"))
    var output: String?
    @OptionGroup var place: ProjectVideoOption
    @Option(help: ArgumentHelp("The port (default: that of the last time, or one that is free; 0: one that is free).", valueName: "n"))
    var port: Int?
    @Option(
        help: ArgumentHelp(
            "An address of this machine to listen on, for other machines (default: this computer alone).", valueName: "address"))
    var listen: String?
    @Flag(help: "Let in nobody any more who knows the address of before.")
    var newToken = false
    @Flag(help: "Print the address, but open no browser.")
    var noBrowser = false
    @OptionGroup(title: "Presets and models, of a new project") var models: ModelOptions
    @OptionGroup(title: "Method, of a new project") var method: MethodOptions
    @Flag(help: "Print nothing but the address and errors.")
    var quiet = false

    func validate() throws {
        guard (0...65535).contains(port ?? 0) else { throw ValidationError("--port must be between 0 and 65535.") }
        guard !input.isEmpty else { throw ValidationError("The input's name is empty.") }
    }

    func run() async throws {
        // A signal that comes before somebody listens is lost: from here on none is.
        let interruption = Interruption()
        interruption.listen()
        let preloading = Task { try? await onThread { OpenVINOEngine.preload() } }
        let looking = LookingReader()
        if let videoArgument { looking.open(videoArgument) }
        do {
            try await withExitStatus {
                let project = try await onThread { try openOrMake(looking) }
                defer { project.close() }
                _ = await preloading.value
                try await serve(project, pictures: try await looking.frames(of: project.videoPath), interruption)
                return .success
            }
        } catch {
            // What is wrong has been said by now. To end while libraries are being loaded would be to fall.
            await looking.settle()
            _ = await preloading.value
            throw error
        }
    }

    private func serve(_ project: OpenProject, pictures: any FrameSource, _ interruption: Interruption) async throws {
        let server = try await AnnotatorServer(
            project.forAnnotator(pictures: pictures), host: listen, port: port,
            memory: AccessMemory(project: project.path, host: listen), renewsToken: newToken)
        if listen != nil {
            StandardError.print("sampt: whoever knows this address can change the project; what is sent is not encrypted.")
        }
        StandardOutput.printNow(server.address)
        if !quiet { StandardError.print("Ctrl-C ends the annotator; everything is in \(project.path).") }
        if !noBrowser { BrowserWindow.open(server.launchAddress) }
        let serving = Task { try await server.run() }
        interruption.onRequest { serving.cancel() }
        do { try await serving.value } catch is CancellationError {}
    }

    /// The video, where the command line names it.
    private var videoArgument: String? { place.video ?? (isProject ? nil : input) }

    private var isProject: Bool { (input as NSString).pathExtension.lowercased() == "sampt" }

    private var projectPath: String {
        if isProject { return input }
        if let output { return output }
        let path = input.count > 1 && input.hasSuffix("/") ? String(input.dropLast()) : input
        return OpenProject.isFolder(path) ? path + ".sampt" : (path as NSString).deletingPathExtension + ".sampt"
    }

    private func openOrMake(_ looking: LookingReader) throws -> OpenProject {
        let path = projectPath
        if isProject || FileManager.default.fileExists(atPath: path) {
            return try OpenProject(path, video: videoArgument, models: .ifThere) { looking.open($0) }
        }
        let settings = try models.settings(with: method, for: .video)
        let clip = try Clip(path: input)
        var claims = try FileClaims(clip: clip, preset: models.presets.preset, segmenter: settings.segmenter, tracker: settings.tracker)
        try claims.write(path, by: "the project")
        try ProjectRecipe(models: models, settings: settings).make(at: path, clip: clip, video: input).close()
        return try OpenProject(path, video: input, models: .ifThere)
    }
}

import ArgumentParser
import Foundation
import Media
import PointTrackers
import SAMPT
import SegmentationJobs
import Support

struct TrackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "track",
        abstract: "Follow points through a video, without segmenting.",
        discussion: """
            Follows points from their frame to the video's end.

            Two points, trajectories as JSON and drawn with trails:
              sampt track street.mp4 --point 320,240 --point 400,180 --frame 10 \\
                --tracks tracks.json --draw tracks.mp4

            A grid of 20 x 20 points over the whole first frame, drawn on frames as PNGs:
              sampt track street.mp4 --grid 20 --draw tracks/

            Of a preset (--preset, --set) the tracker alone counts here: points are followed as its own threshold sees them.

            \(CommandStatus.help)
            """)

    @OptionGroup var clip: ClipOptions
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A point to follow, in pixels of the original frame, pixel centres at +0.5; repeat for more.", valueName: "x,y"))
    var point: [ObjectArgument<Coordinates>] = []
    @Option(help: ArgumentHelp("Follow a grid of n x n points over the frame.", valueName: "n"))
    var grid: Int?
    @Option(help: ArgumentHelp("The frame the points are in, in numbers of the original video (default: the first).", valueName: "n"))
    var frame: Int?
    @Option(help: ArgumentHelp("Write the trajectories to this JSON file.", valueName: "file"))
    var tracks: String?
    @Option(
        help: ArgumentHelp(
            """
            Write the video with points and trails drawn in (.mp4, .mov, .mkv), or its frames as PNGs into a folder (a name without extension). \
            Dots are visible points, rings hidden ones.
            """,
            valueName: "file or folder"))
    var draw: String?
    @OptionGroup(title: "Presets and models") var models: TrackingModelOptions
    @OptionGroup(title: "Messages") var messages: MessageOptions

    func validate() throws {
        if let grid, !(1...200).contains(grid) { throw ValidationError("--grid must be between 1 and 200.") }
        if let item = point.first(where: { $0.object != nil }) {
            throw ValidationError("--point \(item.object ?? 0):...: tracked points belong to no object. Write --point x,y.")
        }
    }

    func run() async throws {
        try await withExitStatus {
            guard tracks != nil || draw != nil else {
                throw CommandError.usage("No output is asked for. Give at least one of --tracks and --draw.")
            }
            let trackerName = try models.trackerName()
            let clip = try clip.open()
            let start = try clip.numbering.position(of: frame ?? clip.numbering.first, object: "points")
            let points = try positions(size: clip.originals.size)
            let job = TrackingJob(clip: clip, start: start, points: points, tracks: tracks, drawing: draw)
            try checkOutputs(clip, tracker: trackerName)
            let tracker = try models.makeTracker(trackerName, frame: clip.originals.size)
            let interruption = Interruption()
            interruption.listen()
            let summary = try await job.run(
                tracker: tracker, interruption: interruption, progress: ProgressReporter(isQuiet: messages.quiet))
            try messages.show(summary)
            return summary.exitStatus
        }
    }

    /// Finds outputs that cannot be written, or would take the place of something, before models are loaded.
    private func checkOutputs(_ clip: Clip, tracker: String) throws {
        var claims = try FileClaims(clip: clip, preset: models.presets.preset, tracker: tracker)
        if let tracks { try claims.write(tracks, by: "--tracks") }
        var folder: OutputFolder?
        if let draw, FrameFolderOutput.isFolder(draw) {
            try claims.write(folder: draw, names: clip.pictureFileNames(), by: "--draw")
            folder = try OutputFolder(draw)
        } else if let draw {
            try claims.write(draw, by: "--draw")
            try OutputFile.check(draw)
        }
        defer { folder?.removeIfEmpty() }
        if let tracks { try OutputFile.check(tracks) }
        try OutputName.checkText(tracks, form: "JSON", option: "--tracks")
    }

    private func positions(size: ImageSize) throws -> [SIMD2<Float>] {
        var positions = point.map { SIMD2($0.value.x, $0.value.y) }
        if let outside = positions.first(where: { !size.contains($0) }) {
            throw QueryError.pointOutside(object: "points", x: outside.x, y: outside.y, size: size)
        }
        if let grid {
            for row in 0..<grid {
                for column in 0..<grid {
                    positions.append(
                        SIMD2(
                            (Float(column) + 0.5) * Float(size.width) / Float(grid), (Float(row) + 0.5) * Float(size.height) / Float(grid)))
                }
            }
        }
        guard !positions.isEmpty else { throw CommandError.usage("No point is given. Give --point x,y or --grid n.") }
        return positions
    }
}

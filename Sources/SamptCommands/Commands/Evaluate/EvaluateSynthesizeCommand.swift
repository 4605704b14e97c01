import ArgumentParser
import Foundation
import Media
import SegmentationJobs
import Support
import VideoBenchmarks

struct EvaluateSynthesize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synthesize",
        abstract: "Write synthetic clips with exact point tracks.",
        discussion: """
            Writes the clips that "sampt evaluate points --synthetic" makes, and their tracks in tracks.json, for other programs or to look at. \
            The folder is a dataset for --dataset.

              sampt evaluate synthesize --count 20 --seed 1 --out clips/ --draw looks/

            \(CommandStatus.help)
            """)

    @Option(help: ArgumentHelp("How many clips.", valueName: "n"))
    var count = 20
    @OptionGroup var clips: SyntheticOptions
    @Option(help: ArgumentHelp("The folder to write into.", valueName: "folder"))
    var out: String
    @Option(help: ArgumentHelp("Frames as PNGs in a folder for each clip (png, exact) or as a video (mp4, lossy).", valueName: "form"))
    var format = Format.png
    @Option(help: ArgumentHelp("Also write each clip as a video with its tracks drawn in, into this folder.", valueName: "folder"))
    var draw: String?
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case png, mp4
    }

    func validate() throws {
        guard (1...100_000).contains(count) else { throw ValidationError("--count must be between 1 and 100000.") }
    }

    func run() async throws {
        try await withExitStatus {
            let interruption = Interruption()
            interruption.listen()
            return try write(interruption)
        }
    }

    private func write(_ interruption: Interruption) throws -> CommandStatus {
        let dataset = try clips.dataset(count: count)
        try checkOutputs(dataset.videoNames)
        let folder = try OutputFolder(out)
        let looks = try draw.map { try OutputFolder($0) }
        let list = folder.file("tracks.json")
        try OutputFile.check(list)
        var entries: [PointTracksFile.Entry] = []
        for index in 0..<count {
            let video = try dataset.video(at: index)
            let file = format == .png ? video.name : video.name + ".mp4"
            var outputs = [try makePictureOutput(folder.file(file), clip: outputClip(video))]
            if let looks { outputs.append(try makePictureOutput(looks.file(video.name + ".mp4"), clip: outputClip(video))) }
            let isWhole = try write(video, outputs, interruption)
            guard isWhole else {
                StandardError.print("Interrupted after \(index) of \(count) clips; tracks.json is not written.")
                return .interrupted
            }
            entries.append(.init(name: video.name, video: file, tracks: video.truth.tracks(size: video.frames.size)))
            if !quiet { StandardError.print("[\(index + 1)/\(count)] \(video.name)") }
        }
        try PointTracksFile.write(entries, to: list)
        return .success
    }

    /// Finds outputs that would take each other's place.
    private func checkOutputs(_ names: [String]) throws {
        var claims = FileClaims()
        let videos = names.map { $0 + ".mp4" }
        // Pictures lie in folders of their own.
        try claims.write(folder: out, names: (format == .mp4 ? videos : []) + ["tracks.json"], by: "--out")
        if let draw { try claims.write(folder: draw, names: videos, by: "--draw") }
    }

    /// - Returns: whether it came to the end.
    private func write(_ video: PointVideo, _ outputs: [any PictureOutput], _ interruption: Interruption) throws -> Bool {
        var trails = TrailRenderer()
        do {
            for frame in 0..<video.frames.frameCount {
                guard !interruption.isRequested else {
                    for output in outputs { output.cancel() }
                    return false
                }
                let image = try video.frames.frame(at: frame)
                let timestamp = video.frames.timing.timestamps[frame]
                try outputs[0].append(image, timestamp: timestamp, stem: String(format: "%05d", frame))
                if outputs.count > 1 {
                    try outputs[1].append(
                        trails.draw(video.truth.drawn(frame, size: image.size), on: image), timestamp: timestamp, stem: "")
                }
            }
            for output in outputs { try output.finish() }
        } catch {
            for output in outputs { output.cancel() }
            throw error
        }
        return true
    }

    private func outputClip(_ video: PointVideo) -> OutputClip {
        OutputClip(
            name: video.name, size: video.frames.size, timeBase: video.frames.timing.timeBase, frameCount: video.frames.frameCount,
            objects: [])
    }
}

extension PointTruth {
    /// The tracks as the JSON form has them, in pixels.
    fileprivate func tracks(size: ImageSize) -> [[PointTracksFile.Position?]] {
        (0..<pointCount).map { point in
            (0..<frameCount).map { frame in
                let p = position(point, frame) * SIMD2(Double(size.width), Double(size.height))
                return .init(x: p.x.rounded(decimals: 4), y: p.y.rounded(decimals: 4), isVisible: !isOccluded(point, frame))
            }
        }
    }

    /// The points of a frame, to draw.
    fileprivate func drawn(_ frame: Int, size: ImageSize) -> [TrailPoint] {
        (0..<pointCount).map { point in
            let p = position(point, frame) * SIMD2(Double(size.width), Double(size.height))
            return TrailPoint(id: point, position: SIMD2(Float(p.x), Float(p.y)), isVisible: !isOccluded(point, frame))
        }
    }
}

import ArgumentParser
import Foundation
import SegmentationJobs
import Support
import VideoBenchmarks

struct EvaluateBuildBDD100K: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build-bdd100k",
        abstract: "Make BDD100K's data set for video object segmentation from its tracking bitmasks.",
        discussion: """
            Writes <out>/Annotations/<video>/<frame>.png, index PNGs with at most 100 objects, and <out>/JPEGImages/<video>, links to the frames. \
            A video with more objects is given as several (<video>-chunk2, ...).

              sampt evaluate build-bdd100k --bitmasks labels/seg_track_20/bitmasks/val \\
                --images images/seg_track_20/val --out bdd100k/val
              sampt evaluate bdd100k --root bdd100k --out results/

            \(CommandStatus.help)
            """)

    @Option(help: ArgumentHelp("The bitmasks: a folder a video.", valueName: "folder"))
    var bitmasks: String
    @Option(help: ArgumentHelp("The frames: a folder a video.", valueName: "folder"))
    var images: String
    @Option(help: ArgumentHelp("The folder to write into.", valueName: "folder"))
    var out: String
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func run() async throws {
        try await withExitStatus {
            var claims = FileClaims()
            claims.read(bitmasks, as: "the bitmasks")
            claims.read(images, as: "the frames")
            try claims.write(folder: out, names: ["Annotations", "JPEGImages"], by: "--out")
            let builder = BDD100KBuilder(bitmasks: bitmasks, images: images, output: out)
            let interruption = Interruption()
            interruption.listen()
            let reporter = ProgressReporter(isQuiet: quiet)
            let work = Task {
                try await onThread { try builder.build { done, total in reporter.show(isLast: false) { "\(done)/\(total) videos" } } }
            }
            interruption.onRequest { work.cancel() }
            let outcome: BDD100KBuilder.Outcome
            do { outcome = try await work.value } catch is CancellationError where interruption.isRequested {
                reporter.close()
                StandardError.print("Interrupted. What was made is whole; the same command starts anew.")
                return .interrupted
            }
            reporter.close()
            for finding in outcome.findings { StandardError.print("sampt: \(finding)") }
            if !quiet { StandardOutput.print("\(outcome.sequences.count) videos with \(outcome.objects) objects") }
            // A video without an object is left out in the data set, too.
            return outcome.findings.allSatisfy { $0.kind == .emptySequence } ? .success : .partial
        }
    }
}

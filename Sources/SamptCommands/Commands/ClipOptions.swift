import ArgumentParser
import SegmentationJobs

/// Which frames of a video are worked on, and at which size.
struct ClipOptions: ParsableArguments {
    @Argument(help: "A video file (MP4, MOV, MKV, AVI and others that FFmpeg reads), or a folder of JPEG or PNG frames.")
    var video: String

    @Option(help: ArgumentHelp("The first frame, counted from 0 (default: 0).", valueName: "n"))
    var start: Int?

    @Option(help: ArgumentHelp("The frame before which to stop (default: the video's end).", valueName: "n"))
    var end: Int?

    @Option(help: ArgumentHelp("Take every n-th frame from the first on. Frame numbers stay those of the original video.", valueName: "n"))
    var stride = 1

    @Option(
        help: ArgumentHelp(
            "Work on frames made smaller to this many pixels on their longer side. Prompts and outputs stay in original pixels.",
            valueName: "pixels"))
    var maxSide: Int?

    func validate() throws {
        if let start, start < 0 { throw ValidationError("--start must not be negative.") }
        if let end, end < 1 { throw ValidationError("--end must be at least 1.") }
        guard stride >= 1 else { throw ValidationError("--stride must be at least 1.") }
        if let start, let end, start >= end { throw ValidationError("--end must be above --start.") }
        if let maxSide, maxSide < 16 { throw ValidationError("--max-side must be at least 16.") }
    }

    /// The first option that leaves frames out or makes them smaller, as it is written.
    var givenPart: String? {
        start != nil ? "--start" : end != nil ? "--end" : stride != 1 ? "--stride" : maxSide != nil ? "--max-side" : nil
    }

    func open() throws -> Clip { try Clip(path: video, start: start, end: end, stride: stride, maxSide: maxSide) }
}

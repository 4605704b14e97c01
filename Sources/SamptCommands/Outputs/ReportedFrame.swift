import Media
import SAMPT
import Support

/// A frame's result as it leaves the program: at the original size, with the original video's frame number.
struct ReportedFrame: Sendable {
    /// Where the frame stands among those that are read.
    var position: Int
    /// The frame's number in the original video.
    var number: Int
    /// In ticks of the clip's time base.
    var timestamp: Int64
    /// From the start of the original video.
    var seconds: Double
    /// The name for files of this frame, without extension.
    var stem: String
    /// At the original size, whatever size was worked at.
    var result: FrameResult
}

/// What outputs need to know of a clip before its first frame.
struct OutputClip: Sendable {
    var name: String
    var size: ImageSize
    /// The shape of the pixels when they are shown.
    var pixelAspect = PixelAspect.square
    var timeBase: (numerator: Int, denominator: Int)
    var frameCount: Int
    var objects: [OutputObject]
    /// In seconds.
    var duration = 0.0
    /// What videos made of the clip sound like; nil for pictures and live sources.
    var sound: SoundSource?
    /// Gathers the frames to look at (`--review`), each before outputs get it; nil where nobody asked for them.
    var review: Protected<FrameReview>?

    var names: [Int: String] { Dictionary(objects.map { ($0.id, $0.name) }) { first, _ in first } }
}

/// An object as outputs describe it.
struct OutputObject: Sendable, Codable, Equatable {
    var id: Int
    var name: String
    /// The query frame's number in the original video.
    var queryFrame: Int
}

/// Somewhere frames are written to.
protocol FrameOutput: JobOutput where Element == ReportedFrame {}

/// The fields that JSON outputs begin with.
struct OutputHeader: Encodable {
    var video: String
    var width: Int
    var height: Int
    var objects: [OutputObject]

    init(_ clip: OutputClip) {
        (video, width, height, objects) = (clip.name, clip.size.width, clip.size.height, clip.objects)
    }
}

/// The fields that JSON outputs end with.
struct OutputTrailer: Encodable {
    var frameCount: Int
    /// False when the run was interrupted or the video is damaged.
    var complete: Bool
}

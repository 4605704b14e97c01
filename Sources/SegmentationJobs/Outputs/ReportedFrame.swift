import Media
import SAMPT
import Support

/// A frame's result as it leaves the program: at the original size, with the original video's frame number.
package struct ReportedFrame: Sendable {
    /// Where the frame stands among those that are read.
    package var position: Int
    /// The frame's number in the original video.
    package var number: Int
    /// In ticks of the clip's time base.
    package var timestamp: Int64
    /// From the start of the original video.
    package var seconds: Double
    /// The name for files of this frame, without extension.
    package var stem: String
    /// At the original size, whatever size was worked at.
    package var result: FrameResult
}

/// What outputs need to know of a clip before its first frame.
package struct OutputClip: Sendable {
    package var name: String
    package var size: ImageSize
    /// The shape of the pixels when they are shown.
    package var pixelAspect = PixelAspect.square
    package var timeBase: (numerator: Int, denominator: Int)
    package var frameCount: Int
    package var objects: [OutputObject]
    /// In seconds.
    package var duration = 0.0
    /// What videos made of the clip sound like; nil for pictures and live sources.
    package var sound: SoundSource?
    /// Gathers the frames to look at (`--review`), each before outputs get it; nil where nobody asked for them.
    package var review: Protected<FrameReview>?

    package init(
        name: String, size: ImageSize, pixelAspect: PixelAspect = .square, timeBase: (numerator: Int, denominator: Int), frameCount: Int,
        objects: [OutputObject], duration: Double = 0, sound: SoundSource? = nil, review: Protected<FrameReview>? = nil
    ) {
        (self.name, self.size, self.pixelAspect, self.timeBase) = (name, size, pixelAspect, timeBase)
        (self.frameCount, self.objects, self.duration, self.sound) = (frameCount, objects, duration, sound)
        self.review = review
    }

    package var names: [Int: String] { Dictionary(objects.map { ($0.id, $0.name) }) { first, _ in first } }
}

/// An object as outputs describe it.
package struct OutputObject: Sendable, Codable, Equatable {
    package var id: Int
    package var name: String
    /// The query frame's number in the original video.
    package var queryFrame: Int

    package init(id: Int, name: String, queryFrame: Int) { (self.id, self.name, self.queryFrame) = (id, name, queryFrame) }
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

import Media
import SAMPT

/// A small picture of the frame whose mask is least likely to be right, to judge a result among many at a glance.
final class LeastSureOutput: FrameOutput {
    let path: String
    private let names: [Int: String]
    private var least = Float.infinity
    private var picture: RGBImage?

    /// Pixels of its longer side.
    private static let longestSide = 480

    init(path: String, clip: OutputClip) throws {
        try OutputFile.check(path)
        self.path = path
        names = clip.names
    }

    func append(_ frame: ReportedFrame) {
        // Given masks have no confidence; where nothing else comes, the first frame stands for the video.
        let confidence = frame.result.objects.compactMap(\.confidence).min() ?? .greatestFiniteMagnitude
        guard confidence < least else { return }
        least = confidence
        let drawn = frame.drawn(names: names)
        picture = drawn.scaled(to: drawn.size.limited(longestSide: Self.longestSide))
    }

    func finish(isComplete: Bool) throws {
        if let picture { try ImageFile.writePNG(picture, to: path) }
    }

    func abandon() {}
}

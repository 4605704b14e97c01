import Media
import SAMPT

/// One picture of a few frames, evenly spaced over the clip, with each object's confidence. Of frames to look at, some are added and all
/// are marked.
final class ContactSheetOutput: FrameOutput {
    let path: String
    private let names: [Int: String]
    private var sheet: ContactSheet
    /// The frames to mark, and the first of these, which are on the sheet in any case.
    private var review: FrameReview
    private var added: FrameReview

    /// At most so many of the frames to look at are added.
    private static let addedFrames = 6

    init(path: String, clip: OutputClip) throws {
        try OutputFile.check(path)
        self.path = path
        names = clip.names
        review = FrameReview(count: clip.reviewed, duration: clip.duration)
        added = FrameReview(count: min(clip.reviewed, Self.addedFrames), duration: clip.duration)
        sheet = ContactSheet(frameCount: clip.frameCount, size: clip.pixelAspect.shown(clip.size), reserved: added.count)
    }

    func append(_ frame: ReportedFrame) {
        review.add(frame.result, seconds: frame.seconds)
        added.add(frame.result, seconds: frame.seconds)
        let candidates = added.candidates
        guard sheet.wants(frame.position) || candidates.contains(frame.position) else { return }
        let bars = frame.result.objects.enumerated().compactMap { index, object in
            object.confidence.map { ContactSheet.Bar(color: .object(index), share: $0) }
        }
        sheet.keep(frame.drawn(names: names), index: frame.position, caption: "frame \(frame.number)", bars: bars)
        sheet.retain(candidates)
    }

    func finish(isComplete: Bool) throws {
        sheet.retain(Set(added.entries.map(\.frameIndex)))
        sheet.mark(Set(review.entries.map(\.frameIndex)))
        if let picture = sheet.picture { try ImageFile.writePNG(picture, to: path) }
    }

    func abandon() {}
}

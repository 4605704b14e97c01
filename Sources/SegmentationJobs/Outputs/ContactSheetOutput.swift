import Media
import SAMPT
import Support

/// One picture of a few frames, evenly spaced over the clip, with each object's confidence. Of frames to look at, some are added and all
/// are marked.
final class ContactSheetOutput: FrameOutput {
    let path: String
    private let names: [Int: String]
    private var sheet: ContactSheet
    /// The frames to mark.
    private let review: Protected<FrameReview>?
    /// How many of these, the first, are on the sheet in any case.
    private let addedCount: Int

    /// At most so many of the frames to look at are added.
    private static let addedFrames = 6

    init(path: String, clip: OutputClip) throws {
        try OutputFile.check(path)
        self.path = path
        names = clip.names
        review = clip.review
        addedCount = min(clip.review?.withLock { $0.count } ?? 0, Self.addedFrames)
        sheet = ContactSheet(frameCount: clip.frameCount, size: clip.pixelAspect.shown(clip.size), reserved: addedCount)
    }

    func append(_ frame: ReportedFrame) {
        let candidates = review?.withLock { $0.candidates(first: addedCount) } ?? []
        guard sheet.wants(frame.position) || candidates.contains(frame.position) else { return }
        let bars = frame.result.objects.enumerated().compactMap { index, object in
            object.confidence.map { ContactSheet.Bar(color: .object(index), share: $0) }
        }
        sheet.keep(frame.drawn(names: names), index: frame.position, caption: "frame \(frame.number)", bars: bars)
        sheet.retain(candidates)
    }

    func finish(isComplete: Bool) throws {
        let chosen = review?.withLock { $0.entries.map(\.frameIndex) } ?? []
        sheet.retain(Set(chosen.prefix(addedCount)))
        sheet.mark(Set(chosen))
        if let picture = sheet.picture { try ImageFile.writePNG(picture, to: path) }
    }

    func abandon() {}
}

import Media
import Segmenters

extension VideoSegmenter {
    /// The segmenter's several answers to what marks an object, the most likely first: SAM's three masks, such as the dress, the dancer,
    /// and both; with segmenters that have one, also what they say to points spread where they are sure, and where they are not quite so.
    /// Blocks while networks run.
    /// - Parameter query: marked by points or a box; a given mask leaves nothing open and has no candidates.
    /// - Throws: `QueryError` for a query that does not fit the video, errors of the video and the networks.
    public func candidates(for query: ObjectQuery, in video: any FrameSource) throws -> [MaskCandidate] {
        try ObjectQuery.validate([query], size: video.size, frameCount: video.frameCount)
        var anchor = ObjectAnchor()
        switch query.prompt {
        case .points(let points):
            anchor.points = points.enumerated().map {
                AnchorPoint(id: $0.offset, position: $0.element.position, isPositive: $0.element.isPositive)
            }
        case .box(let box): anchor.box = box
        case .mask: return []
        }
        let masks = AnchorMasks(
            segmenter: segmenter, video: FrameStore(video, capacity: 1), options: options, store: InMemorySessionStore(), recipe: "")
        return try masks.candidates(anchor, at: query.frame)
    }
}

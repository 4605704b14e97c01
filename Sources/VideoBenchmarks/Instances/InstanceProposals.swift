import Foundation
import Media

/// Masks of objects in the first frames of videos, from a detector or an automatic segmenter: a COCO results file, a list of
/// `{image_id or video_id, segmentation, score}`.
public struct InstanceProposals: Sendable {
    public struct Proposal: Sendable, Equatable {
        public var mask: RunLengthMask
        public var score: Double
    }

    /// By video, best first.
    public let byVideo: [Int: [Proposal]]

    private struct Entry: Decodable {
        var video_id: Int?
        var image_id: Int?
        var segmentation: RunLengthMask
        var score: Double?
    }

    /// - Parameter most: at most so many a video, those with the highest scores.
    /// - Throws: `MediaError`; `InstanceError` for content that is not as it should be.
    public init(path: String, most: Int = 100) throws {
        let entries: [Entry] = try InstanceFile.read(path, as: "a list of proposals")
        var found: [Int: [Proposal]] = [:]
        for (index, entry) in entries.enumerated() {
            guard let video = entry.video_id ?? entry.image_id else {
                throw InstanceError.invalid(path, "proposal \(index) has neither video_id nor image_id")
            }
            found[video, default: []].append(Proposal(mask: entry.segmentation, score: entry.score ?? 1))
        }
        byVideo = found.mapValues { proposals in
            proposals.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.prefix(most).map(\.element)
        }
    }
}

import PointTrackers
import Segmenters
import Support

/// The models that a worker has: those of the last video, which are most likely those of the next.
final class LoadedModels: Sendable {
    private struct Pair {
        var key: String
        var segmenter: any PromptableSegmenter
        var tracker: any PointTracker
    }

    private let pair = Protected<Pair?>(nil)

    /// - Parameter key: equal for options that ask for the same models.
    func models(
        key: String, make: () throws -> (segmenter: any PromptableSegmenter, tracker: any PointTracker)
    ) throws -> (segmenter: any PromptableSegmenter, tracker: any PointTracker) {
        try pair.withLock { pair in
            if let pair, pair.key == key { return (pair.segmenter, pair.tracker) }
            // The old ones go before the new ones come.
            pair = nil
            let made = try make()
            pair = Pair(key: key, segmenter: made.segmenter, tracker: made.tracker)
            return made
        }
    }
}

import Foundation
import Media
import Support
import TensorFiles

/// Some consecutive frames of a video that TAPIR looks at together, with their maps and the estimates made so far.
///
/// Shared by the sessions that need it, in both directions of time, from any thread.
final class TAPIRClip: Sendable {
    /// What distinguishes queries: equal ones have equal estimates.
    private struct Key: Hashable {
        var frame: Int
        var position: SIMD2<Float>
    }

    let video: FrameStore
    let plan: Range<Int>
    /// The part of `plan` that could be decoded.
    let frames: Range<Int>
    private let maps: [TAPIRMaps]
    private let known = Protected<[Key: [TAPIREstimate]]>([:])

    /// - Parameters:
    ///   - frame: a frame of `plan` that must be there; others that cannot be decoded end the clip.
    ///   - known: maps of some frames of the video, which are not computed again.
    init(_ video: FrameStore, plan: Range<Int>, around frame: Int, encoder: TAPIRFrameEncoder, known: [Int: TAPIRMaps]) throws {
        var (maps, start) = ([TAPIRMaps](), plan.lowerBound)
        for index in plan {
            do {
                maps.append(try known[index] ?? video.value(of: encoder, at: index))
            } catch let error where error is MediaError || error is FileError {
                if index == frame { throw error }
                if index > frame { break }
                (maps, start) = ([], index + 1)
            }
        }
        (self.video, self.plan, self.maps) = (video, plan, maps)
        frames = start..<(start + maps.count)
    }

    /// The maps of those of some frames that the clip has.
    func maps(in range: Range<Int>) -> [Int: TAPIRMaps] {
        Dictionary(uniqueKeysWithValues: frames.clamped(to: range).map { ($0, maps[$0 - frames.lowerBound]) })
    }

    /// The queries' estimates in all `frames`. What another session has asked for is not computed again.
    func estimates(of queries: [TAPIRQuery], by estimator: TAPIREstimator) throws -> [[TAPIREstimate]] {
        try known.withLock { known in
            let keys = queries.map { Key(frame: $0.frame, position: $0.position) }
            var results = keys.map { known[$0] ?? [] }
            let missing = results.indices.filter { results[$0].isEmpty }
            guard !missing.isEmpty else { return results }
            let made = try estimator.estimates(of: missing.map { queries[$0] }, in: maps, first: frames.lowerBound)
            // Whoever adds points again and again must not fill the memory.
            if known.count > Self.limit { known.removeAll() }
            for (index, estimates) in zip(missing, made) {
                results[index] = estimates
                known[keys[index]] = estimates
            }
            return results
        }
    }

    private static let limit = 20_000
}

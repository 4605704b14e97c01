import Foundation
import Media
import PointTrackers
import Support

/// Runs a tracker on videos with known tracks and scores it as TAP-Vid does.
public struct PointEvaluation: Sendable {
    public var tracker: any PointTracker
    public var mode: QueryMode
    /// Frames are brought to this size before they are tracked; nil: their own. TAP-Vid's is 256x256. Scores are measured at 256x256 in any
    /// case.
    public var resolution: ImageSize?

    public init(tracker: any PointTracker, mode: QueryMode, resolution: ImageSize? = PointScores.raster) {
        (self.tracker, self.mode, self.resolution) = (tracker, mode, resolution)
    }

    /// One video's result.
    public struct Outcome: Sendable, Codable, Equatable {
        public var name: String
        public var frames: Int
        public var queries: Int
        /// Reading, resizing and tracking.
        public var seconds: Double
        public var scores: PointScores
        /// Of the files that it was made from: names, sizes, times of change (`PointFiles`); nil where there are none.
        public var data: String?
    }

    /// - Parameters:
    ///   - folder: where the tracks are written to.
    ///   - progress: called with frames done and in all; both directions of time count.
    /// - Throws: `CancellationError`, and what reading, tracking and writing throw.
    public func run(
        _ video: PointVideo, writingTo folder: PredictionFolder? = nil, progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws -> Outcome {
        let start = ContinuousClock.now
        let frames: any FrameSource = resolution.map { ResizedSource(video.frames, size: $0) } ?? video.frames
        let queries = video.truth.queries(mode)
        let size = SIMD2(Double(frames.size.width), Double(frames.size.height))
        let tracks = try tracker.follow(
            queries.map { query in
                let position = video.truth.position(query.point, query.frame) * size
                return PointQuery(frame: query.frame, position: SIMD2(Float(position.x), Float(position.y)))
            },
            on: FrameStore(frames), directions: mode == .first ? [.forward] : [.forward, .backward], progress: progress)
        let scores = PointScores(of: queries, mode: mode, truth: video.truth, tracks: tracks, size: frames.size)
        let seconds = start.secondsAgo
        try folder?.write(PointPredictions(of: queries, truth: video.truth, tracks: tracks, size: frames.size), of: video.name)
        return Outcome(name: video.name, frames: frames.frameCount, queries: queries.count, seconds: seconds, scores: scores)
    }
}

/// Another source's frames at TAP-Vid's resolution, resized as its programs do (Pillow's Lanczos filter).
public struct ResizedSource: FrameSource {
    private let base: any FrameSource
    private let resampler: PillowResampler

    public init(_ base: any FrameSource, size: ImageSize) {
        self.base = base
        resampler = PillowResampler(from: base.size, to: size, filter: .lanczos)
    }

    public var size: ImageSize { resampler.target }
    public var frameCount: Int { base.frameCount }
    public var timing: VideoTiming { base.timing }
    public var name: String { base.name }

    public func frame(at index: Int) throws -> RGBImage { resampler.resized(try base.frame(at: index)) }
}

/// How long a worker may finish no frame of a video before it counts as stuck. One that gets on, however slowly, is not.
///
/// As some trackers look at all frames before the first is done, the limit is what a whole video accounts for: a multiple of the slowest
/// one so far.
public struct TimeLimit: Sendable, Equatable {
    /// How many times as long as the slowest video so far, by the frame.
    public var factor: Double
    /// Seconds that every video has.
    public var least: Double
    /// Seconds until models are loaded, networks compiled and a video is open; once more until something is finished, as long as no video
    /// is done.
    public var start: Double
    /// Seconds for each of a video's frames, besides `start`, as long as no video is done.
    public var unknown: Double
    private var slowest: Double?

    public init(factor: Double = 10, least: Double = 120, start: Double = 900, unknown: Double = 4) {
        (self.factor, self.least, self.start, self.unknown) = (factor, least, start, unknown)
    }

    public mutating func learn(frames: Int, seconds: Double) {
        guard frames > 0, seconds > 0 else { return }
        slowest = max(slowest ?? 0, seconds / Double(frames))
    }

    /// By what was measured of workers.
    mutating func learn(_ measurement: WorkerMeasurement) {
        for row in measurement.rows where row.framesPerSecond > 0 {
            learn(frames: 1, seconds: Double(row.shape.workers) / row.framesPerSecond)
        }
    }

    /// - Parameter frames: of the video.
    public func seconds(frames: Int) -> Double {
        let frames = Double(max(0, frames))
        let limit = slowest.map { max(least, factor * $0 * frames) } ?? start + unknown * frames
        // A year is no limit, and keeps hostile lengths from infinity.
        return min(365 * 86_400, limit)
    }
}

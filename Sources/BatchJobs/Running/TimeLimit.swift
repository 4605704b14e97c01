/// How long a video may take before its worker counts as stuck: a multiple of what its length accounts for, by the slowest video so far.
public struct TimeLimit: Sendable, Equatable {
    /// How many times as long as the slowest video so far, by the frame.
    public var factor: Double
    /// Seconds that every video has.
    public var least: Double
    /// Seconds until a video is open, models are loaded and networks compiled.
    public var start: Double
    /// Seconds a frame as long as no video is done.
    public var unknown: Double
    private var slowest: Double?

    public init(factor: Double = 10, least: Double = 120, start: Double = 900, unknown: Double = 120) {
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

    public func seconds(frames: Int) -> Double {
        // A year is no limit, and keeps hostile lengths from infinity.
        min(365 * 86_400, max(least, Double(max(0, frames)) * (slowest.map { factor * $0 } ?? unknown)))
    }
}

/// How long a worker may finish no frame of a video before it counts as stuck. One that gets on, however slowly, is not.
///
/// As some trackers look at all frames before the first is done, the limit is what a whole video accounts for: a multiple of the slowest
/// one so far, by the frame. A far longer video is not judged by that of short ones: most of their time may be what every video takes,
/// whatever its length.
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
    /// Seconds a frame of the slowest videos, by the number of binary digits of their frame counts.
    private var slowest: [Int: Double] = [:]

    /// A video tells of others up to about 16 times as long.
    private static let reach = 4

    public init(factor: Double = 10, least: Double = 120, start: Double = 900, unknown: Double = 4) {
        (self.factor, self.least, self.start, self.unknown) = (factor, least, start, unknown)
    }

    public mutating func learn(frames: Int, seconds: Double) {
        guard frames > 0, seconds > 0, seconds.isFinite else { return }
        let digits = Self.digits(frames)
        slowest[digits] = max(slowest[digits] ?? 0, seconds / Double(frames))
    }

    /// By what was measured of workers.
    mutating func learn(_ measurement: WorkerMeasurement) {
        for row in measurement.rows where row.framesPerSecond > 0 {
            let pace = Double(row.shape.workers) / row.framesPerSecond
            guard pace > 0 else { continue }
            // Of the sample's videos, on average.
            let frames = min(Double(1 << 30), max(1, row.secondsPerVideo / pace))
            learn(frames: Int(frames), seconds: pace * frames)
        }
    }

    /// - Parameter frames: of the video.
    public func seconds(frames: Int) -> Double {
        let digits = Self.digits(max(0, frames))
        let frames = Double(max(0, frames))
        let unjudged = start + unknown * frames
        let limit =
            if let pace = slowest.filter({ $0.key + Self.reach >= digits }).values.max() {
                max(least, factor * pace * frames)
            } else if let pace = slowest.values.max() {
                max(least, min(factor * pace * frames, unjudged))
            } else {
                unjudged
            }
        // A year is no limit, and keeps hostile lengths from infinity.
        return min(365 * 86_400, limit)
    }

    private static func digits(_ frames: Int) -> Int { Int.bitWidth - frames.leadingZeroBitCount }
}

/// A video as random-access frames: frame `i` is the same picture whether it is reached in order or by seeking.
///
/// Implementations decode on demand and keep a bounded number of frames, so that memory does not grow with the video.
public protocol FrameSource: Sendable {
    /// The size of every frame after rotation metadata has been applied.
    var size: ImageSize { get }
    /// The number of frames. For a cut file, the frames whose data is there; single damaged ones may
    /// still throw when read.
    var frameCount: Int { get }
    /// The shape of a frame's pixels when it is shown. Sizes and coordinates are in stored pixels, whatever their shape.
    var pixelAspect: PixelAspect { get }
    /// When each frame is shown, for writing results with the source's timing.
    var timing: VideoTiming { get }
    /// A name for messages and results: the file's or folder's name.
    var name: String { get }
    /// The picture of frame `index`.
    /// - Throws: `MediaError` when the index is outside `0..<frameCount` or the frame cannot be decoded.
    func frame(at index: Int) throws -> RGBImage
}

extension FrameSource {
    public var pixelAspect: PixelAspect { .square }
}

/// Presentation times of a video's frames.
public struct VideoTiming: Sendable, Equatable {
    /// Seconds per tick as a fraction, `numerator / denominator`.
    public var timeBase: (numerator: Int, denominator: Int)
    /// The presentation time of each frame in ticks, ascending, starting at 0.
    public var timestamps: [Int64]

    /// Longer than any video, in seconds: a century. Times beyond it come from damaged or hostile data.
    static let longestDuration = 100.0 * 365 * 86400

    public init(timeBase: (numerator: Int, denominator: Int), timestamps: [Int64]) {
        self.timeBase = timeBase
        self.timestamps = timestamps
    }

    /// `count` frames at a constant rate in frames per second (for folders of pictures).
    public init(constantRate: Int, count: Int) {
        self.init(timeBase: (1, constantRate), timestamps: (0..<Int64(count)).map { $0 })
    }

    /// Seconds from the start of frame `index`.
    public func seconds(_ index: Int) -> Double {
        Double(timestamps[index]) * Double(timeBase.numerator) / Double(timeBase.denominator)
    }

    /// Frames per second on average; 0 for a single frame.
    public var averageRate: Double {
        guard let last = timestamps.last, let first = timestamps.first, last > first else { return 0 }
        return Double(timestamps.count - 1) * Double(timeBase.denominator) / (Double(last - first) * Double(timeBase.numerator))
    }

    public static func == (a: Self, b: Self) -> Bool { a.timeBase == b.timeBase && a.timestamps == b.timestamps }
}

import Media

/// The masks of all objects in one frame of a live source.
public struct LiveFrameResult: Sendable {
    /// The result; `frameIndex` counts the frames that were segmented.
    public var frame: FrameResult
    /// Where the frame stands among all that were captured, from 0 on; the numbers between two results are of dropped frames.
    public var captureNumber: Int
    /// When the frame was captured.
    public var captureTime: ContinuousClock.Instant
    /// When the frame is shown, in seconds from the first one captured (`LiveFrames.Frame.seconds`).
    public var seconds: Double
    /// The frame as it was captured, at its original size.
    public var original: RGBImage
    /// From the capture of the frame to its result.
    public var latency: Duration
    /// How many frames have been captured and dropped so far.
    public var capturedCount: Int
    public var droppedCount: Int
}

/// Where live frames come from: a camera, a pipe, a network stream. Frames come in order, once, when they come.
///
/// `LiveFrames` reads one on a thread of its own; only `stop` is called from other threads.
public protocol LiveCapture: AnyObject, Sendable {
    /// For messages and results.
    var name: String { get }
    /// The size of every frame.
    var size: ImageSize { get }
    /// The shape of a frame's pixels when it is shown.
    var pixelAspect: PixelAspect { get }
    /// Waits for the next frame; nil at the end of the stream.
    /// - Throws: `FileError` or `MediaError` when the stream breaks off, stalls or cannot be decoded; it has ended then.
    ///   `CancellationError` after `stop`.
    func next() throws -> CapturedFrame?
    /// Ends the waiting of `next` soon.
    func stop()
}

extension LiveCapture {
    public var pixelAspect: PixelAspect { .square }
}

/// One frame of a live source, as it was read.
public struct CapturedFrame: Sendable {
    /// When the frame was there as a whole.
    public var time: ContinuousClock.Instant
    /// When the stream itself says that it is shown, in seconds from its first frame; nil where it says nothing.
    public var streamSeconds: Double?
    /// Converts the picture. It is not called for frames that are dropped.
    public var picture: @Sendable () throws -> RGBImage

    public init(time: ContinuousClock.Instant = .now, streamSeconds: Double? = nil, picture: @escaping @Sendable () throws -> RGBImage) {
        (self.time, self.streamSeconds, self.picture) = (time, streamSeconds, picture)
    }
}

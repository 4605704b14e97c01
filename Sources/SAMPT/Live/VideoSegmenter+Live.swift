import Media
import PointTrackers
import Segmenters
import Support

extension VideoSegmenter {
    /// The masks of all objects in the frames of a live source, as they come.
    ///
    ///     let camera = LiveFrames(try openLive("-"))
    ///     for try await result in segmenter.segmentLive(camera, objects: [ObjectQuery(id: 1, prompt: .points([.positive(640, 360)]))]) {
    ///         print(result.captureNumber, result.latency, result.frame.objects[0].mask.area)
    ///     }
    ///
    /// Frames are taken from `frames` one at a time, by its policy, while the consumer works on the result before; none is read ahead. So
    /// at most one result waits for the consumer, and one frame for the work. Capturing starts with the first result that is asked for, and
    /// ends when the iteration does.
    /// - Parameter objects: `frame` is the number of the captured frame that the object is marked in; it is not dropped. Objects are
    ///   tracked forwards only, whatever the options say.
    /// - Throws (while iterating): `LiveError` for a tracker or a re-initialisation that needs frames a live source does not have,
    ///   `QueryError`, `FileError` or `MediaError` where the source breaks off (after the results before it), errors of the networks,
    /// `CancellationError`.
    public func segmentLive(_ frames: LiveFrames, objects: [ObjectQuery]) -> AsyncThrowingStream<LiveFrameResult, any Error> {
        let run = LiveRun(self, frames, objects)
        let results = ProductionLane(ahead: 1, waitsAtEnd: false) { try run.next() }
        return AsyncThrowingStream { try await results.nextElement() }
    }

    /// Whether tracker and options suit a live source.
    /// - Throws: `LiveError`.
    public func checkLive() throws {
        guard tracker.isCausal else { throw LiveError.trackerLooksAhead(name: tracker.name) }
        if let variant = options.reinitialization.variant, variant.rule != nil { throw LiveError.looksBack(variant) }
    }

    /// Loads or compiles the networks for frames of a size, so that the first frames of a live source need not wait for them.
    /// - Parameter objects: how many there will be.
    /// - Throws: errors of the networks, `CancellationError`.
    public func warmUp(size: ImageSize, objects: Int) async throws {
        var segmenter = self
        segmenter.options.tracking.isBackward = false
        let clip = BlankClip(size: size)
        // An object is started alone, all are followed together.
        for count in Set([1, max(1, objects)]).sorted() {
            let queries = (1...count).map { ObjectQuery(id: $0, prompt: .mask(clip.middle)) }
            for try await _ in segmenter.segment(clip, objects: queries) {}
        }
    }
}

/// A few grey frames.
private struct BlankClip: FrameSource {
    let size: ImageSize
    let frameCount = 3
    let name = "blank"
    var timing: VideoTiming { VideoTiming(constantRate: 25, count: frameCount) }

    func frame(at index: Int) -> RGBImage { RGBImage(width: size.width, height: size.height, red: 96, green: 96, blue: 96) }

    /// The middle third of the frame.
    var middle: Mask {
        var mask = Mask(size: size)
        for y in (size.height / 3)...(2 * size.height / 3) where y < size.height {
            for x in (size.width / 3)...(2 * size.width / 3) where x < size.width { mask[x, y] = true }
        }
        return mask
    }
}

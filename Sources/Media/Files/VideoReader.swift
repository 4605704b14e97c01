import CFFmpeg
import Foundation

/// A video file that FFmpeg reads, with exact random access.
///
/// On opening, the packets are listed without decoding: a frame is then known by its presentation time, and reading frame `i` gives
/// the same picture in order or by seeking. Rotation metadata is applied; any pixel format becomes 8-bit RGB.
///
/// A frame whose data is damaged or missing throws `MediaError.undecodable` and leaves the others readable. A reader in order can stop
/// there with what it has.
public final class VideoReader: FrameSource, @unchecked Sendable {
    public let name: String
    public let size: ImageSize
    public let timing: VideoTiming
    public let pixelAspect: PixelAspect
    public var frameCount: Int { index.timestamps.count }
    /// What the file promises but does not hold; nil for a whole file. Damage inside the data shows only when it is decoded.
    public let damage: String?

    private let path: String
    private let index: PacketIndex
    private let lock = NSLock()
    private var decoder: VideoDecoder
    private var decodedBefore = 0
    /// Recently decoded frames, for reading backwards without decoding a group of pictures again for each frame.
    private var kept: [Int: RGBImage] = [:]
    private let keptLimit: Int
    private var lastRequest = -1
    private var undecodable: Set<Int> = []

    /// - Throws: `FileError` or `MediaError` when the file is absent, not a video, or holds no frames.
    public init(path: String) throws {
        _ = quietFFmpeg
        try InputFile.checkIsFile(path)
        self.path = path
        name = URL(fileURLWithPath: path).lastPathComponent
        index = try VideoDecoder(path: path).listPackets()
        guard let start = index.timestamps.first else { throw MediaError.noFrames(path: path) }
        damage = index.damage
        decoder = try VideoDecoder(path: path)
        guard let first = decoder.next(), let image = decoder.picture(first) else {
            throw MediaError.undecodable(path: path, frame: 0, reason: "no picture comes out of its data")
        }
        size = image.size
        pixelAspect = decoder.pixelAspect
        let times = VideoTiming(timeBase: decoder.timeBase, timestamps: index.timestamps.map { $0 - start })
        // A nominal rate of a frame in years is none.
        timing =
            times.seconds(times.timestamps.count - 1) <= VideoTiming.longestDuration
            ? times : VideoTiming(constantRate: 25, count: times.timestamps.count)
        keptLimit = min(48, max(4, (96 << 20) / max(1, 3 * size.pixelCount)))
        let found = index.frame(at: decoder.timestamp(of: first), order: decoder.order)
        decoder.position = found
        if let found { kept[found] = image }
    }

    public func frame(at requested: Int) throws -> RGBImage {
        guard (0..<frameCount).contains(requested) else { throw MediaError.frameOutOfRange(index: requested, count: frameCount) }
        lock.lock()
        defer { lock.unlock() }
        // A step back is likely to be followed by others; a jump is not.
        let goesBack = requested < lastRequest && lastRequest - requested < keptLimit
        lastRequest = requested
        if let image = kept[requested] { return try checked(image) }
        kept.removeAll(keepingCapacity: true)
        guard !undecodable.contains(requested), let image = try decode(requested, keepingBefore: goesBack) else {
            undecodable.insert(requested)
            throw MediaError.undecodable(path: path, frame: requested, reason: "its data is damaged or missing")
        }
        return try checked(image)
    }

    private func checked(_ image: RGBImage) throws -> RGBImage {
        guard image.size == size else { throw MediaError.frameSizeDiffers(path: path, expected: size, found: image.size) }
        return image
    }

    /// The file's sound from frame `index` on, for a video that begins with that frame.
    public func sound(from index: Int) -> SoundSource? {
        guard self.index.timestamps.indices.contains(index) else { return nil }
        let base = timing.timeBase
        return SoundSource(path: path, start: Double(self.index.timestamps[index]) * Double(base.numerator) / Double(base.denominator))
    }

    /// How many frames have been decoded so far; tests use it to bound the cost of random access.
    var decodedCount: Int { lock.withLock { decodedBefore + decoder.decodedCount } }

    private func decode(_ requested: Int, keepingBefore: Bool) throws -> RGBImage? {
        var hasPassed = false
        if let position = decoder.position, position < requested, !index.isSeekWorthwhile(from: position, to: requested) {
            if let image = advance(to: requested, keepingBefore: keepingBefore) { return image }
            hasPassed = true
        }
        // The keyframe before the nearest is for streams that take time to recover, and for containers that seek roughly.
        for keyframe in index.keyframes(for: requested, count: 2) where decoder.seek(to: keyframe) {
            if let image = advance(to: requested, keepingBefore: keepingBefore) { return image }
            hasPassed = true
        }
        if hasPassed && !index.isOrderOnly { return nil }
        // There is no seeking in it: from the start.
        decodedBefore += decoder.decodedCount
        decoder = try VideoDecoder(path: path)
        return advance(to: requested, keepingBefore: keepingBefore)
    }

    /// Decodes until frame `requested` appears; nil when it is passed or the data ends.
    private func advance(to requested: Int, keepingBefore: Bool) -> RGBImage? {
        while let frame = decoder.next() {
            let time = decoder.timestamp(of: frame)
            guard let found = index.frame(at: time, order: decoder.order) else { continue }
            decoder.position = found
            let isKept = keepingBefore && requested - found < keptLimit
            guard found >= requested || isKept, index.isOrderOnly || time >= decoder.exactFrom else { continue }
            // The frame asked for is kept too, so that asking again is free; so is one that shows that it was passed.
            kept[found] = decoder.picture(frame)
            if found >= requested { return kept[requested] }
        }
        return nil
    }
}

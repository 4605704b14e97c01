import CFFmpeg
import Foundation

/// A video file that FFmpeg reads, with exact random access.
///
/// On opening, the packets are listed without decoding: a frame is then known by its presentation time, and reading frame `i` gives
/// the same picture in order or by seeking. Rotation metadata is applied; any pixel format becomes 8-bit RGB.
public final class VideoReader: FrameSource, @unchecked Sendable {
    public let name: String
    public let size: ImageSize
    public let timing: VideoTiming
    public var frameCount: Int { index.timestamps.count }
    /// What the file promises but does not hold; nil for a whole file.
    public let damage: String?

    private let path: String
    private let index: PacketIndex
    private let lock = NSLock()
    private let decoder: VideoDecoder
    /// Recently decoded frames, for reading backwards without decoding a group of pictures again for each frame.
    private var kept: [Int: RGBImage] = [:]
    private let keptLimit: Int
    private var lastRequest = -1

    /// - Throws: `MediaError` when the file is absent, not a video, or holds no frames.
    public init(path: String) throws {
        _ = quietFFmpeg
        guard FileManager.default.fileExists(atPath: path) else { throw MediaError.notFound(path: path) }
        self.path = path
        name = URL(fileURLWithPath: path).lastPathComponent
        decoder = try VideoDecoder(path: path)
        index = try decoder.listPackets()
        guard !index.timestamps.isEmpty else { throw MediaError.noFrames(path: path) }
        let promised = decoder.promisedFrameCount
        damage = index.isCut || promised > index.timestamps.count + 1
            ? "the file is cut short: \(index.timestamps.count) of \(max(promised, index.timestamps.count)) frames are there" : nil
        try decoder.seek(to: nil)
        guard let first = try decoder.next(), let image = decoder.picture(first) else {
            throw MediaError.undecodable(path: path, frame: 0, reason: "no picture comes out of its data")
        }
        size = image.size
        let start = index.timestamps[0]
        timing = VideoTiming(timeBase: decoder.timeBase, timestamps: index.timestamps.map { $0 - start })
        keptLimit = min(48, max(4, (96 << 20) / max(1, 3 * size.pixelCount)))
        try decoder.seek(to: nil)
    }

    public func frame(at requested: Int) throws -> RGBImage {
        guard (0..<frameCount).contains(requested) else { throw MediaError.frameOutOfRange(index: requested, count: frameCount) }
        lock.lock()
        defer { lock.unlock() }
        let goesBack = requested < lastRequest
        lastRequest = requested
        if let image = kept[requested] { return image }
        if !goesBack { kept.removeAll() }
        let image = try decode(requested, keepingBefore: goesBack)
        guard image.size == size else { throw MediaError.frameSizeDiffers(path: path, expected: size, found: image.size) }
        return image
    }

    private func decode(_ requested: Int, keepingBefore: Bool) throws -> RGBImage {
        if let position = decoder.position, position < requested, !index.hasKeyframe(after: position, through: requested) {
            // Decoding on is shorter than seeking.
        } else if decoder.position == nil, requested < index.firstKeyframeDistance {
            try decoder.seek(to: nil)
        } else {
            try decoder.seek(to: index.keyframe(for: requested))
        }
        if let image = try advance(to: requested, keepingBefore: keepingBefore) { return image }
        // The container's seeking missed: decode from the start.
        try decoder.seek(to: nil)
        if let image = try advance(to: requested, keepingBefore: keepingBefore) { return image }
        throw MediaError.undecodable(path: path, frame: requested, reason: "its data is damaged or missing")
    }

    /// Decodes until frame `requested` appears; nil when it is passed or the data ends.
    private func advance(to requested: Int, keepingBefore: Bool) throws -> RGBImage? {
        if keepingBefore { kept.removeAll() }
        while let frame = try decoder.next() {
            guard let found = index.frame(at: decoder.timestamp(of: frame), order: decoder.order) else { continue }
            decoder.position = found
            if found > requested { return nil }
            guard found == requested || (keepingBefore && requested - found < keptLimit) else { continue }
            guard let image = decoder.picture(frame) else { return nil }
            if keepingBefore { kept[found] = image }
            if found == requested { return image }
        }
        return nil
    }
}

/// What is known of a stream's packets without decoding them.
struct PacketIndex: Sendable {
    /// Presentation times of the frames, ascending.
    var timestamps: [Int64]
    /// Presentation times of keyframes, ascending.
    var keyframes: [Int64]
    /// Whether packets lack times or share them; frames are then known by their order alone.
    var isOrderOnly: Bool
    /// Whether the data ends in the middle of a packet.
    var isCut: Bool

    /// The frame shown at `timestamp`, or the `order`-th frame from the start when times cannot be used.
    func frame(at timestamp: Int64, order: Int?) -> Int? {
        if isOrderOnly { return order }
        var (low, high) = (0, timestamps.count)
        while low < high {
            let middle = (low + high) / 2
            if timestamps[middle] < timestamp { low = middle + 1 } else { high = middle }
        }
        return low < timestamps.count && timestamps[low] == timestamp ? low : nil
    }

    /// The time of the last keyframe shown at or before frame `frame`. Frames shown after a keyframe never need data before it; the
    /// leading frames of an open group, shown before their keyframe, thus start from the keyframe before.
    func keyframe(for frame: Int) -> Int64? {
        isOrderOnly ? nil : keyframes.last { $0 <= timestamps[frame] }
    }

    func hasKeyframe(after position: Int, through frame: Int) -> Bool {
        guard !isOrderOnly else { return false }
        // A seek costs about as much as decoding a few frames.
        guard frame - position > 8 else { return false }
        return keyframes.contains { $0 > timestamps[position] && $0 <= timestamps[frame] }
    }

    /// Frames before the second keyframe are reached from the start.
    var firstKeyframeDistance: Int {
        guard !isOrderOnly, keyframes.count > 1 else { return timestamps.count }
        return timestamps.firstIndex { $0 >= keyframes[1] } ?? timestamps.count
    }
}

import Media
import Support

/// The video's frames as JPEG, by number. The last ones asked for are kept.
///
/// Decoded by the same code as the frames that masks are made from, so that a mask lies on the pixels that it was computed from.
final class FramePictures: Sendable {
    private let video: any FrameSource
    private let mostBytes: Int
    private let kept = Protected(Kept())

    private struct Kept {
        var pictures: [Key: [UInt8]] = [:]
        /// The longest unused first.
        var order: [Key] = []
        var bytes = 0
    }

    private struct Key: Hashable {
        var frame: Int
        var width: Int
    }

    /// - Parameter video: a reader of its own, so that looking does not wait for tracking.
    init(_ video: any FrameSource, mostBytes: Int = 96 << 20) { (self.video, self.mostBytes) = (video, mostBytes) }

    /// - Parameter width: the most pixels a row; nil: as in the video.
    /// - Throws: `MediaError` for a frame that does not exist or cannot be decoded.
    func jpeg(_ frame: Int, width: Int?) async throws -> [UInt8] {
        let key = Key(frame: frame, width: min(width ?? video.size.width, video.size.width))
        if let known = find(key) { return known }
        let bytes = try await onThread { [video] in
            let picture = try video.frame(at: frame)
            let shown = key.width < picture.width ? Self.reduced(picture, width: key.width) : picture
            guard let bytes = shown.jpeg() else { throw MediaError.invalidArgument("A frame of \(shown.size) pixels cannot be shown.") }
            return bytes
        }
        keep(bytes, key)
        return bytes
    }

    private static func reduced(_ picture: RGBImage, width: Int) -> RGBImage {
        let height = max(1, picture.height * width / picture.width)
        return PillowResampler(from: picture.size, to: ImageSize(width: width, height: height)).resized(picture)
    }

    private func find(_ key: Key) -> [UInt8]? {
        kept.withLock { kept in
            guard let bytes = kept.pictures[key] else { return nil }
            kept.order.removeAll { $0 == key }
            kept.order.append(key)
            return bytes
        }
    }

    private func keep(_ bytes: [UInt8], _ key: Key) {
        kept.withLock { kept in
            guard kept.pictures.updateValue(bytes, forKey: key) == nil else { return }
            kept.order.append(key)
            kept.bytes += bytes.count
            while kept.bytes > mostBytes, kept.order.count > 1 {
                kept.bytes -= kept.pictures.removeValue(forKey: kept.order.removeFirst())?.count ?? 0
            }
        }
    }
}

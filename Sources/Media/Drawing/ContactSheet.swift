/// Thumbnails of frames spread over a video on one picture. Frames are offered in order; only those chosen are kept, already small.
public struct ContactSheet: Sendable {
    private let columns: Int
    private let thumbnail: ImageSize
    private let chosen: Set<Int>
    private var thumbnails: [(image: RGBImage, caption: String)] = []

    /// - Parameters:
    ///   - frameCount: the number of frames that will be offered.
    ///   - size: of the frames.
    ///   - count: how many thumbnails at most.
    ///   - columns: thumbnails in a row.
    ///   - width: of the whole sheet in pixels, about.
    public init(frameCount: Int, size: ImageSize, count: Int = 12, columns: Int = 4, width: Int = 1600) {
        self.columns = max(1, min(columns, count, frameCount))
        let side = max(1, width / self.columns - 4)
        let height = max(1, Int((Double(side) * Double(size.height) / Double(max(1, size.width))).rounded()))
        thumbnail = ImageSize(width: side, height: height)
        let last = max(0, frameCount - 1)
        let steps = max(1, min(count, frameCount) - 1)
        chosen = Set((0...steps).map { last * $0 / steps })
    }

    /// Whether frame `index` is one of those shown; others need not be drawn at all.
    public func wants(_ index: Int) -> Bool { chosen.contains(index) }

    /// Adds frame `index` if it is wanted.
    public mutating func offer(_ image: RGBImage, index: Int, caption: String) {
        guard wants(index) else { return }
        thumbnails.append((image.scaled(to: thumbnail), caption))
    }

    /// The sheet so far; nil before the first thumbnail.
    public var picture: RGBImage? {
        guard !thumbnails.isEmpty else { return nil }
        let gap = 4
        let scale = thumbnail.width >= 300 ? 2 : 1
        let captionHeight = 9 * scale + 4
        let rows = (thumbnails.count + columns - 1) / columns
        let cell = (width: thumbnail.width + gap, height: thumbnail.height + captionHeight + gap)
        var sheet = RGBImage(width: columns * cell.width + gap, height: rows * cell.height + gap, red: 24, green: 24, blue: 24)
        for (index, item) in thumbnails.enumerated() {
            let left = gap + index % columns * cell.width
            let top = gap + index / columns * cell.height
            for y in 0..<thumbnail.height {
                let target = 3 * ((top + y) * sheet.width + left)
                let source = 3 * y * thumbnail.width
                sheet.pixels.replaceSubrange(
                    target..<(target + 3 * thumbnail.width), with: item.image.pixels[source..<(source + 3 * thumbnail.width)])
            }
            sheet.text(item.caption, x: left + 2, y: top + thumbnail.height + 4, scale: scale, .white)
        }
        return sheet
    }
}

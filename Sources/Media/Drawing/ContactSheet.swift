/// Thumbnails of frames spread over a video on one picture. Frames are offered in order; only those chosen are kept, already small.
public struct ContactSheet: Sendable {
    /// A share to draw beside a thumbnail's caption.
    public struct Bar: Sendable {
        public var color: Color
        /// 0 to 1.
        public var share: Float

        public init(color: Color, share: Float) { (self.color, self.share) = (color, share) }
    }

    private struct Item {
        var image: RGBImage
        var caption: String
        var bars: [Bar]
        var isMarked = false
    }

    private static let mark = Color(255, 60, 60)

    private let columns: Int
    private let thumbnail: ImageSize
    /// Frames that are shown in any case.
    private let spread: Set<Int>
    private var items: [Int: Item] = [:]

    /// - Parameters:
    ///   - frameCount: the number of frames that will be offered.
    ///   - size: of the frames.
    ///   - count: how many thumbnails at most.
    ///   - reserved: how many of these are not spread over the video but left for `keep`.
    ///   - columns: thumbnails in a row.
    ///   - width: of the whole sheet in pixels, about.
    public init(frameCount: Int, size: ImageSize, count: Int = 12, reserved: Int = 0, columns: Int = 4, width: Int = 1600) {
        self.columns = max(1, min(columns, count, frameCount))
        let side = max(1, width / self.columns - 4)
        let height = max(1, Int((Double(side) * Double(size.height) / Double(max(1, size.width))).rounded()))
        thumbnail = ImageSize(width: side, height: height)
        let last = max(0, frameCount - 1)
        let steps = max(1, min(count - max(0, reserved), frameCount) - 1)
        spread = Set((0...steps).map { last * $0 / steps })
    }

    /// Whether frame `index` is one of those spread over the video; others need not be drawn at all.
    public func wants(_ index: Int) -> Bool { spread.contains(index) }

    public func has(_ index: Int) -> Bool { items[index] != nil }

    /// Adds frame `index` if it is wanted.
    public mutating func offer(_ image: RGBImage, index: Int, caption: String, bars: [Bar] = []) {
        if wants(index) { keep(image, index: index, caption: caption, bars: bars) }
    }

    /// Adds frame `index` until `retain` drops it.
    public mutating func keep(_ image: RGBImage, index: Int, caption: String, bars: [Bar] = []) {
        items[index] = Item(image: image.scaled(to: thumbnail), caption: caption, bars: bars)
    }

    /// Drops the frames that are neither spread over the video nor among `indices`.
    public mutating func retain(_ indices: Set<Int>) {
        items = items.filter { spread.contains($0.key) || indices.contains($0.key) }
    }

    /// Marks the frames that need a look.
    public mutating func mark(_ indices: Set<Int>) {
        for index in items.keys { items[index]?.isMarked = indices.contains(index) }
    }

    /// The sheet so far; nil before the first thumbnail.
    public var picture: RGBImage? {
        let items = items.sorted { $0.key < $1.key }.map(\.value)
        guard !items.isEmpty else { return nil }
        let gap = 4
        let scale = thumbnail.width >= 300 ? 2 : 1
        let captionHeight = 9 * scale + 4
        let rows = (items.count + columns - 1) / columns
        let cell = (width: thumbnail.width + gap, height: thumbnail.height + captionHeight + gap)
        var sheet = RGBImage(width: columns * cell.width + gap, height: rows * cell.height + gap, red: 24, green: 24, blue: 24)
        for (index, item) in items.enumerated() {
            let left = gap + index % columns * cell.width
            let top = gap + index / columns * cell.height
            if item.isMarked { sheet.fill(x: left - gap, y: top - gap, width: cell.width + gap, height: cell.height + gap, Self.mark) }
            sheet.fill(x: left, y: top + thumbnail.height, width: thumbnail.width, height: captionHeight, Color(24, 24, 24))
            for y in 0..<thumbnail.height {
                let target = 3 * ((top + y) * sheet.width + left)
                let source = 3 * y * thumbnail.width
                sheet.pixels.replaceSubrange(
                    target..<(target + 3 * thumbnail.width), with: item.image.pixels[source..<(source + 3 * thumbnail.width)])
            }
            let caption = item.isMarked ? item.caption + " - look" : item.caption
            sheet.text(caption, x: left + 2, y: top + thumbnail.height + 4, scale: scale, item.isMarked ? Self.mark : .white)
            let used = RGBImage.textWidth(caption, scale: scale) + 12
            Self.draw(item.bars, x: left + used, y: top + thumbnail.height + 3, width: thumbnail.width - used - 2, scale: scale, on: &sheet)
        }
        return sheet
    }

    /// Bars with their percentages, beside each other; the percentages, then the last bars are left out where there is no room.
    private static func draw(_ bars: [Bar], x: Int, y: Int, width: Int, scale: Int, on sheet: inout RGBImage) {
        let height = 7 * scale
        let textWidth = RGBImage.textWidth("100", scale: scale) + 2 * scale
        let (least, most, gap) = (8 * scale, 40 * scale, 4 * scale)
        guard !bars.isEmpty, width > least else { return }
        let room = width / bars.count - gap
        let hasText = room - textWidth >= least
        let length = max(least, min(most, hasText ? room - textWidth : room))
        let step = length + gap + (hasText ? textWidth : 0)
        for (index, bar) in bars.enumerated() where (index + 1) * step - gap <= width {
            let left = x + index * step
            let share = bar.share > 0 ? min(1, bar.share) : 0
            sheet.fill(x: left, y: y, width: length, height: height, Color(80, 80, 80))
            sheet.fill(x: left, y: y, width: Int((Float(length) * share).rounded()), height: height, bar.color)
            if hasText { sheet.text("\(Int((100 * share).rounded()))", x: left + length + 2 * scale, y: y, scale: scale, .white) }
        }
    }
}

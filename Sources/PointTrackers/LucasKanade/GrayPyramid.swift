import Media

/// Grey levels of a frame at halved sizes, each surrounded by its mirror image so that windows may reach over the border.
///
/// Levels are rounded to 8 bits as OpenCV's `pyrDown` does (5 x 5 Gaussian, borders mirrored without repeating the edge).
struct GrayPyramid: Sendable {
    /// One level; pixel (x, y) is at `(y + border) * stride + x + border`.
    struct Level: Sendable {
        static let border = 26
        let width: Int
        let height: Int
        let stride: Int
        let pixels: [UInt8]

        /// - Parameter fill: writes one row of the picture; called once for every row, in order.
        fileprivate init(width: Int, height: Int, fill: (_ y: Int, _ row: UnsafeMutablePointer<UInt8>) -> Void) {
            self.width = width
            self.height = height
            let border = Self.border
            let stride = width + 2 * border
            self.stride = stride
            pixels = [UInt8](unsafeUninitializedCapacity: stride * (height + 2 * border)) { target, count in
                guard let base = target.baseAddress else { return }
                for y in 0..<height {
                    let row = base + (y + border) * stride
                    fill(y, row + border)
                    for x in 0..<border {
                        row[x] = row[border + Self.mirror(x - border, width)]
                        row[border + width + x] = row[border + Self.mirror(width + x, width)]
                    }
                }
                for y in 0..<border {
                    (base + y * stride).update(from: base + (border + Self.mirror(y - border, height)) * stride, count: stride)
                    (base + (border + height + y) * stride).update(
                        from: base + (border + Self.mirror(height + y, height)) * stride, count: stride)
                }
                count = stride * (height + 2 * border)
            }
        }

        fileprivate init(_ image: GrayImage) {
            self = image.pixels.withUnsafeBufferPointer { source in
                Level(width: image.width, height: image.height) { y, row in
                    guard let base = source.baseAddress else { return }
                    row.update(from: base + y * image.width, count: image.width)
                }
            }
        }

        /// The position inside `0..<count` that a position outside mirrors.
        private static func mirror(_ i: Int, _ count: Int) -> Int {
            guard count > 1 else { return 0 }
            let period = 2 * count - 2
            let j = ((i % period) + period) % period
            return j < count ? j : period - j
        }
    }

    /// The full size first.
    let levels: [Level]

    /// - Parameter window: the side of the windows to be compared; halving stops where a level would not exceed it.
    init(_ image: GrayImage, maximumLevels: Int, window: Int) {
        var levels = [Level(image)]
        while levels.count < maximumLevels, let last = levels.last, (last.width + 1) / 2 > window, (last.height + 1) / 2 > window {
            levels.append(Self.halved(last))
        }
        self.levels = levels
    }

    private static func halved(_ level: Level) -> Level {
        let (width, stride) = ((level.width + 1) / 2, level.stride)
        // Two columns more on each side than the picture has, and pairs of columns.
        let pairs = width + 2
        return level.pixels.withUnsafeBufferPointer { source in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: pairs) { columns in
                Level(width: width, height: (level.height + 1) / 2) { y, row in
                    guard let pixels = source.baseAddress, let columns = columns.baseAddress else { return }
                    let center = pixels + (2 * y + Level.border) * stride + Level.border - 2
                    columns.withMemoryRebound(to: UInt16.self, capacity: 2 * pairs) {
                        sumColumns(center, stride: stride, into: $0, count: 2 * pairs)
                    }
                    sumRow(columns, into: row, count: width)
                }
            }
        }
    }

    /// 1, 4, 6, 4, 1 down five rows.
    private static func sumColumns(_ center: UnsafePointer<UInt8>, stride: Int, into sums: UnsafeMutablePointer<UInt16>, count: Int) {
        let (a, b, d, e) = (center - 2 * stride, center - stride, center + stride, center + 2 * stride)
        for x in 0..<count {
            let outer = UInt16(a[x]) &+ UInt16(e[x])
            let inner = UInt16(b[x]) &+ UInt16(d[x])
            let middle = UInt16(center[x])
            sums[x] = outer &+ (inner &<< 2) &+ (middle &<< 2) &+ (middle &<< 1)
        }
    }

    /// 1, 4, 6, 4, 1 along a row at every second column, rounded. Each element holds an even column below an odd one.
    private static func sumRow(_ pairs: UnsafePointer<UInt32>, into row: UnsafeMutablePointer<UInt8>, count: Int) {
        for x in 0..<count {
            let (p, q, r) = (pairs[x], pairs[x + 1], pairs[x + 2])
            let outer = (p & 0xFFFF) &+ (r & 0xFFFF)
            let inner = (p &>> 16) &+ (q &>> 16)
            let middle = q & 0xFFFF
            // Below 2^16, since the weights add up to 256.
            row[x] = UInt8(truncatingIfNeeded: (outer &+ (inner &<< 2) &+ (middle &<< 2) &+ (middle &<< 1) &+ 128) &>> 8)
        }
    }
}

/// Makes a frame's pyramid once, whoever asks.
struct GrayPyramidProcessor: FrameProcessor {
    let cacheKey = "gray-pyramid"

    func process(_ image: RGBImage) -> GrayPyramid {
        GrayPyramid(image.gray(), maximumLevels: LucasKanade.maximumLevels, window: LucasKanade.window)
    }
}

import Media

/// Grey levels of a frame at halved sizes, each surrounded by its mirror image so that windows may reach over the border.
///
/// Levels are rounded to 8 bits as OpenCV's `pyrDown` does (5 x 5 Gaussian, borders mirrored without repeating the edge).
struct GrayPyramid: Sendable {
    /// One level; pixel (x, y) is at `(y + border) * stride + x + border`. Grey levels are whole numbers kept as floats, since windows
    /// are read far more often than levels are made.
    struct Level: Sendable {
        static let border = 26
        let width: Int
        let height: Int
        let stride: Int
        let pixels: [Float]

        init(_ image: GrayImage) {
            width = image.width
            height = image.height
            stride = width + 2 * Self.border
            let (width, height, stride) = (width, height, stride)
            pixels = [Float](unsafeUninitializedCapacity: stride * (height + 2 * Self.border)) { target, count in
                image.pixels.withUnsafeBufferPointer { source in
                    for y in 0..<(height + 2 * Self.border) {
                        let row = source[(Self.mirror(y - Self.border, height) * width)...]
                        let start = row.startIndex
                        for x in 0..<Self.border { target[y * stride + x] = Float(row[start + Self.mirror(x - Self.border, width)]) }
                        for x in 0..<width { target[y * stride + Self.border + x] = Float(row[start + x]) }
                        for x in 0..<Self.border {
                            target[y * stride + Self.border + width + x] = Float(row[start + Self.mirror(width + x, width)])
                        }
                    }
                }
                count = stride * (height + 2 * Self.border)
            }
        }

        /// The position inside `0..<count` that a position outside mirrors.
        static func mirror(_ i: Int, _ count: Int) -> Int {
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
        var current = image
        while levels.count < maximumLevels {
            let next = ((current.width + 1) / 2, (current.height + 1) / 2)
            guard next.0 > window, next.1 > window, let last = levels.last else { break }
            current = Self.halved(last)
            levels.append(Level(current))
        }
        self.levels = levels
    }

    private static func halved(_ level: Level) -> GrayImage {
        let (width, height) = ((level.width + 1) / 2, (level.height + 1) / 2)
        let stride = level.stride
        // One column more on each side than the horizontal filter needs at even positions.
        let span = level.width + 4
        let pixels = [UInt8](unsafeUninitializedCapacity: width * height) { target, count in
            level.pixels.withUnsafeBufferPointer { source in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: span) { sums in
                    for y in 0..<height {
                        let start = (2 * y + Level.border) * stride + Level.border - 2
                        let (a, b, c, d, e) = (start - 2 * stride, start - stride, start, start + stride, start + 2 * stride)
                        for x in 0..<span {
                            sums[x] = source[a + x] + source[e + x] + 4 * (source[b + x] + source[d + x]) + 6 * source[c + x]
                        }
                        for x in 0..<width {
                            let i = 2 * x
                            let sum = sums[i] + sums[i + 4] + 4 * (sums[i + 1] + sums[i + 3]) + 6 * sums[i + 2]
                            // Exact: all sums are whole numbers below 2^16.
                            target[y * width + x] = UInt8(truncatingIfNeeded: (Int32(sum) &+ 128) >> 8)
                        }
                    }
                }
            }
            count = width * height
        }
        return GrayImage(width: width, height: height, pixels: pixels)
    }
}

/// Makes a frame's pyramid once, whoever asks.
struct GrayPyramidProcessor: FrameProcessor {
    let cacheKey = "gray-pyramid"

    func process(_ image: RGBImage) -> GrayPyramid {
        GrayPyramid(image.gray(), maximumLevels: LucasKanade.maximumLevels, window: LucasKanade.window)
    }
}

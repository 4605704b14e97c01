import Media

/// Corners that are good to track (Shi and Tomasi, 1994), equal to OpenCV's `goodFeaturesToTrack` with block size 3, gradient size 3 and
/// the smaller eigenvalue as the response.
enum ShiTomasi {
    /// - Parameters:
    ///   - minimumDistance: between corners in pixels; below 1 there is no test.
    ///   - quality: corners weaker than this share of the strongest inside the mask drop out.
    /// - Returns: column and row of each corner, strongest first.
    static func corners(
        _ count: Int, in image: GrayImage, mask: Mask, minimumDistance: Double, quality: Float = 0.001
    ) -> [(x: Int, y: Int)] {
        let (width, height) = (image.width, image.height)
        guard width > 2, height > 2, image.size == mask.size else { return [] }
        var response = responses(image)
        var strongest: Float = 0
        for i in response.indices where mask.values[i] != 0 { strongest = max(strongest, response[i]) }
        let threshold = strongest * quality
        for i in response.indices where response[i] <= threshold { response[i] = 0 }

        var candidates: [Int] = []
        for y in 1..<(height - 1) {
            for x in 1..<(width - 1) {
                let i = y * width + x
                guard mask.values[i] != 0, response[i] != 0 else { continue }
                let neighbours = [i - width - 1, i - width, i - width + 1, i - 1, i + 1, i + width - 1, i + width, i + width + 1]
                if neighbours.allSatisfy({ response[$0] <= response[i] }) { candidates.append(i) }
            }
        }
        candidates.sort { response[$0] != response[$1] ? response[$0] > response[$1] : $0 > $1 }

        var chosen: [(x: Int, y: Int)] = []
        let limit = minimumDistance * minimumDistance
        for i in candidates {
            guard chosen.count < count else { break }
            let (x, y) = (i % width, i / width)
            let isFar = minimumDistance < 1 || chosen.allSatisfy { Double(($0.x - x) * ($0.x - x) + ($0.y - y) * ($0.y - y)) >= limit }
            if isFar { chosen.append((x, y)) }
        }
        return chosen
    }

    /// The smaller eigenvalue of the structure tensor of every pixel, scaled as OpenCV does for 8-bit input.
    static func responses(_ image: GrayImage) -> [Float] {
        let (width, height) = (image.width, image.height)
        let scale = Float(1 / (4.0 * 3.0 * 255.0))
        // Borders are mirrored without repeating the edge.
        func mirror(_ i: Int, _ count: Int) -> Int { i < 0 ? min(-i, count - 1) : i >= count ? max(0, 2 * count - 2 - i) : i }
        var products = [SIMD3<Float>](repeating: .zero, count: width * height)
        for y in 0..<height {
            let (up, down) = (mirror(y - 1, height) * width, mirror(y + 1, height) * width)
            let row = y * width
            for x in 0..<width {
                let (left, right) = (mirror(x - 1, width), mirror(x + 1, width))
                func p(_ row: Int, _ x: Int) -> Int { Int(image.pixels[row + x]) }
                let dx = p(up, right) - p(up, left) + 2 * (p(row, right) - p(row, left)) + p(down, right) - p(down, left)
                let dy = p(down, left) - p(up, left) + 2 * (p(down, x) - p(up, x)) + p(down, right) - p(up, right)
                let (gx, gy) = (Float(dx) * scale, Float(dy) * scale)
                products[row + x] = SIMD3(gx * gx, gx * gy, gy * gy)
            }
        }
        var result = [Float](repeating: 0, count: width * height)
        for y in 0..<height {
            let rows = [mirror(y - 1, height), y, mirror(y + 1, height)]
            for x in 0..<width {
                let columns = [mirror(x - 1, width), x, mirror(x + 1, width)]
                var sum = SIMD3<Double>.zero
                for row in rows { for column in columns { sum += SIMD3<Double>(products[row * width + column]) } }
                let (a, b, c) = (Float(sum.x) * 0.5, Float(sum.y), Float(sum.z) * 0.5)
                result[y * width + x] = (a + c) - ((a - c) * (a - c) + b * b).squareRoot()
            }
        }
        return result
    }
}

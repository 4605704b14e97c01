/// An 8-bit RGB colour.
public struct Color: Sendable, Hashable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
        (self.red, self.green, self.blue) = (red, green, blue)
    }

    public static let white = Color(255, 255, 255)
    public static let black = Color(0, 0, 0)
    /// The colour of points that are not visible.
    public static let hidden = Color(255, 0, 0)

    /// The colour of the `index`-th object: matplotlib's tab10, from the start again after ten.
    public static func object(_ index: Int) -> Color {
        let colors = [
            Color(31, 119, 180), Color(255, 127, 14), Color(44, 160, 44), Color(214, 39, 40), Color(148, 103, 189), Color(140, 86, 75),
            Color(227, 119, 194), Color(127, 127, 127), Color(188, 189, 34), Color(23, 190, 207),
        ]
        return colors[((index % 10) + 10) % 10]
    }

    /// A colour for the `index`-th of many points: hues a golden angle apart, in turn strong, pale and dark.
    public static func point(_ index: Int) -> Color {
        let index = index & 0xffff
        let hue = (Float(index) * 0.618034).truncatingRemainder(dividingBy: 1) * 6
        let (saturation, value): (Float, Float) = [(1, 1), (0.5, 1), (1, 0.7)][index % 3]
        func part(_ offset: Float) -> UInt8 {
            let distance = abs((hue + offset).truncatingRemainder(dividingBy: 6) - 3)
            let strength = max(0, min(1, distance - 1))
            return UInt8(255 * value * (1 - saturation * (1 - strength)))
        }
        return Color(part(0), part(4), part(2))
    }
}

/// Drawing on pictures; whatever lies outside the picture is left out.
extension RGBImage {
    mutating func set(_ x: Int, _ y: Int, _ color: Color) {
        guard x >= 0, y >= 0, x < width, y < height else { return }
        self[x, y] = (color.red, color.green, color.blue)
    }

    /// Mixes `color` into the pixels of `mask`: `opacity` of 1 hides the picture.
    public mutating func blend(_ mask: Mask, _ color: Color, opacity: Float) {
        guard mask.size == size else { return }
        let weight = Int32(opacity * 256)
        let add = [Int32(color.red) * weight, Int32(color.green) * weight, Int32(color.blue) * weight]
        pixels.withUnsafeMutableBufferPointer { pixels in
            mask.values.withUnsafeBufferPointer { mask in
                for i in 0..<mask.count where mask[i] != 0 {
                    for c in 0..<3 {
                        pixels[3 * i + c] = UInt8(truncatingIfNeeded: (Int32(pixels[3 * i + c]) * (256 - weight) + add[c]) >> 8)
                    }
                }
            }
        }
    }

    /// A filled rectangle.
    public mutating func fill(x: Int, y: Int, width: Int, height: Int, _ color: Color, opacity: Float = 1) {
        let weight = Int32(opacity * 256)
        for row in max(0, y)..<max(max(0, y), min(self.height, y + height)) {
            for column in max(0, x)..<max(max(0, x), min(self.width, x + width)) {
                let old = self[column, row]
                func mix(_ a: UInt8, _ b: UInt8) -> UInt8 {
                    UInt8(truncatingIfNeeded: (Int32(a) * (256 - weight) + Int32(b) * weight) >> 8)
                }
                self[column, row] = (mix(old.red, color.red), mix(old.green, color.green), mix(old.blue, color.blue))
            }
        }
    }

    /// A ring, `thickness` pixels wide inwards from `radius`; a disk when the thickness reaches the radius.
    public mutating func circle(at center: SIMD2<Float>, radius: Float, thickness: Float, _ color: Color) {
        guard center.x.isFinite, center.y.isFinite, abs(center.x) < 1e6, abs(center.y) < 1e6 else { return }
        let reach = Int(radius) + 1
        let (cx, cy) = (Int(center.x), Int(center.y))
        for y in (cy - reach)...(cy + reach) {
            for x in (cx - reach)...(cx + reach) {
                let (dx, dy) = (Float(x) + 0.5 - center.x, Float(y) + 0.5 - center.y)
                let distance = (dx * dx + dy * dy).squareRoot()
                if distance <= radius, distance >= radius - thickness { set(x, y, color) }
            }
        }
    }

    /// A straight line of the given thickness.
    public mutating func line(from a: SIMD2<Float>, to b: SIMD2<Float>, thickness: Float, _ color: Color) {
        let span = b - a
        let length = (span.x * span.x + span.y * span.y).squareRoot()
        guard length.isFinite, length < 1e5 else { return }
        let steps = max(1, Int(length * 2))
        for step in 0...steps {
            let p = a + span * (Float(step) / Float(steps))
            circle(at: p, radius: max(0.7, thickness / 2), thickness: thickness, color)
        }
    }

    /// A diagonal cross.
    public mutating func cross(at center: SIMD2<Float>, radius: Float, thickness: Float, _ color: Color) {
        line(from: center - SIMD2(radius, radius), to: center + SIMD2(radius, radius), thickness: thickness, color)
        line(from: center + SIMD2(-radius, radius), to: center + SIMD2(radius, -radius), thickness: thickness, color)
    }

    /// One line of text with its top-left corner at (x, y), on a background box where one is given.
    public mutating func text(_ text: String, x: Int, y: Int, scale: Int = 1, _ color: Color, background: Color? = nil) {
        if let background {
            fill(
                x: x - 2 * scale, y: y - 2 * scale, width: Self.textWidth(text, scale: scale) + 4 * scale, height: 11 * scale, background,
                opacity: 0.7)
        }
        for (index, character) in text.enumerated() {
            let left = x + index * (BitmapFont.glyphWidth + 1) * scale
            for (row, bits) in BitmapFont.rows(character).enumerated() {
                for column in 0..<BitmapFont.glyphWidth where bits >> (4 - UInt8(column)) & 1 == 1 {
                    fill(x: left + column * scale, y: y + row * scale, width: scale, height: scale, color)
                }
            }
        }
    }

    /// The width of a line of text in pixels.
    public static func textWidth(_ text: String, scale: Int = 1) -> Int {
        max(0, text.count * (BitmapFont.glyphWidth + 1) - 1) * scale
    }

    /// The picture made smaller by averaging, or larger, for thumbnails.
    public func scaled(to target: ImageSize) -> RGBImage {
        var result = RGBImage(width: target.width, height: target.height)
        let count = target.pixelCount
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * count) { planes in
            AreaResampler(from: size, to: target).write(
                self, to: planes, rowStride: target.width, planeHeight: target.height, mean: 0, deviation: 1)
            for i in 0..<count {
                for c in 0..<3 { result.pixels[3 * i + c] = UInt8(max(0, min(255, planes[c * count + i]))) }
            }
        }
        return result
    }
}

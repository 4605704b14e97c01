/// A width and height in pixels.
public struct ImageSize: Hashable, Sendable, Codable, CustomStringConvertible {
    public var width: Int
    public var height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    public var pixelCount: Int { width * height }
    public var longestSide: Int { max(width, height) }
    public var description: String { "\(width)x\(height)" }

    /// Whether a point in pixel coordinates lies inside; the picture covers `[0, width) x [0, height)`.
    public func contains(_ point: SIMD2<Float>) -> Bool {
        point.x >= 0 && point.y >= 0 && point.x < Float(width) && point.y < Float(height)
    }
}

/// An axis-aligned box in pixels; `x1` and `y1` are exclusive, so `width = x1 - x0`.
public struct Box: Hashable, Sendable, Codable {
    public var x0: Float
    public var y0: Float
    public var x1: Float
    public var y1: Float

    public init(x0: Float, y0: Float, x1: Float, y1: Float) {
        (self.x0, self.y0, self.x1, self.y1) = (x0, y0, x1, y1)
    }

    public var width: Float { x1 - x0 }
    public var height: Float { y1 - y0 }
}

/// A tracked point to draw with its trail.
public struct TrailPoint: Sendable {
    /// The same in every frame.
    public var id: Int
    /// In pixels; pixel centres at +0.5.
    public var position: SIMD2<Float>
    public var isVisible: Bool

    public init(id: Int, position: SIMD2<Float>, isVisible: Bool) {
        (self.id, self.position, self.isVisible) = (id, position, isVisible)
    }
}

/// Draws points with the way they came: each in a colour of its own, a filled dot where it is visible, a hollow ring where it is hidden,
/// and a trail that fades over the last frames. Frames are drawn in order.
public struct TrailRenderer: Sendable {
    /// How many frames back a trail reaches.
    public var length: Int
    private var histories: [Int: [TrailPoint]] = [:]

    public init(length: Int = 15) {
        self.length = max(0, length)
    }

    /// - Parameter points: all points of this frame; a trail ends with the point that is missing.
    public mutating func draw(_ points: [TrailPoint], on frame: RGBImage) -> RGBImage {
        var image = frame
        let old = histories
        histories.removeAll(keepingCapacity: true)
        for point in points { histories[point.id] = ((old[point.id] ?? []) + [point]).suffix(length + 1) }
        let radius = Self.radius(frame.size)
        for point in points { drawTrail(histories[point.id] ?? [], width: radius * 0.6, on: &image) }
        for point in points {
            let color = Color.point(point.id)
            if point.isVisible {
                image.disk(at: point.position, radius: radius + 1, .black, opacity: 0.7)
                image.disk(at: point.position, radius: radius, color)
            } else {
                let outer = radius + 1
                image.disk(at: point.position, radius: outer + 0.8, hole: outer, .black, opacity: 0.7)
                image.disk(at: point.position, radius: outer, hole: outer - max(1.2, radius / 2.5), color)
            }
        }
        return image
    }

    /// The radius of a visible point's dot.
    public static func radius(_ size: ImageSize) -> Float { max(2, Float(size.longestSide) / 240) }

    private func drawTrail(_ trail: [TrailPoint], width: Float, on image: inout RGBImage) {
        for (index, pair) in zip(trail, trail.dropFirst()).enumerated() {
            // Where the point was hidden its way is not known.
            guard pair.0.isVisible, pair.1.isVisible else { continue }
            let age = trail.count - 2 - index
            image.segment(
                from: pair.0.position, to: pair.1.position, width: width, .point(pair.0.id), opacity: 0.9 * (1 - Float(age) / Float(length))
            )
        }
    }
}

/// A tracked point to draw.
public struct OverlayPoint: Sendable {
    public var position: SIMD2<Float>
    public var isPositive: Bool
    public var isVisible: Bool

    public init(position: SIMD2<Float>, isPositive: Bool, isVisible: Bool) {
        (self.position, self.isPositive, self.isVisible) = (position, isPositive, isVisible)
    }
}

/// An object to draw.
public struct OverlayObject: Sendable {
    public var name: String
    public var mask: Mask
    public var points: [OverlayPoint]

    public init(name: String, mask: Mask, points: [OverlayPoint] = []) {
        (self.name, self.mask, self.points) = (name, mask, points)
    }
}

/// Draws masks and points on frames in the reference's style: half-transparent colours, white outlines, circles for positive and crosses
/// for negative points, red where a point is not visible.
public struct OverlayRenderer: Sendable {
    public var showsPoints = true
    public var showsLegend = true
    /// Opacity of the colours over the picture, 0 to 1.
    public var maskOpacity: Float = 0.5

    public init() {}

    public func draw(_ objects: [OverlayObject], on frame: RGBImage, frameIndex: Int) -> RGBImage {
        var image = frame
        for (index, object) in objects.enumerated() where object.mask.size == frame.size {
            image.blend(object.mask, .object(index), opacity: maskOpacity)
        }
        for object in objects where object.mask.size == frame.size {
            let reach = frame.size.longestSide >= 640 ? 2 : 1
            if let outline = object.mask.outline(radius: reach) { image.blend(outline, .white, opacity: 0.9) }
        }
        let radius = max(3, Float(frame.size.longestSide) / 160)
        if showsPoints {
            for (index, object) in objects.enumerated() {
                for point in object.points { draw(point, color: .object(index), radius: radius, on: &image) }
            }
        }
        if showsLegend { drawLegend(objects, frameIndex: frameIndex, on: &image) }
        return image
    }

    private func draw(_ point: OverlayPoint, color: Color, radius: Float, on image: inout RGBImage) {
        let color = point.isVisible ? color : .hidden
        let thickness = max(1.5, radius / 2.5)
        if point.isPositive {
            image.circle(at: point.position, radius: radius + 1, thickness: thickness + 1.5, .white)
            image.circle(at: point.position, radius: radius, thickness: thickness, color)
        } else {
            image.cross(at: point.position, radius: radius * 0.7, thickness: thickness + 1, .white)
            image.cross(at: point.position, radius: radius * 0.7, thickness: thickness * 0.7, color)
        }
    }

    private func drawLegend(_ objects: [OverlayObject], frameIndex: Int, on image: inout RGBImage) {
        let scale = max(1, image.size.longestSide / 640)
        let line = 11 * scale
        image.text("frame \(frameIndex)", x: 4 * scale, y: 4 * scale, scale: scale, .white, background: .black)
        for (index, object) in objects.prefix(20).enumerated() {
            let y = 4 * scale + (index + 1) * line
            let label = object.mask.isEmpty ? "  \(object.name) - not seen" : "  \(object.name)"
            image.text(label, x: 4 * scale, y: y, scale: scale, .white, background: .black)
            image.fill(x: 4 * scale, y: y, width: 7 * scale, height: 7 * scale, .object(index))
        }
        guard showsPoints, objects.contains(where: { !$0.points.isEmpty }) else { return }
        let label = "o positive  x negative  red hidden"
        let x = image.width - RGBImage.textWidth(label, scale: scale) - 6 * scale
        if x > image.width / 3 { image.text(label, x: x, y: image.height - 10 * scale, scale: scale, .white, background: .black) }
    }
}

extension Mask {
    /// Pixels within `radius` of the mask's edge, on both sides; nil for an empty mask.
    func outline(radius: Int) -> Mask? {
        guard let bounds else { return nil }
        let margin = radius + 1
        let columns = max(0, bounds.columns.lowerBound - margin)...min(width - 1, bounds.columns.upperBound + margin)
        let rows = max(0, bounds.rows.lowerBound - margin)...min(height - 1, bounds.rows.upperBound + margin)
        var part = Mask(width: columns.count, height: rows.count)
        for y in rows {
            let from = y * width + columns.lowerBound
            part.values.replaceSubrange(
                ((y - rows.lowerBound) * columns.count)..<((y - rows.lowerBound + 1) * columns.count),
                with: values[from..<(from + columns.count)])
        }
        let outer = part.dilated(radius: radius - 1)
        let inner = part.eroded(side: 2 * radius - 1)
        var result = Mask(size: size)
        for y in rows {
            let target = y * width + columns.lowerBound
            let source = (y - rows.lowerBound) * columns.count
            for x in 0..<columns.count {
                // On the picture's border there is no edge.
                result.values[target + x] = outer.values[source + x] & (1 - inner.values[source + x])
            }
        }
        return result
    }
}

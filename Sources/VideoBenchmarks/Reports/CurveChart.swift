import Foundation
import Media

/// Curves in one picture, as SVG or as pixels.
public struct CurveChart: Sendable {
    public struct Point: Sendable, Equatable {
        public var x: Double
        public var y: Double
        /// Half the height of the band around the curve; NaN: there is none.
        public var deviation: Double

        public init(x: Double, y: Double, deviation: Double = .nan) { (self.x, self.y, self.deviation) = (x, y, deviation) }
    }

    public struct Series: Sendable {
        public var name: String
        /// From left to right; values hold until the next point.
        public var points: [Point]

        public init(name: String, points: [Point]) { (self.name, self.points) = (name, points) }
    }

    public var xLabel: String
    public var yLabel: String
    public var series: [Series]

    public init(xLabel: String, yLabel: String, series: [Series]) {
        (self.xLabel, self.yLabel, self.series) = (xLabel, yLabel, series)
    }

    // MARK: Where things are, in units of the SVG

    private static let (width, height) = (760.0, 460.0)
    private static let (left, right, top, bottom) = (54.0, 744.0, 30.0, 412.0)
    private static let colours = [
        Color(42, 111, 219), Color(209, 73, 91), Color(46, 139, 87), Color(199, 125, 10), Color(123, 79, 191), Color(13, 143, 156),
        Color(140, 86, 75), Color(107, 114, 128),
    ]

    private static func colour(_ index: Int) -> Color { colours[index % colours.count] }

    private var ends: (x: Double, low: Double, high: Double) {
        let points = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
        let (low, high) = (points.map(\.y).min() ?? 0, points.map(\.y).max() ?? 100)
        // Whole tens around the values.
        let floor = (low / 10).rounded(.down) * 10
        return (max(1e-9, points.map(\.x).max() ?? 1), floor, max(floor + 10, (high / 10).rounded(.up) * 10))
    }

    private func position(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
        let ends = ends
        let across = max(0, min(1, x / ends.x))
        let up = max(0, min(1, (y - ends.low) / (ends.high - ends.low)))
        return (Self.left + (Self.right - Self.left) * across, Self.bottom - (Self.bottom - Self.top) * up)
    }

    private var xTicks: [Double] {
        let end = ends.x
        let step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].first { end / $0 <= 8 } ?? end
        return (0...Int(end / step + 1e-9)).map { Double($0) * step }
    }

    private var yTicks: [Double] {
        let (_, low, high) = ends
        let step = [10.0, 20, 50, 100].first { (high - low) / $0 <= 10 } ?? high - low
        return (0...Int((high - low) / step + 1e-9)).map { low + Double($0) * step }
    }

    /// The corners of a curve of steps.
    private func corners(_ series: Series) -> [(x: Double, y: Double)] {
        var corners: [(x: Double, y: Double)] = []
        for point in series.points where point.x.isFinite && point.y.isFinite {
            let next = position(point.x, point.y)
            if let last = corners.last, last.y != next.y { corners.append((next.x, last.y)) }
            corners.append(next)
        }
        return corners
    }

    // MARK: Forms

    /// A picture of its own, which also stands in a page.
    public var svg: String {
        func number(_ value: Double) -> String { String(format: "%.1f", value) }
        var text =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" width=\"\(Int(Self.width))\" height=\"\(Int(Self.height))\" role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#555\">\n"
        text += "<title>\(EvaluationReport.escaped("\(yLabel) over \(xLabel)"))</title>\n"
        text += "<rect width=\"\(Int(Self.width))\" height=\"\(Int(Self.height))\" fill=\"#fff\"/>\n"
        for tick in yTicks {
            let y = position(0, tick).y
            text +=
                "<line x1=\"\(number(Self.left))\" x2=\"\(number(Self.right))\" y1=\"\(number(y))\" y2=\"\(number(y))\" stroke=\"#ddd\"/><text x=\"\(number(Self.left - 8))\" y=\"\(number(y + 4))\" text-anchor=\"end\">\(tick.formatted)</text>\n"
        }
        for tick in xTicks {
            let x = position(tick, 0).x
            text +=
                "<line x1=\"\(number(x))\" x2=\"\(number(x))\" y1=\"\(number(Self.bottom))\" y2=\"\(number(Self.bottom + 5))\" stroke=\"#999\"/><text x=\"\(number(x))\" y=\"\(number(Self.bottom + 20))\" text-anchor=\"middle\">\(tick.formatted)</text>\n"
        }
        text +=
            "<text x=\"\(number((Self.left + Self.right) / 2))\" y=\"\(number(Self.bottom + 40))\" text-anchor=\"middle\">\(EvaluationReport.escaped(xLabel))</text>"
        text +=
            "<text transform=\"translate(14 \(number((Self.top + Self.bottom) / 2))) rotate(-90)\" text-anchor=\"middle\">\(EvaluationReport.escaped(yLabel))</text>\n"
        for (index, series) in series.enumerated() {
            let colour = Self.hex(Self.colour(index))
            let band = series.points.filter { $0.deviation.isFinite && $0.y.isFinite }
            if !band.isEmpty {
                let upper = band.map { position($0.x, $0.y + $0.deviation) }
                let lower = band.reversed().map { position($0.x, $0.y - $0.deviation) }
                let outline = (upper + lower).map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
                text += "<polygon points=\"\(outline)\" fill=\"\(colour)\" fill-opacity=\".15\"/>\n"
            }
            let line = corners(series).map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
            text += "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" points=\"\(line)\"/>\n"
            let y = legend(index)
            text +=
                "<line x1=\"\(number(Self.right - 300))\" x2=\"\(number(Self.right - 276))\" y1=\"\(number(y))\" y2=\"\(number(y))\" stroke=\"\(colour)\" stroke-width=\"3\"/><text x=\"\(number(Self.right - 268))\" y=\"\(number(y + 4))\">\(EvaluationReport.escaped(series.name))</text>\n"
        }
        return text + "</svg>\n"
    }

    /// Names stand at the lower right, where curves that rise leave room.
    private func legend(_ index: Int) -> Double { Self.bottom - 14 - 18 * Double(series.count - 1 - index) }

    /// The same in pixels.
    /// - Parameter scale: pixels a unit of the SVG, 1 to 8.
    public func picture(scale: Int = 2) -> RGBImage {
        let scale = max(1, min(8, scale))
        func point(_ x: Double, _ y: Double) -> SIMD2<Float> { SIMD2(Float(x), Float(y)) * Float(scale) }
        func at(_ place: (x: Double, y: Double)) -> SIMD2<Float> { point(place.x, place.y) }
        var image = RGBImage(width: Int(Self.width) * scale, height: Int(Self.height) * scale, red: 255, green: 255, blue: 255)
        let (ink, faint) = (Color(85, 85, 85), Color(221, 221, 221))
        let line = Float(scale)
        for tick in yTicks {
            let y = position(0, tick).y
            image.segment(from: point(Self.left, y), to: point(Self.right, y), width: line, faint)
            let text = tick.formatted
            image.text(
                text, x: Int(Self.left - 8) * scale - RGBImage.textWidth(text, scale: scale), y: (Int(y) - 3) * scale, scale: scale, ink)
        }
        for tick in xTicks {
            let x = position(tick, 0).x
            image.segment(from: point(x, Self.bottom), to: point(x, Self.bottom + 5), width: line, ink)
            let text = tick.formatted
            image.text(
                text, x: Int(x) * scale - RGBImage.textWidth(text, scale: scale) / 2, y: Int(Self.bottom + 12) * scale, scale: scale, ink)
        }
        let middle = Int((Self.left + Self.right) / 2) * scale
        image.text(
            xLabel, x: middle - RGBImage.textWidth(xLabel, scale: scale) / 2, y: Int(Self.bottom + 32) * scale, scale: scale, ink)
        // Level above the axis, where no curve comes: this font is not turned.
        image.text(yLabel, x: 8 * scale, y: 10 * scale, scale: scale, ink)
        for (index, series) in series.enumerated() {
            let colour = Self.colour(index)
            for point in series.points where point.deviation.isFinite && point.deviation > 0 {
                image.segment(
                    from: at(position(point.x, point.y - point.deviation)), to: at(position(point.x, point.y + point.deviation)),
                    width: 2 * line, colour, opacity: 0.15)
            }
            let corners = corners(series)
            for (a, b) in zip(corners, corners.dropFirst()) { image.segment(from: at(a), to: at(b), width: 2 * line, colour) }
            let y = legend(index)
            image.segment(from: point(Self.right - 300, y), to: point(Self.right - 276, y), width: 3 * line, colour)
            image.text(series.name, x: Int(Self.right - 268) * scale, y: (Int(y) - 3) * scale, scale: scale, ink)
        }
        return image
    }

    private static func hex(_ colour: Color) -> String { String(format: "#%02x%02x%02x", colour.red, colour.green, colour.blue) }
}

extension Double {
    /// Without digits that say nothing.
    var formatted: String { self == rounded() && abs(self) < 1e9 ? "\(Int(self))" : String(format: "%g", self) }
}

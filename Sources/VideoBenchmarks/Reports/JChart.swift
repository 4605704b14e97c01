import Foundation

/// J over the frames of a sequence, a line an object, as SVG.
enum JChart {
    private static let (width, height, left, bottom) = (340.0, 150.0, 30.0, 20.0)
    private static let colours = ["#2a6fdb", "#d1495b", "#2e8b57", "#c77d0a", "#7b4fbf", "#0d8f9c", "#8c564b", "#6b7280"]

    static func svg(_ name: String, _ objects: [ObjectScore]) -> String {
        let count = objects.map(\.jValues.count).max() ?? 0
        var text = "<svg width=\"\(Int(width))\" height=\"\(Int(height) + 20)\" role=\"img\" font-size=\"11\" fill=\"currentColor\">"
        text += "<title>\(EvaluationReport.escaped(name))</title><text x=\"\(left)\" y=\"12\">\(EvaluationReport.escaped(name))</text>"
        for level in [0.0, 0.5, 1.0] {
            let y = position(level)
            text +=
                "<line x1=\"\(left)\" x2=\"\(width)\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"#9996\"/><text x=\"2\" y=\"\(y + 4)\">\(level)</text>"
        }
        for (index, object) in objects.enumerated() {
            // Objects that appear later start later.
            let first = count - object.jValues.count
            let points = object.jValues.enumerated().map { place, value in
                let x = left + (width - left) * Double(first + place) / Double(max(1, count - 1))
                return String(format: "%.1f,%.1f", x, position(value.isNaN ? 0 : value))
            }
            let colour = colours[index % colours.count]
            text += "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\" points=\"\(points.joined(separator: " "))\"><title>"
            text += "\(EvaluationReport.escaped(object.label))</title></polyline>"
        }
        return text
            + "<text x=\"\(left)\" y=\"\(height + 16)\">\(objects.first?.frames.first.map(EvaluationReport.escaped) ?? "")</text></svg>\n"
    }

    private static func position(_ value: Double) -> Double { 18 + (height - bottom - 18) * (1 - value) }
}

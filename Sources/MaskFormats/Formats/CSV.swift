import Foundation
import Media

/// Tables for spreadsheets and scripts (RFC 4180, lines end with LF).
final class CSVTarget: MaskTarget {
    /// What a row is.
    enum Rows { case objects, points }

    private let output: TextOutput
    private let clip: MaskClip
    private let rows: Rows

    init(path: String, clip: MaskClip, rows: Rows) throws {
        output = try TextOutput(path)
        (self.clip, self.rows) = (clip, rows)
        switch rows {
        case .objects:
            try output.write("frame,time,object,name,category,area,left,top,width,height,center_x,center_y,score,confidence\n")
        case .points: try output.write("frame,time,object,name,point,x,y,positive,visible,confidence\n")
        }
    }

    func append(_ frame: MaskFrame) throws {
        let time = Self.text(clip.seconds(frame), decimals: 6)
        for entry in frame.objects {
            let start = "\(frame.number),\(time),\(entry.object.id),\(Self.quoted(entry.object.name)),"
            switch rows {
            case .objects: try output.write(start + Self.quoted(entry.object.category) + "," + Self.columns(entry) + "\n")
            case .points:
                for point in entry.points where point.position.x.isFinite && point.position.y.isFinite {
                    let (x, y) = (Self.text(Double(point.position.x), decimals: 3), Self.text(Double(point.position.y), decimals: 3))
                    let flags = "\(point.isPositive ? 1 : 0),\(point.isVisible ? 1 : 0)"
                    try output.write(start + "\(point.id),\(x),\(y),\(flags),\(Self.text(Double(point.confidence), decimals: 4))\n")
                }
            }
        }
    }

    private static func columns(_ entry: ObjectMask) -> String {
        let (box, area) = (entry.mask.boundingBox, entry.mask.area)
        let center = entry.mask.center.map { text($0.x, decimals: 3) + "," + text($0.y, decimals: 3) } ?? ","
        let scores = [entry.score, entry.confidence].map { $0.map { text(Double($0), decimals: 4) } ?? "" }
        return "\(area),\(box.x),\(box.y),\(box.width),\(box.height),\(center),\(scores[0]),\(scores[1])"
    }

    /// Empty for what is no number.
    private static func text(_ value: Double, decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return rounded.isFinite ? String(rounded) : ""
    }

    private static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 < 32 }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    func finish(isComplete: Bool) throws { try output.commit() }
    func abandon() { output.discard() }
}

extension RunLengthMask {
    /// The mean of the pixels' centres; nil for an empty mask.
    var center: (x: Double, y: Double)? {
        var (x, y, pixels, position) = (0.0, 0.0, 0, 0)
        for (index, count) in counts.enumerated() {
            if index % 2 == 1 {
                var (from, left) = (position, count)
                while left > 0 {
                    let (column, row) = (from / size.height, from % size.height)
                    let here = min(left, size.height - row)
                    x += Double(here) * (Double(column) + 0.5)
                    y += Double(here) * (Double(row) + Double(here) / 2)
                    (from, left) = (from + here, left - here)
                }
                pixels += count
            }
            position += count
        }
        return pixels == 0 ? nil : (x / Double(pixels), y / Double(pixels))
    }
}

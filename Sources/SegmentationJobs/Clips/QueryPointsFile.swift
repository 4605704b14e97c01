import Foundation
import Segmenters

/// The reference implementation's query-point text file.
///
///     3
///     0; 320,240 330,250 300,230 10,20
///     48; 100,90 101,95 99,80
///
/// The first line is the number P of positive points of every object. Each further line is an object: its query frame, a semicolon and
/// points "x,y" separated by blanks, in pixels of the original frame; the first P are positive, the others negative. Blank lines are
/// ignored after the first line. Unlike the reference, objects may have different numbers of negative points.
enum QueryPointsFile {
    /// Whether `text` begins like such a file: with a line that holds one integer.
    static func matches(_ text: String) -> Bool {
        guard let first = lines(text).first else { return false }
        return Int(first.trimmingCharacters(in: .whitespaces)) != nil
    }

    /// Objects are numbered from 1 in the file's order.
    /// - Throws: `CommandError.invalidInput` naming the line.
    static func parse(_ text: String, path: String) throws -> [MarkedObject] {
        func invalid(_ line: Int, _ reason: String) -> CommandError { .invalidInput("\(path), line \(line): \(reason)") }
        let lines = lines(text)
        let first = lines.first.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
        guard let positives = Int(first) else {
            throw invalid(1, "expected the number of positive points of each object, found \"\(first)\".")
        }
        guard positives >= 1 else { throw invalid(1, "each object needs at least one positive point, not \(positives).") }
        var objects: [MarkedObject] = []
        for (index, line) in lines.enumerated().dropFirst() where !line.allSatisfy(\.isWhitespace) {
            let parts = line.split(separator: ";", omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw invalid(index + 1, "expected \"FRAME; x,y x,y ...\" with one semicolon, found \(parts.count - 1).")
            }
            let frameText = parts[0].trimmingCharacters(in: .whitespaces)
            guard let frame = Int(frameText) else { throw invalid(index + 1, "\"\(frameText)\" is not a frame number.") }
            var points: [PointPrompt] = []
            for text in parts[1].split(whereSeparator: \.isWhitespace) {
                guard let point = Coordinates(prompt: text) else { throw invalid(index + 1, "\"\(text)\" is not a point \"x,y\".") }
                points.append(PointPrompt(SIMD2(point.x, point.y), isPositive: points.count < positives))
            }
            guard points.count >= positives else {
                throw invalid(
                    index + 1,
                    "has \(points.count) point\(points.count == 1 ? "" : "s"), fewer than the \(positives) positive ones line 1 says.")
            }
            objects.append(MarkedObject(id: objects.count + 1, frame: frame, points: points))
        }
        guard !objects.isEmpty else { throw CommandError.invalidInput("\(path): holds no object lines.") }
        return objects
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }
}

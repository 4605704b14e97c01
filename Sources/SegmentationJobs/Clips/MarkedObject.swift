import Foundation
import Media
import SAMPT
import Segmenters

/// An object as it is marked by arguments or files, in numbers of the original video, before it is checked against it.
package struct MarkedObject: Sendable, Equatable {
    package var id: Int
    package var name: String?
    package var frame: Int?
    package var points: [PointPrompt] = []
    package var box: Box?
    package var mask: MaskReference?

    package init(id: Int, name: String? = nil, frame: Int? = nil, points: [PointPrompt] = [], box: Box? = nil, mask: MaskReference? = nil) {
        (self.id, self.name, self.frame, self.points, self.box, self.mask) = (id, name, frame, points, box, mask)
    }

    /// The objects in a file's text: JSON, or SAM-PT's query points, told apart by the content.
    /// - Parameters:
    ///   - path: for messages; relative paths in the file start from its folder.
    ///   - isQueryPoints: whether nothing but query points will do.
    /// - Throws: `CommandError.invalidInput`.
    package static func parse(_ text: String, path: String, isQueryPoints: Bool = false) throws -> [MarkedObject] {
        if isQueryPoints || QueryPointsFile.matches(text) { return try QueryPointsFile.parse(text, path: path) }
        return try PromptsFile.parse(Data(text.utf8), path: path, folder: URL(fileURLWithPath: path).deletingLastPathComponent())
    }

    /// What a segmenter pays attention to grows with the square of their number.
    package static let largestPointCount = 1000

    package var title: String { name ?? "object \(id)" }

    /// The query that the object stands for.
    /// - Parameter numbering: translates frame numbers of the video to those of the frames that are read.
    package func query(numbering: FrameNumbering) throws -> ObjectQuery {
        let kinds = [points.isEmpty ? nil : "points", box == nil ? nil : "a box", mask == nil ? nil : "a mask"].compactMap { $0 }
        guard let kind = kinds.first else {
            throw CommandError.usage("\(title): is not marked. Give it a --point, a --box or a --mask.")
        }
        guard kinds.count == 1 else {
            throw CommandError.usage("\(title): is marked with \(kinds.joined(separator: " and ")). Mark an object in one way only.")
        }
        guard points.count <= Self.largestPointCount else {
            throw CommandError.invalidInput("\(title): has \(points.count) points; an object takes at most \(Self.largestPointCount).")
        }
        let frame = try numbering.position(of: frame ?? numbering.first, object: title)
        let prompt: ObjectQuery.Prompt
        if let box {
            prompt = .box(box)
        } else if let mask {
            prompt = .mask(try mask.read(object: title))
        } else {
            assert(kind == "points")
            prompt = .points(points)
        }
        return ObjectQuery(id: id, name: name, frame: frame, prompt: prompt)
    }
}

/// A mask in a PNG file.
package struct MaskReference: Sendable, Equatable {
    package var path: String
    /// The object's id in the file; nil: every pixel that is not 0.
    package var id: Int?

    package init(path: String, id: Int? = nil) { (self.path, self.id) = (path, id) }

    package func read(object: String) throws -> Mask {
        let file = try ImageFile.readIndexMask(path)
        guard let id else { return file.foreground }
        return file.mask(of: id)
    }
}

/// Which frames of the original video are read; results and prompts speak in its numbers.
package struct FrameNumbering: Sendable, Equatable {
    /// The first frame that is read.
    package var first: Int
    package var stride: Int
    /// How many frames are read.
    package var count: Int
    /// How many frames the original video has.
    package var originalCount: Int

    package init(first: Int, stride: Int, count: Int, originalCount: Int) {
        (self.first, self.stride, self.count, self.originalCount) = (first, stride, count, originalCount)
    }

    /// The original number of the frame that is read at `position`.
    package func original(_ position: Int) -> Int { first + position * stride }

    package var last: Int { original(count - 1) }

    /// Where the original frame `number` stands among the frames that are read.
    /// - Throws: a message that says which frames there are.
    package func position(of number: Int, object: String) throws -> Int {
        guard (0..<originalCount).contains(number) else {
            throw QueryError.frameOutOfRange(object: object, frame: number, frameCount: originalCount)
        }
        let (steps, rest) = (number - first).quotientAndRemainder(dividingBy: stride)
        guard number >= first, number <= last else {
            throw CommandError.invalidInput(
                "\(object): query frame \(number) is left out; the frames read are \(first) to \(last) (see --start, --end).")
        }
        guard rest == 0 else {
            let before = original(steps)
            // At most the last frame, which is beyond this one: no overflow with any stride.
            let nearest = last - before >= stride ? "frames read are \(before) and \(before + stride)" : "frame read is \(before)"
            throw CommandError.invalidInput("\(object): query frame \(number) is left out by --stride \(stride); the nearest \(nearest).")
        }
        return steps
    }
}

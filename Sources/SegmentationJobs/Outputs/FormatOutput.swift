import MaskFormats
import Media
import SAMPT
import Support

/// A format to write results in, and where to (`--export FORMAT:PATH`).
package struct ExportDestination: Sendable, Equatable {
    package var format: MaskFormat
    package var path: String
    /// What is behind the objects where the format shows something there.
    package var background: Color?

    /// - Parameter text: "FORMAT:PATH".
    /// - Throws: `CommandError.usage` that says what is wrong with it.
    package init(_ text: String, background: Color? = nil) throws {
        guard let colon = text.firstIndex(of: ":"), case let path = String(text[text.index(after: colon)...]), !path.isEmpty else {
            throw CommandError.usage("--export \(text): expected FORMAT:PATH, for example coco:masks.json (see sampt convert --list).")
        }
        do { format = try MaskFormat(name: String(text[..<colon])) } catch { throw CommandError.usage("--export \(text): \(error)") }
        self.path = path
        self.background = format == .cutout ? background : nil
    }

    private var option: String { "--export \(format.name)" }

    /// - Throws: `CommandError.usage` as `FileClaims` does.
    func claim(in claims: inout FileClaims, by name: String? = nil) throws {
        switch format.description.form {
        case .folder: try claims.write(folder: path, names: [], by: name ?? option)
        case .file: try claims.write(path, by: name ?? option)
        }
    }

    /// - Throws: `FileError.unwritable`, and `CommandError.usage` for names that say something else than what is in the file.
    func checkWritable() throws {
        do { try format.checkWritable(path) } catch MediaError.invalidArgument(let message) { throw CommandError.usage(message) }
    }

    /// What the format leaves open.
    package var options: MaskFormatOptions {
        var options = MaskFormatOptions()
        if let background { options.background = background }
        return options
    }
}

/// Results in a format that other tools read.
final class FormatOutput: FrameOutput {
    let path: String
    var note: String? { writer.notes.isEmpty ? nil : writer.notes.joined(separator: "; ") }
    private let writer: MaskWriter
    private let objects: [Int: AnnotatedObject]

    init(_ destination: ExportDestination, clip: OutputClip) throws {
        path = destination.path
        let described = clip.objects.map(\.annotated)
        objects = Dictionary(described.map { ($0.id, $0) }) { first, _ in first }
        writer = try destination.format.writer(
            at: path,
            clip: MaskClip(
                name: clip.name, size: clip.size, pixelAspect: clip.pixelAspect, timeBase: clip.timeBase, sound: clip.sound,
                objects: described), options: destination.options)
    }

    func append(_ frame: ReportedFrame) throws {
        let entries = frame.result.objects.map { result in
            ObjectMask(
                objects[result.id] ?? AnnotatedObject(id: result.id), mask: RunLengthMask(result.mask), score: result.predictedIoU,
                confidence: result.confidence, points: result.points.map(TrackedPosition.init))
        }
        try writer.append(
            MaskFrame(
                number: frame.number, timestamp: frame.timestamp, seconds: frame.seconds, stem: frame.stem, objects: entries,
                picture: writer.format.needsPictures ? frame.result.image : nil))
    }

    func finish(isComplete: Bool) throws { try writer.finish(isComplete: isComplete) }
    func abandon() { writer.abandon() }
}

extension OutputObject {
    /// A name that somebody gave is the category as well: tools group and colour by it.
    fileprivate var annotated: AnnotatedObject {
        let isNamed = name != "object \(id)"
        return AnnotatedObject(
            id: id, name: name, category: isNamed ? name : AnnotatedObject.defaultCategory, queryFrame: queryFrame)
    }
}

extension TrackedPosition {
    fileprivate init(_ point: PromptPoint) {
        self.init(
            id: point.id, position: point.position, isPositive: point.isPositive, isVisible: point.isVisible, confidence: point.confidence)
    }
}

import Media
import Support

/// Masks read from a file or folder, frame by frame and in any order; memory holds tables of at most a few hundred bytes a mask, and one
/// frame's masks.
///
///     let reader = try MaskFormat.coco.reader(at: "masks.json")
///     for position in 0..<reader.frameCount { use(try reader.frame(at: position)) }
public struct MaskReader: Sendable {
    public let format: MaskFormat
    public let path: String
    private let source: any MaskSource

    init(_ format: MaskFormat, path: String, source: any MaskSource) {
        (self.format, self.path, self.source) = (format, path, source)
    }

    /// The video, as far as the file tells. Objects are those that can be known without reading all masks.
    public var clip: MaskClip { source.clip }
    /// How many frames there are, also those without masks where the format lists them.
    public var frameCount: Int { source.numbers.count }
    /// The frames' numbers in the video, ascending.
    public var frameNumbers: [Int] { source.numbers }
    /// What a person should know: what was left out.
    public var notes: [String] { source.notes }

    /// The masks of one frame.
    /// - Parameter position: the frame's place in `frameNumbers`.
    /// - Throws: `MaskFormatError` that names the place in the file, `FileError`, `MediaError`.
    public func frame(at position: Int) throws -> MaskFrame {
        guard source.numbers.indices.contains(position) else {
            throw MediaError.frameOutOfRange(index: position, count: source.numbers.count)
        }
        let frame = try source.frame(at: position)
        if let other = frame.objects.first(where: { $0.mask.size != source.clip.size }) {
            throw MaskFormatError.invalid(
                path: path, place: "frame \(frame.number)",
                reason: "object \(other.object.id) has a mask of \(other.mask.size), the frames are \(source.clip.size)")
        }
        return frame
    }

    /// Writes all frames with `writer`.
    /// - Parameters:
    ///   - prepare: completes a frame with what the file does not know, such as its picture for formats that show it.
    ///   - progress: hears how many frames are written, and of how many.
    /// - Throws: also `CancellationError`; the writer is then as it was, and can be finished or abandoned.
    public func copy(
        to writer: MaskWriter, prepare: (inout MaskFrame) throws -> Void = { _ in }, progress: (Int, Int) -> Void = { _, _ in }
    ) throws {
        for position in 0..<frameCount {
            try Cancellation.check()
            var frame = try frame(at: position)
            try prepare(&frame)
            try writer.append(frame)
            progress(position + 1, frameCount)
        }
    }
}

/// One format's way of reading.
protocol MaskSource: Sendable {
    var clip: MaskClip { get }
    /// Ascending, each once.
    var numbers: [Int] { get }
    var notes: [String] { get }
    /// - Precondition: `numbers.indices.contains(position)`.
    func frame(at position: Int) throws -> MaskFrame
}

extension MaskSource {
    var notes: [String] { [] }
}

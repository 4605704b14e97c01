import Media
import Support

/// Writes masks in one format, frame by frame, in memory that does not grow with the video but for tables of a few dozen bytes a frame and
/// object. The file or folder appears with `finish`, whole, or not at all.
///
///     let writer = try MaskFormat.coco.writer(at: "masks.json", clip: clip)
///     for frame in frames { try writer.append(frame) }
///     try writer.finish()
public final class MaskWriter {
    public let format: MaskFormat
    /// The file or folder it makes.
    public let path: String
    /// What a person should know of the finished file though nothing failed.
    public var notes: [String] { target.notes }
    private let clip: MaskClip
    private let target: any MaskTarget
    private var last: Int?
    private var isOpen = true
    private var known: [Int: AnnotatedObject]

    init(_ format: MaskFormat, path: String, clip: MaskClip, target: any MaskTarget) {
        (self.format, self.path, self.clip, self.target) = (format, path, clip, target)
        known = Dictionary(clip.objects.map { ($0.id, $0) }) { first, _ in first }
    }

    deinit { abandon() }

    /// Adds a frame.
    /// - Throws: `MaskFormatError` for what the format cannot hold, `MediaError` for frames out of order or of another size, `FileError`
    ///   when the disk is full. Nothing is then left behind.
    public func append(_ frame: MaskFrame) throws {
        guard isOpen else { throw FileError.unwritable(path: path, reason: "it is closed") }
        do {
            try check(frame)
            try target.append(frame)
        } catch {
            abandon()
            throw error
        }
        last = frame.number
    }

    /// Completes the file or folder and gives it its name. Without frames nothing is written.
    /// - Parameter isComplete: whether the whole video is in it, for formats that say so.
    /// - Throws: `FileError.unwritable`; nothing is then left behind.
    public func finish(isComplete: Bool = true) throws {
        guard isOpen else { return }
        guard last != nil else { return abandon() }
        do { try target.finish(isComplete: isComplete) } catch {
            abandon()
            throw error
        }
        isOpen = false
    }

    /// Stops without a result; nothing is left behind.
    public func abandon() {
        guard isOpen else { return }
        isOpen = false
        target.abandon()
    }

    private func check(_ frame: MaskFrame) throws {
        guard frame.number >= 0, frame.number <= MaskFormat.largestNumber, frame.number > last ?? -1 else {
            throw MediaError.invalidArgument(
                "\(path): frame \(frame.number) cannot be written" + (last.map { " after frame \($0)" } ?? "") + ": numbers must increase.")
        }
        var seen = Set<Int>()
        for entry in frame.objects {
            guard (1...MaskFormat.largestNumber).contains(entry.object.id), seen.insert(entry.object.id).inserted else {
                throw MediaError.invalidArgument("\(path): frame \(frame.number): object \(entry.object.id) is there twice, or below 1.")
            }
            guard entry.mask.size == clip.size else {
                throw MediaError.frameSizeDiffers(path: path, expected: clip.size, found: entry.mask.size)
            }
            let described = known[entry.object.id, default: entry.object]
            guard described.name == entry.object.name, described.category == entry.object.category else {
                throw MediaError.invalidArgument(
                    "\(path): frame \(frame.number): object \(entry.object.id) has another name or category than before.")
            }
            known[entry.object.id] = described
        }
        if let picture = frame.picture, picture.size != clip.size {
            throw MediaError.frameSizeDiffers(path: path, expected: clip.size, found: picture.size)
        }
        if format.needsPictures, frame.picture == nil {
            throw MaskFormatError.missingPicture(format: format.name, frame: frame.number)
        }
    }
}

/// One format's way of writing. Frames come checked: ascending numbers, one size, each id once, with pictures where the format needs them.
protocol MaskTarget: AnyObject {
    var notes: [String] { get }
    func append(_ frame: MaskFrame) throws
    /// Gives everything its final name.
    func finish(isComplete: Bool) throws
    /// Removes what there is.
    func abandon()
}

extension MaskTarget {
    var notes: [String] { [] }
}

import Foundation
import Media
import Support

/// Index PNGs in one folder, as `--masks` writes them: 8 bits in DAVIS's colours, 16 bits grey where an id is above 255.
final class IndexMaskTarget: MaskTarget {
    private let folder: PartFolder
    private let size: ImageSize

    init(path: String, clip: MaskClip) throws {
        folder = try PartFolder(for: path)
        size = clip.size
    }

    func append(_ frame: MaskFrame) throws {
        let mask = try IndexMask(frame, size: size) { object in
            guard let id = UInt16(exactly: object.id) else {
                throw MaskFormatError.inexpressible(format: MaskFormat.masks.name, reason: "object \(object.id); ids end at 65535")
            }
            return id
        }
        let file = try folder.newFile(FileNames.stem(of: frame) + ".png")
        try folder.write { try ImageFile.writeIndexMask(mask, to: file) }
    }

    func finish(isComplete: Bool) throws { try folder.commit() }
    func abandon() { folder.discard() }
}

/// Index PNGs in one folder: palette indices, grey levels or DAVIS's colours; 0 is background.
struct IndexMaskSource: MaskSource {
    let clip: MaskClip
    private let folder: PNGFolder
    /// A value that marks pixels that belong to nobody knows whom.
    private let void: Int?

    var numbers: [Int] { folder.numbers }

    init(path: String, name: String? = nil, void: Int? = nil) throws {
        folder = try PNGFolder(path)
        self.void = void
        let first = try ImageFile.readIndexMask(folder.file(0))
        clip = MaskClip(name: name ?? PathParts(path).name, size: first.size)
    }

    func frame(at position: Int) throws -> MaskFrame {
        let mask = try ImageFile.readIndexMask(folder.file(position))
        guard mask.size == clip.size else {
            throw MediaError.frameSizeDiffers(path: folder.file(position), expected: clip.size, found: mask.size)
        }
        return MaskFrame(
            number: numbers[position], stem: folder.stems[position],
            objects: mask.runLengths().filter { $0.id != void }.map { ObjectMask(AnnotatedObject(id: $0.id), mask: $0.mask) })
    }
}

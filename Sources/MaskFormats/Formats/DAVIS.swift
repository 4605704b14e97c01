import Foundation
import Media
import Support

/// A data set in the form of DAVIS 2017 (davischallenge.org): `Annotations/480p/SEQUENCE/00000.png` with DAVIS's palette, and
/// `ImageSets/2017/val.txt` with the sequence's name. 255 is void there, never an object.
final class DAVISTarget: MaskTarget {
    private let folder: PartFolder
    private let size: ImageSize
    private let sequence: String

    static let annotations = ["Annotations", "480p"]
    static let void = 255

    init(path: String, clip: MaskClip) throws {
        folder = try PartFolder(for: path)
        (size, sequence) = (clip.size, FileNames.sequence(of: clip))
    }

    func append(_ frame: MaskFrame) throws {
        let mask = try IndexMask(frame, size: size) { object in
            guard object.id < Self.void else {
                throw MaskFormatError.inexpressible(format: MaskFormat.davis.name, reason: "object \(object.id); ids end at 254")
            }
            return UInt16(clamping: object.id)
        }
        let file = try folder.newFile(Self.annotations[0], Self.annotations[1], sequence, FileNames.stem(of: frame) + ".png")
        try folder.write { try ImageFile.writeIndexMask(mask, to: file) }
    }

    func finish(isComplete: Bool) throws {
        let list = try folder.newFile("ImageSets", "2017", "val.txt")
        try folder.write { try AtomicFile.write(Data((sequence + "\n").utf8), to: list) }
        try folder.commit()
    }

    func abandon() { folder.discard() }
}

enum DAVISSource {
    /// - Parameters:
    ///   - path: a data set, its `Annotations` or a resolution in it, or one sequence's folder of PNGs.
    ///   - sequence: which, where there are several.
    static func open(_ path: String, sequence: String?) throws -> IndexMaskSource {
        var folder = path
        for name in ["Annotations", "Annotations_unsupervised"] where PNGFolder.isFolder(folder + "/" + name) {
            folder += "/" + name
            break
        }
        for name in ["480p", "Full-Resolution"] where PNGFolder.isFolder(folder + "/" + name) {
            folder += "/" + name
            break
        }
        let names = try PNGFolder.names(folder).isEmpty ? PNGFolder.folders(folder) : []
        let chosen = try SequenceChoice.choose(sequence, among: names, path: path, what: "sequences")
        return try IndexMaskSource(
            path: chosen.map { folder + "/" + $0 } ?? folder, name: chosen ?? PathParts(folder).name, void: DAVISTarget.void)
    }
}

/// Which of several sequences is meant.
enum SequenceChoice {
    /// - Returns: nil when there is nothing to choose from.
    /// - Throws: `MaskFormatError`.
    static func choose(_ wanted: String?, among names: [String], path: String, what: String) throws -> String? {
        guard let first = names.first else { return nil }
        if let wanted {
            guard names.contains(wanted) else {
                throw MaskFormatError.invalid(path: path, place: nil, reason: "among its \(what) is none called \"\(wanted)\"")
            }
            return wanted
        }
        guard names.count == 1 else { throw MaskFormatError.ambiguous(path: path, what: what, names: names) }
        return first
    }
}

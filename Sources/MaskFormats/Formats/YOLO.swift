import Foundation
import Media
import Support

/// YOLO segmentation (docs.ultralytics.com, "Instance segmentation datasets"): `labels/train/00000.txt` a frame, each line a class from 0
/// and a polygon in parts of width and height; `data.yaml` names the classes.
final class YOLOTarget: MaskTarget {
    private let folder: PartFolder
    private let size: ImageSize
    private var categories: NumberedNames

    init(path: String, clip: MaskClip) throws {
        folder = try PartFolder(for: path)
        size = clip.size
        categories = NumberedNames(clip.objects.map(\.category))
    }

    func append(_ frame: MaskFrame) throws {
        var text = ""
        for entry in frame.objects {
            let category = categories.number(of: entry.object.category) - 1
            for polygon in PixelOutlines.polygons(of: entry.mask.mask) {
                text += String(category)
                for corner in polygon {
                    text += " " + Self.share(corner.x, of: size.width) + " " + Self.share(corner.y, of: size.height)
                }
                text += "\n"
            }
        }
        let file = try folder.newFile("labels", "train", FileNames.stem(of: frame) + ".txt")
        try folder.write { try AtomicFile.write(Data(text.utf8), to: file) }
    }

    /// In seven decimals: a hundredth of a pixel of the largest picture.
    private static func share(_ position: Int32, of side: Int) -> String {
        let value = (Int(position) * 10_000_000 + side / 2) / side
        let digits = String(value % 10_000_000)
        return "\(value / 10_000_000)." + String(repeating: "0", count: 7 - digits.count) + digits
    }

    func finish(isComplete: Bool) throws {
        var text = "path: .\ntrain: images/train\nval: images/train\nnames:\n"
        for (index, name) in categories.names.enumerated() {
            // A JSON text is a YAML text.
            text += "  \(index): " + String(decoding: try name.json(), as: UTF8.self) + "\n"
        }
        let file = try folder.newFile("data.yaml")
        try folder.write { try AtomicFile.write(Data(text.utf8), to: file) }
        try folder.commit()
    }

    func abandon() { folder.discard() }
}

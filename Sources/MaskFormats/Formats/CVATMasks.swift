import Foundation
import Media
import Support

/// CVAT's segmentation mask 1.1 (docs.cvat.ai), in the form of Pascal VOC: class colours in `SegmentationClass`, object colours in
/// `SegmentationObject`, the classes in `labelmap.txt`.
final class CVATMasksTarget: MaskTarget {
    private let folder: PartFolder
    private let size: ImageSize
    private var labels: CVATLabels
    private var colors: [String: Color] = [:]
    private var used: Set<Color> = [.black]
    /// The frames' names wait for the list.
    private let list: TextOutput

    init(path: String, clip: MaskClip) throws {
        folder = try PartFolder(for: path)
        list = try TextOutput(folder.newFile("ImageSets", "Segmentation", "default.txt"))
        size = clip.size
        labels = CVATLabels([])
        for object in clip.objects { _ = color(of: object) }
    }

    /// The colour of an object's class: that of its first object, or the next of the palette where that is taken.
    private func color(of object: AnnotatedObject) -> Color {
        if let color = colors[object.category] { return color }
        var color = object.color
        var index = 1
        while used.contains(color) {
            let next = davisPalette[index % 256]
            color = index < 256 ? Color(next.red, next.green, next.blue) : Color(UInt8(index >> 8 & 255), UInt8(index & 255), 1)
            index += 1
        }
        used.insert(color)
        colors[object.category] = color
        labels.add(AnnotatedObject(id: object.id, category: object.category, color: color))
        return color
    }

    func append(_ frame: MaskFrame) throws {
        var classes = RGBImage(width: size.width, height: size.height)
        let objects = try IndexMask(frame, size: size) { object in
            guard object.id <= 254 else {
                throw MaskFormatError.inexpressible(format: MaskFormat.cvatMasks.name, reason: "object \(object.id); ids end at 254")
            }
            return UInt16(clamping: object.id)
        }
        let byID = Dictionary(frame.objects.map { (UInt16(clamping: $0.object.id), color(of: $0.object)) }) { a, _ in a }
        for (index, id) in objects.values.enumerated() where id != 0 {
            guard let color = byID[id] else { continue }
            (classes.pixels[3 * index], classes.pixels[3 * index + 1], classes.pixels[3 * index + 2]) = (color.red, color.green, color.blue)
        }
        let stem = FileNames.stem(of: frame)
        let files = [try folder.newFile("SegmentationClass", stem + ".png"), try folder.newFile("SegmentationObject", stem + ".png")]
        try folder.write {
            try ImageFile.writePNG(classes, to: files[0])
            try ImageFile.writeIndexMask(objects, to: files[1])
            try list.write(stem + "\n")
        }
    }

    func finish(isComplete: Bool) throws {
        var text = "# label:color_rgb:parts:actions\nbackground:0,0,0::\n"
        for label in labels.labels {
            // A colon or a line's end would be another field.
            let name = String(label.name.map { $0 == ":" || $0 == "#" || $0.isNewline ? "_" : $0 })
            text += "\(name):\(label.color.red),\(label.color.green),\(label.color.blue)::\n"
        }
        let file = try folder.newFile("labelmap.txt")
        try folder.write {
            try AtomicFile.write(Data(text.utf8), to: file)
            try list.commit()
        }
        try folder.commit()
    }

    func abandon() {
        list.discard()
        folder.discard()
    }
}

import Foundation
import MaskFormats
import Media
import TestSupport

/// A made-up clip with its masks.
struct Sample {
    var made = MadeMasks()
    /// Multiples of four: SA-V has no other frames.
    var numbers = [0, 4, 8, 12, 16]
    var hasScores = true
    var hasPictures = false

    var size: ImageSize { ImageSize(width: made.width, height: made.height) }

    static let objects = [
        AnnotatedObject(id: 1, name: "red, \"quoted\" <car>", category: "car", color: Color(200, 30, 30)),
        AnnotatedObject(id: 2, name: "walker & dog", category: "pedestrian", color: Color(30, 200, 30)),
        AnnotatedObject(id: 3, name: "Bär", category: "car", color: Color(30, 30, 200)),
        AnnotatedObject(id: 7, category: "pedestrian"),
    ]

    var clip: MaskClip { MaskClip(name: "street.mp4", size: size, objects: Self.objects) }

    func frame(_ position: Int) -> MaskFrame {
        let entries = Self.objects.compactMap { object -> ObjectMask? in
            guard let values = made.values(of: object.id, in: position) else { return nil }
            let mask = Mask(width: size.width, height: size.height, values: values)
            return ObjectMask(object, mask: RunLengthMask(mask), score: hasScores ? 0.5 + Float(object.id) / 16 : nil)
        }
        let picture = hasPictures ? RGBImage(width: size.width, height: size.height, red: 90, green: 140, blue: 200) : nil
        return MaskFrame(number: numbers[position], objects: entries, picture: picture)
    }

    var frames: [MaskFrame] { numbers.indices.map(frame) }

    /// Writes it into a new folder.
    func write(_ format: MaskFormat, in folder: URL) throws -> String {
        let path = folder.appendingPathComponent(format.fileName).path
        let writer = try format.writer(at: path, clip: clip)
        for frame in frames { try writer.append(frame) }
        try writer.finish()
        return path
    }
}

extension MaskFormat {
    /// A name that suits it.
    var fileName: String {
        switch description.form {
        case .folder: "out-\(name)"
        case .file(let extensions): "out-\(name)." + extensions[0]
        }
    }
}

extension MaskFrame {
    /// The masks that are not empty, by id.
    var masks: [Int: RunLengthMask] {
        Dictionary(uniqueKeysWithValues: objects.filter { $0.mask.area > 0 }.map { ($0.object.id, $0.mask) })
    }

    /// The masks where each pixel belongs to the last object that has it.
    var flattened: [Int: RunLengthMask] {
        guard let size = objects.first?.mask.size else { return [:] }
        var index = IndexMask(width: size.width, height: size.height)
        for entry in objects {
            for (i, value) in entry.mask.mask.values.enumerated() where value != 0 { index.values[i] = UInt16(entry.object.id) }
        }
        return Dictionary(uniqueKeysWithValues: index.ids.map { ($0, RunLengthMask(index.mask(of: $0))) })
    }
}

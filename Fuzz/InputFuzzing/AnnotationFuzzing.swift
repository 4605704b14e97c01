import Foundation
import MaskFormats
import Media
import Support

/// Files of annotations, each read as the format that it was made as.
struct AnnotationFuzzing: InputFuzzing {
    let seeds: [[UInt8]]
    private let file: ScratchFile
    private static let formats: [MaskFormat] = [.coco, .cocoPolygons, .youtubeVIS, .youtubeVISResults, .rle, .sav, .cvatImages, .mots]
    private static let mutation = Mutation(
        tokens: [
            "0", "-1", "1e308", "1e400", "9223372036854775807", "18446744073709551616", "null", "true", "\"\"", "{", "}", "[", "]", ",",
            ":",
            "\"", "\\ud800", "[[[[[[[[", "{\"a\":", "\n", " ", "\"counts\"", "\"size\"", "\"track_id\"", "\"frame\"", "oooooooo", "PPPP0",
            "1048576",
            "<image ", "<mask ", "/>", "</image>", "&amp;", "&#x110000;", "<!--", "<![CDATA[", "<!DOCTYPE", "group_id=\"0\"",
            "rle=\"1, 2\"",
        ])

    init() throws {
        file = try ScratchFile("annotations")
        var seeds: [[UInt8]] = []
        var mask = Mask(width: 9, height: 7)
        for (x, y) in [(1, 1), (2, 1), (2, 2), (6, 5), (8, 6)] { mask[x, y] = true }
        for format in Self.formats {
            guard case .file(let extensions) = format.description.form, let ending = extensions.first else { continue }
            let path = file.folder.appendingPathComponent("seed." + ending).path
            let writer = try format.writer(at: path, clip: MaskClip(name: "clip", size: mask.size))
            for number in [0, 4, 8] {
                let objects = [1, 2].map { ObjectMask(AnnotatedObject(id: $0), mask: RunLengthMask(mask), score: 0.5) }
                try writer.append(MaskFrame(number: number, objects: number == 4 ? [] : objects))
            }
            try writer.finish()
            seeds.append(Array(try Data(contentsOf: URL(fileURLWithPath: path))))
        }
        self.seeds = seeds
    }

    func input(_ number: UInt64, seed: UInt64) -> Data { Data(Self.mutation.make(number, seed: seed, from: seeds)) }

    func read(_ data: Data) throws -> Bool {
        try file.write(data)
        var isReadable = false
        for format in Self.formats where try read(format) { isReadable = true }
        return isReadable
    }

    private func read(_ format: MaskFormat) throws -> Bool {
        do {
            let reader = try format.reader(at: file.path)
            for position in 0..<min(reader.frameCount, 8) {
                let frame = try reader.frame(at: position)
                let ids = frame.objects.map(\.object.id)
                try Defect.unless(Set(ids).count == ids.count && ids.allSatisfy { $0 > 0 }, "ids \(ids)")
                try Defect.unless(frame.objects.allSatisfy { $0.mask.size == reader.clip.size }, "a mask of another size")
            }
            return true
        } catch is MaskFormatError {
            return false
        } catch is MediaError {
            return false
        } catch is FileError {
            return false
        }
    }
}

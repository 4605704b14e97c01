import Foundation
import MaskFormats
import Media
import TestSupport
import Testing

/// Annotation formats before software that is not ours (Scripts/judge-formats.py: pycocotools, TrackEval, Datumaro, CVAT's SDK, Pillow,
/// FFmpeg's programs). `make test-formats` sets them up; `make test` leaves these tests out.
@Suite("Other software reads what is written, and its files are read", .serialized)
struct FormatJudgeTests {
    private static let categories = [1: "car", 2: "pedestrian", 3: "car", 7: "pedestrian"]
    private static let frameCount = 6
    private let made = MadeMasks(width: 118, height: 83)
    private let folder: URL
    private var size: ImageSize { ImageSize(width: made.width, height: made.height) }

    private struct Missing: Error {
        let description = "the judges are not set up; run make test-formats"
    }

    /// The truth as bytes, which no format had its hands on.
    init() throws {
        folder = try Fixtures.temporaryFolder()
        var bytes = Data()
        for frame in 0..<Self.frameCount {
            for object in made.objects {
                let values = made.values(of: object, in: frame) ?? [UInt8](repeating: 0, count: size.pixelCount)
                bytes.append(contentsOf: values)
            }
        }
        try bytes.write(to: folder.appendingPathComponent("truth.bin"))
        let head = """
            {"width": \(size.width), "height": \(size.height), "frames": \(Self.frameCount), "step": 4, "ids": \(made.objects),
             "categories": ["car", "pedestrian", "car", "pedestrian"]}
            """
        try Data(head.utf8).write(to: folder.appendingPathComponent("truth.json"))
    }

    private func judge(_ arguments: String...) throws -> (status: Int32, output: String) {
        let root = Fixtures.packageRoot
        let python = root.appendingPathComponent(".deps/venv-formats/bin/python")
        guard FileManager.default.isExecutableFile(atPath: python.path) else { throw Missing() }
        let process = Process()
        process.executableURL = python
        process.arguments = [root.appendingPathComponent("Scripts/judge-formats.py").path] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    private func frame(_ position: Int) -> MaskFrame {
        let entries = made.objects.compactMap { id -> ObjectMask? in
            guard let values = made.values(of: id, in: position) else { return nil }
            let object = AnnotatedObject(id: id, name: "object, \"\(id)\"", category: Self.categories[id] ?? "")
            let point = TrackedPosition(
                id: 5, position: SIMD2(Float(position) + 0.5, 2.25), isPositive: true, isVisible: position != 1, confidence: 0.75)
            return ObjectMask(
                object, mask: RunLengthMask(Mask(width: size.width, height: size.height, values: values)), score: 0.5, points: [point])
        }
        var picture = RGBImage(width: size.width, height: size.height)
        for y in 0..<size.height { for x in 0..<size.width { picture[x, y] = (UInt8(x), UInt8(2 * y), UInt8(10 * position + 40)) } }
        return MaskFrame(number: 4 * position, timestamp: Int64(position), objects: entries, picture: picture)
    }

    @Test("What is written")
    func written() throws {
        for format in MaskFormat.allCases {
            let name = format.description.form == .folder ? format.name : format.name + "." + format.extensions[0]
            let writer = try format.writer(at: folder.appendingPathComponent(name).path, clip: MaskClip(name: "street", size: size))
            for position in 0..<Self.frameCount { try writer.append(frame(position)) }
            try writer.finish()
        }
        let (status, output) = try judge("check", folder.path)
        print(output)
        #expect(status == 0, "\(output)")
        let silent = MaskFormat.allCases.map(\.name).filter { !output.contains("ok \($0):") }
        #expect(silent == [], "nobody judged these")
    }

    @Test("What other software writes")
    func read() throws {
        let (status, output) = try judge("write", folder.path)
        #expect(status == 0, "\(output)")
        let names: [(MaskFormat, String, isFlat: Bool)] = [
            (.coco, "coco-compressed.json", false), (.coco, "coco-lists.json", false),
            (.youtubeVIS, "youtube-vis.json", false), (.cvatImages, "cvat.xml", false), (.mots, "mots.txt", true), (.motsPNG, "mots", true),
            (.sav, "sav.json", false), (.png, "png", false), (.savFolders, "sav", false), (.davis, "davis", true), (.masks, "masks", true),
        ]
        for (format, name, isFlat) in names {
            let reader = try format.reader(at: folder.appendingPathComponent("foreign/" + name).path)
            #expect(reader.frameCount == Self.frameCount && reader.clip.size == size, "\(name)")
            for position in 0..<min(reader.frameCount, Self.frameCount) {
                let found = try reader.frame(at: position)
                #expect(masks(of: found) == truth(position, isFlat: isFlat), "\(name), frame \(position)")
            }
        }
    }

    @Test("Slanted polygons are filled as pycocotools fills them")
    func polygons() throws {
        let (status, output) = try judge("write", folder.path)
        #expect(status == 0, "\(output)")
        let bytes = try Data(contentsOf: folder.appendingPathComponent("foreign/polygons.bin"))
        let reader = try MaskFormat.coco.reader(at: folder.appendingPathComponent("foreign/coco-polygons.json").path)
        #expect(reader.frameCount == Self.frameCount && bytes.count == Self.frameCount * made.objects.count * size.pixelCount)
        for position in 0..<Self.frameCount {
            let found = masks(of: try reader.frame(at: position))
            for (index, id) in made.objects.enumerated() {
                let start = (position * made.objects.count + index) * size.pixelCount
                let truth = Mask(width: size.width, height: size.height, values: Array(bytes[start..<(start + size.pixelCount)]))
                #expect((found[id] ?? Mask(size: size)) == truth, "frame \(position), object \(id)")
            }
        }
    }

    /// By id, without empty ones.
    private func masks(of frame: MaskFrame) -> [Int: Mask] {
        Dictionary(uniqueKeysWithValues: frame.objects.map { ($0.object.id, $0.mask.mask) }).filter { !$0.value.isEmpty }
    }

    private func truth(_ position: Int, isFlat: Bool) -> [Int: Mask] {
        var index = [Int](repeating: 0, count: size.pixelCount)
        var whole: [Int: Mask] = [:]
        for id in made.objects {
            guard let values = made.values(of: id, in: position) else { continue }
            whole[id] = Mask(width: size.width, height: size.height, values: values)
            for i in values.indices where values[i] != 0 { index[i] = id }
        }
        guard isFlat else { return whole.filter { !$0.value.isEmpty } }
        let flat = made.objects.map { id in
            (id, Mask(width: size.width, height: size.height, values: index.map { $0 == id ? 1 : 0 }))
        }
        return Dictionary(uniqueKeysWithValues: flat).filter { !$0.value.isEmpty }
    }
}

extension MaskFormat {
    fileprivate var extensions: [String] {
        if case .file(let extensions) = description.form { return extensions }
        return []
    }
}

import Foundation
import MaskFormats
import Media
import TestSupport
import Testing

@Suite("What is written is read again")
struct RoundTripTests {
    private func readAll(_ format: MaskFormat, _ sample: Sample = Sample()) throws -> (reader: MaskReader, frames: [MaskFrame]) {
        let folder = try Fixtures.temporaryFolder()
        let reader = try format.reader(at: sample.write(format, in: folder))
        return (reader, try (0..<reader.frameCount).map { try reader.frame(at: $0) })
    }

    @Test(
        "Masks stay as they are, also where they overlap",
        arguments: [
            MaskFormat.png, .rle, .coco, .cocoPolygons, .youtubeVIS, .cvatImages, .sav, .savFolders,
        ])
    func whole(format: MaskFormat) throws {
        let (reader, frames) = try readAll(format)
        #expect(reader.frameNumbers == Sample().numbers && reader.clip.size == Sample().size)
        for (found, sample) in zip(frames, Sample().frames) { #expect(found.masks == sample.masks, "frame \(found.number)") }
    }

    @Test("Formats with one object a pixel: the later lies on top", arguments: [MaskFormat.masks, .davis, .mots, .motsPNG])
    func flat(format: MaskFormat) throws {
        let (reader, frames) = try readAll(format)
        #expect(reader.frameNumbers == Sample().numbers && reader.clip.size == Sample().size)
        for (found, sample) in zip(frames, Sample().frames) { #expect(found.masks == sample.flattened, "frame \(found.number)") }
    }

    @Test("Results have no ids: the order stays")
    func results() throws {
        let (reader, frames) = try readAll(.youtubeVISResults)
        let ids = [1: 1, 2: 2, 3: 4, 4: 3]
        #expect(reader.frameNumbers == Array(0..<5))
        for (found, sample) in zip(frames, Sample().frames) {
            let masks = Dictionary(uniqueKeysWithValues: found.masks.map { (Sample.objects[ids[$0.key, default: 1] - 1].id, $0.value) })
            #expect(masks == sample.masks)
        }
        let score = frames[0].objects.first?.score ?? 0
        #expect(abs(score - 0.5625) < 1e-4)
    }

    @Test("Names, categories and colours, as far as the table says so")
    func descriptions() throws {
        for format in [MaskFormat.png, .coco, .cocoPolygons, .youtubeVIS] {
            let found = try readAll(format).reader.clip.objects.sorted { $0.id < $1.id }
            #expect(found.map(\.id) == [1, 2, 3, 7] && found.map(\.name) == Sample.objects.map(\.name), "\(format)")
            #expect(found.map(\.category) == Sample.objects.map(\.category), "\(format)")
        }
        #expect(try readAll(.png).reader.clip.objects.map(\.color) == Sample.objects.map(\.color))
        #expect(try readAll(.rle).reader.clip.objects.map(\.name) == Sample.objects.map(\.name))
        #expect(try readAll(.cvatImages).reader.clip.objects.map(\.category) == Sample.objects.map(\.category))
        #expect(try readAll(.mots).reader.clip.objects.map(\.category) == Sample.objects.map(\.category))
        let coco = try readAll(.coco).frames[1].objects.first { $0.object.id == 3 }
        #expect(coco?.score == 0.5 + 3 / 16)
    }

    @Test("From every readable format into every one that takes masks alone, the masks survive")
    func conversions() throws {
        let folder = try Fixtures.temporaryFolder()
        for from in MaskFormat.readable {
            let reader = try from.reader(at: Sample().write(from, in: folder))
            for to in MaskFormat.allCases where !to.needsPictures {
                let path = folder.appendingPathComponent("\(from.name)-to-" + to.fileName).path
                let writer = try to.writer(at: path, clip: reader.clip)
                try reader.copy(to: writer)
                try writer.finish()
                guard to.description.isReadable, from != .youtubeVISResults, to != .youtubeVISResults else { continue }
                let again = try to.reader(at: path)
                for (position, number) in again.frameNumbers.enumerated() where number % 4 == 0 {
                    let (a, b) = (try reader.frame(at: number / 4), try again.frame(at: position))
                    #expect(b.masks == a.masks || b.masks == a.flattened, "\(from.name) to \(to.name), frame \(number)")
                }
            }
        }
    }

    @Test("Numbers and names of frames: numbers that begin late, names of the folder's pictures")
    func numbering() throws {
        var sample = Sample()
        sample.numbers = [100, 104, 112, 116, 100_000]
        for format in [MaskFormat.masks, .davis, .png, .rle, .coco, .youtubeVIS, .cvatImages, .mots, .motsPNG] {
            #expect(try readAll(format, sample).reader.frameNumbers == sample.numbers, "\(format)")
        }
        let folder = try Fixtures.temporaryFolder()
        let writer = try MaskFormat.masks.writer(at: folder.path + "/m", clip: sample.clip)
        for (index, stem) in ["shot-9", "shot-10", "../up"].enumerated() {
            var frame = sample.frame(index)
            frame.stem = stem
            try writer.append(frame)
        }
        try writer.finish()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/m").sorted()
        #expect(names == ["00112.png", "shot-10.png", "shot-9.png"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["m"])
    }

    @Test("Equal frames give equal bytes", arguments: MaskFormat.allCases.filter { !$0.needsPictures })
    func bytes(format: MaskFormat) throws {
        func contents(_ path: String) throws -> [String: Data] {
            guard format.description.form == .folder else { return ["": try Data(contentsOf: URL(fileURLWithPath: path))] }
            let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
            return Dictionary(uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: path + "/" + $0) ?? Data()) })
        }
        let paths = try (0..<2).map { _ in try Sample().write(format, in: Fixtures.temporaryFolder()) }
        #expect(try contents(paths[0]) == contents(paths[1]))
        #expect(try !contents(paths[0]).isEmpty)
    }
}

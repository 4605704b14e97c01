import Foundation
import MaskFormats
import Media
import Support
import TestSupport
import Testing

@Suite("Files and folders appear whole or not at all")
struct WholeOutputTests {
    private func contents(_ folder: URL) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

    @Test("Nothing before the end, nothing after giving up", arguments: MaskFormat.allCases)
    func abandoned(format: MaskFormat) throws {
        let folder = try Fixtures.temporaryFolder()
        var sample = Sample()
        sample.hasPictures = true
        let path = folder.appendingPathComponent(format.fileName).path
        let writer = try format.writer(at: path, clip: sample.clip)
        for frame in sample.frames { try writer.append(frame) }
        #expect(!FileManager.default.fileExists(atPath: path))
        writer.abandon()
        #expect(try contents(folder) == [])
        let empty = try format.writer(at: path, clip: sample.clip)
        try empty.finish()
        #expect(try contents(folder) == [])
        let again = try format.writer(at: path, clip: sample.clip)
        for frame in sample.frames { try again.append(frame) }
        try again.finish()
        #expect(try contents(folder) == [format.fileName])
    }

    @Test("What a format cannot hold is an error, and leaves nothing")
    func inexpressible() throws {
        let folder = try Fixtures.temporaryFolder()
        let clip = Sample().clip
        func write(_ format: MaskFormat, _ frames: [MaskFrame]) throws {
            let writer = try format.writer(at: folder.appendingPathComponent(format.fileName).path, clip: clip)
            for frame in frames { try writer.append(frame) }
            try writer.finish()
        }
        let mask = RunLengthMask(Mask(size: clip.size))
        func frame(_ number: Int, _ ids: Int...) -> MaskFrame {
            MaskFrame(number: number, objects: ids.map { ObjectMask(AnnotatedObject(id: $0), mask: mask) })
        }
        for (format, id) in [(MaskFormat.davis, 255), (.masks, 65536), (.mots, 1000), (.motsPNG, 5000), (.cvatMasks, 255)] {
            #expect(throws: MaskFormatError.self) { try write(format, [frame(0, id)]) }
        }
        for frames in [[frame(1), frame(1)], [frame(-1)], [frame(Int.max)], [frame(0, 5, 5)], [frame(0, 0)], [frame(0, Int.min)]] {
            #expect(throws: MediaError.self) { try write(.coco, frames) }
        }
        for format in [MaskFormat.sav, .savFolders] { #expect(throws: MaskFormatError.self) { try write(format, [frame(1), frame(3)]) } }
        var renamed = frame(1, 9)
        renamed.objects[0].object.name = "another"
        #expect(throws: MediaError.self) { try write(.coco, [frame(0, 9), renamed]) }
        var small = frame(0, 9)
        small.objects[0].mask = RunLengthMask(Mask(width: 3, height: 3))
        #expect(throws: MediaError.self) { try write(.coco, [small]) }
        #expect(throws: MaskFormatError.missingPicture(format: "rgba", frame: 0)) { try write(.rgba, [frame(0, 9)]) }
        #expect(try contents(folder) == [])
    }

    @Test("A folder that is in use, a file in the way, an extension that says something else")
    func refused() throws {
        let folder = try Fixtures.temporaryFolder()
        try Data().write(to: folder.appendingPathComponent("x"))
        for path in [folder.path, folder.path + "/x", folder.path + "/none/x"] {
            #expect(throws: FileError.self) { try MaskFormat.davis.writer(at: path, clip: Sample().clip) }
        }
        #expect(throws: MediaError.self) { try MaskFormat.coco.writer(at: folder.path + "/masks.png", clip: Sample().clip) }
        #expect(throws: MediaError.self) { try MaskFormat.prores.writer(at: folder.path + "/a.mp4", clip: Sample().clip) }
        #expect(try contents(folder) == ["x"])
        // An empty folder is taken; what a dead process left of it goes.
        try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: false)
        try FileManager.default.createDirectory(atPath: folder.path + "/.0123ABCD.part-out/1", withIntermediateDirectories: true)
        let writer = try MaskFormat.png.writer(at: folder.path + "/out/", clip: Sample().clip)
        try writer.append(Sample().frame(0))
        try writer.finish()
        #expect(try contents(folder) == ["out", "x"])
    }

    @Test("Two frames of one name")
    func names() throws {
        let folder = try Fixtures.temporaryFolder()
        let writer = try MaskFormat.masks.writer(at: folder.path + "/m", clip: Sample().clip)
        var (a, b) = (Sample().frame(0), Sample().frame(1))
        (a.stem, b.stem) = ("same", "same")
        try writer.append(a)
        #expect(throws: MediaError.self) { try writer.append(b) }
        #expect(try contents(folder) == [])
    }

    #if os(Linux)
        @Test("A full disk", .enabled(if: SmallDisk.mayMount, Comment(rawValue: SmallDisk.needed)), arguments: MaskFormat.allCases)
        func fullDisk(format: MaskFormat) throws {
            let disk = try SmallDisk(kibibytes: 24)
            var sample = Sample()
            sample.made = MadeMasks(width: 160, height: 120)
            sample.numbers = (0..<400).map { 4 * $0 }
            sample.hasPictures = true
            do {
                let writer = try format.writer(at: disk.path(format.fileName), clip: sample.clip)
                for position in sample.numbers.indices {
                    var frame = sample.frame(position)
                    frame.objects[0].points = (0..<40).map {
                        TrackedPosition(id: $0, position: SIMD2(1.5, Float($0)), isPositive: true, isVisible: true, confidence: 0.5)
                    }
                    // Pictures that compress badly.
                    var generator = SplitMix64(seed: UInt64(position))
                    for i in 0..<(frame.picture?.pixels.count ?? 0) {
                        frame.picture?.pixels[i] = UInt8(truncatingIfNeeded: generator.next())
                    }
                    try writer.append(frame)
                }
                try writer.finish()
                Issue.record("\(format.name) fits on the disk")
            } catch FileError.unwritable(let path, let reason) {
                #expect(path == disk.path(format.fileName) && reason == "no space left on device", "\(path): \(reason)")
            }
            #expect(try disk.contents == [])
        }
    #endif
}

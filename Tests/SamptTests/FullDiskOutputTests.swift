#if os(Linux)
    import Foundation
    import Media
    @testable import SamptCommands
    import TestSupport
    import Testing

    @Suite("A full disk ends with its exit status and nothing half-written", .enabled(if: SmallDisk.mayMount, Comment(rawValue: SmallDisk.needed)))
    struct FullDiskOutputTests {
        private func run(_ command: [String]) throws {
            let outcome = try Program.run(command)
            #expect(outcome.status == CommandStatus.unwritableOutput.rawValue, "\(outcome.errors)")
            #expect(outcome.errors.contains("cannot be written: no space left on device"), "\(outcome.errors)")
        }

        @Test("The overlay video")
        func overlay() throws {
            let (clip, disk) = (try TestClip(frameCount: 30), try SmallDisk(kibibytes: 12))
            defer { clip.remove() }
            try run(["segment", clip.frames, "--point", "40,36", "--overlay", disk.path("out.mp4"), "--tracks", clip.path("t.json")])
            #expect(try disk.contents == [])
            #expect(clip.contents("").filter { $0.contains(".part-") }.isEmpty)
        }

        @Test("Mask PNGs: those that fitted stay, and are whole")
        func masks() throws {
            let (clip, disk) = (try TestClip(frameCount: 12), try SmallDisk(kibibytes: 24))
            defer { clip.remove() }
            try run(["segment", clip.frames, "--point", "40,36", "--masks", disk.path("masks"), "--rle", clip.path("m.json")])
            let names = try FileManager.default.contentsOfDirectory(atPath: disk.path("masks")).sorted()
            #expect(!names.isEmpty)
            #expect(names == (0..<names.count).map { "shot-\($0).png" }.sorted())
            for name in names { #expect(try ImageFile.readIndexMask(disk.path("masks/\(name)")).size == ImageSize(width: 96, height: 72)) }
            #expect(clip.contents("") == ["frames"])
        }

        @Test("The contact sheet and a single picture")
        func pictures() throws {
            let (clip, disk) = (try TestClip(frameCount: 3, width: 320, height: 240), try SmallDisk(kibibytes: 4))
            defer { clip.remove() }
            try run(["segment", clip.frames, "--point", "40,36", "--contact-sheet", disk.path("sheet.png")])
            try run(["image", clip.frames + "/shot-0.png", "--point", "40,36", "--overlay", disk.path("look.png")])
            #expect(try disk.contents == [])
        }
    }
#endif

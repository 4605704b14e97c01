#if os(Linux)
    import Foundation
    import Media
    @testable import SamptCommands
    @testable import SegmentationJobs
    import TestSupport
    import Testing

    @Suite(
        "A full disk ends with its exit status and nothing half-written, and costs no other output",
        .enabled(if: SmallDisk.mayMount, Comment(rawValue: SmallDisk.needed)))
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
            #expect(clip.contents("") == ["frames", "t.json"])
            #expect(try String(contentsOfFile: clip.path("t.json"), encoding: .utf8).contains("\"complete\":true,\"frameCount\":30"))
        }

        @Test("The summary names what was written and what was not")
        func summary() throws {
            struct Summary: Decodable { var outputs: [String], failures: [String], frames: Int, exitStatus: Int32 }
            let (clip, disk) = (try TestClip(frameCount: 30), try SmallDisk(kibibytes: 12))
            defer { clip.remove() }
            let (overlay, masks) = (disk.path("out.mp4"), clip.path("m.json"))
            let outcome = try Program.run([
                "segment", clip.frames, "--point", "40,36", "--overlay", overlay, "--rle", masks, "--json", "--quiet",
            ])
            #expect(outcome.status == CommandStatus.unwritableOutput.rawValue, "\(outcome.errors)")
            let summary = try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8))
            #expect((summary.outputs, summary.failures.count, summary.frames, summary.exitStatus) == ([masks], 1, 30, outcome.status))
            #expect(summary.failures[0] == "\(overlay): cannot be written: no space left on device.")
        }

        @Test("Tracks and their drawing")
        func tracks() throws {
            let (clip, disk) = (try TestClip(frameCount: 40), try SmallDisk(kibibytes: 12))
            defer { clip.remove() }
            try run([
                "track", clip.frames, "--point", "40,36", "--tracker", "lucas-kanade", "--draw", disk.path("t.mp4"), "--tracks",
                clip.path("t.json"),
            ])
            #expect(try disk.contents == [])
            #expect(clip.contents("") == ["frames", "t.json"])
            #expect(try String(contentsOfFile: clip.path("t.json"), encoding: .utf8).contains("\"complete\":true,\"frameCount\":40"))
        }

        @Test("A picture's mask where the drawing does not fit")
        func picture() throws {
            let (clip, disk) = (try TestClip(frameCount: 1, width: 320, height: 240), try SmallDisk(kibibytes: 4))
            defer { clip.remove() }
            try run([
                "image", clip.frames + "/shot-0.png", "--point", "40,36", "--overlay", disk.path("o.png"), "--masks-out",
                clip.path("m.png"),
            ])
            #expect(try ImageFile.readIndexMask(clip.path("m.png")).mask(of: 1)[40, 36])
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
            #expect(clip.contents("") == ["frames", "m.json"])
        }

        @Test("A batch stops and blames no video; what fits is done afterwards")
        func batch() throws {
            let (clip, disk) = (try TestClip(frameCount: 3), try SmallDisk(kibibytes: 64))
            defer { clip.remove() }
            func run(_ outputs: String) throws -> Program.Outcome {
                let line = #"{"id": "x", "video": "frames", "prompts": {"objects": [{"points": [[40, 36]]}]}, "outputs": [\#(outputs)]}"#
                try Data(line.utf8).write(to: URL(fileURLWithPath: clip.path("trial.jsonl")))
                return try Program.run([
                    "batch", "run", clip.path("trial.jsonl"), "--out", disk.path("out"), "--workers", "1", "--threads", "1",
                ])
            }
            func names(_ folder: String) throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: disk.path("out/" + folder))
            }
            let outcome = try run(#""rle", "contact-sheet""#)
            #expect(outcome.status == CommandStatus.unwritableOutput.rawValue, "\(outcome.errors)")
            #expect(outcome.errors.contains("no space left on device"), "\(outcome.errors)")
            for folder in ["results", "failed", "claims", "work"] { #expect(try names(folder) == [], "\(folder)") }
            #expect(try run(#""rle""#).status == 0)
            #expect(try names("results").count == 1)
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

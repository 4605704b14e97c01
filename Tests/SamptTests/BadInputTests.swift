import Foundation
import Media
import TestSupport
import Testing

@testable import SAMPT
@testable import SamptCommands
@testable import SegmentationJobs

@Suite("Bad input ends with its exit status, one sentence and no output")
struct BadInputTests {
    private func expect(
        _ status: CommandStatus, _ message: String, _ clip: TestClip, _ arguments: [String], location: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try Program.run(arguments)
        #expect(outcome.status == status.rawValue, "\(outcome.errors)", sourceLocation: location)
        #expect(outcome.errors.contains(message), "\(outcome.errors)", sourceLocation: location)
        #expect(!clip.exists("out.json"), sourceLocation: location)
        #expect(clip.contents("").filter { $0.contains(".part-") }.isEmpty, sourceLocation: location)
    }

    @Test("Videos that cannot be read")
    func videos() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let rest = ["--point", "40,36", "--rle", clip.path("out.json")]
        try expect(.missingInput, "no such file or folder", clip, ["segment", clip.path("absent.mp4")] + rest)
        try FileManager.default.createDirectory(atPath: clip.path("empty"), withIntermediateDirectories: false)
        try expect(.invalidInput, "holds no frames", clip, ["segment", clip.path("empty")] + rest)
        try Data("not a video, just words\n".utf8).write(to: URL(fileURLWithPath: clip.path("text.mp4")))
        let text = try Program.run(["segment", clip.path("text.mp4")] + rest)
        #expect([CommandStatus.missingInput, .invalidInput].map(\.rawValue).contains(text.status), "\(text.errors)")
        #expect(text.errors.contains("text.mp4"))
        #expect(!clip.exists("out.json"))
    }

    @Test("Prompts that do not fit the video")
    func prompts() throws {
        let clip = try TestClip(frameCount: 3)
        defer { clip.remove() }
        let base = ["segment", clip.frames, "--rle", clip.path("out.json")]
        try expect(.usage, "No object is marked", clip, base)
        try expect(.invalidInput, "point (500.0, 36.0) lies outside the frame of 96x72 pixels", clip, base + ["--point", "500,36"])
        try expect(.invalidInput, "point (-5.0, 36.0) lies outside", clip, base + ["--point", "-5,36"])
        try expect(.invalidInput, "query frame 3 does not exist", clip, base + ["--point", "40,36", "--frame", "3"])
        try expect(.invalidInput, "left out by --stride 2", clip, base + ["--point", "40,36", "--frame", "1", "--stride", "2"])
        try expect(.invalidInput, "has only negative points", clip, base + ["--negative", "40,36"])
        try expect(.invalidInput, "the box is empty or lies outside", clip, base + ["--box", "50,50,20,20"])
        try expect(.usage, "No frames from 9", clip, base + ["--point", "40,36", "--start", "9"])
        try expect(.usage, "--point", clip, base + ["--point", "1"])
    }

    @Test("Masks that do not fit the video")
    func masks() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let base = ["segment", clip.frames, "--rle", clip.path("out.json")]
        var large = Mask(width: 97, height: 72)
        large[3, 3] = true
        try ImageFile.writeMask(large, to: clip.path("large.png"))
        try ImageFile.writeMask(Mask(width: 96, height: 72), to: clip.path("empty.png"))
        try expect(.invalidInput, "the mask is 97x72, the video 96x72", clip, base + ["--mask", "1:" + clip.path("large.png")])
        try expect(.invalidInput, "object 1: the mask is empty", clip, base + ["--mask", "1:" + clip.path("empty.png")])
        try expect(.invalidInput, "it is empty", clip, base + ["--mask", clip.path("empty.png")])
        try expect(.missingInput, "no such file", clip, base + ["--mask", clip.path("absent.png")])
    }

    @Test("Outputs that cannot be made are found before the work")
    func outputs() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let base = ["segment", clip.frames, "--point", "40,36"]
        try expect(.usage, "No output is asked for", clip, base)
        try expect(.unwritableOutput, "no such file or directory", clip, base + ["--rle", clip.path("absent/out.json")])
        try expect(.unwritableOutput, "it is a folder", clip, base + ["--tracks", clip.folder.path])
        try expect(.unwritableOutput, "cannot be written", clip, base + ["--overlay", clip.path("absent/out.mp4")])
        try expect(.usage, "shot-0.png: is a frame of the video", clip, base + ["--masks", clip.frames + "/shot-0.png"])
        try Data().write(to: URL(fileURLWithPath: clip.path("file")))
        for option in ["--masks", "--rle"] {
            let below = clip.path("file/out" + (option == "--rle" ? ".json" : ""))
            try expect(
                .unwritableOutput, option == "--rle" ? "not a directory" : "is a file, and a folder is needed", clip,
                base + [option, below])
        }
        try expect(
            .unwritableOutput, "file: cannot be written: it is a file, and a folder is needed", clip, base + ["--masks", clip.path("file")])
        try expect(
            .unwritableOutput, "it is a file, and a folder is needed", clip,
            ["track", clip.frames, "--point", "4,4", "--draw", clip.path("file")])
        let long = clip.path(String(repeating: "n", count: 300))
        for option in ["--masks", "--rle", "--tracks"] { try expect(.unwritableOutput, "file name too long", clip, base + [option, long]) }
        #expect(clip.contents("") == ["file", "frames"])
        try expect(.usage, "is given for two outputs", clip, base + ["--rle", clip.path("a"), "--tracks", clip.path("a")])
    }

    @Test("Outputs may lie in the folder of masks, and have the longest names there are")
    func nestedOutputs() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let name = String(repeating: "n", count: 235)
        let outcome = try Program.run([
            "segment", clip.frames, "--point", "40,36", "--masks", clip.path("a/mm"), "--rle", clip.path("a/mm/x.json"),
            "--overlay", clip.path("a/mm/\(name).mp4"), "--contact-sheet", clip.path("\(name).png"),
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(clip.contents("a/mm") == ["\(name).mp4", "shot-0.png", "x.json"])
        #expect(clip.exists("\(name).png"))
        // Where nothing comes of it, the folders go again.
        let failed = try Program.run([
            "segment", clip.frames, "--point", "40,36", "--masks", clip.path("b/mm"), "--rle", clip.path("b/mm/x.json"), "--overlay",
            clip.path("o.xyz"),
        ])
        #expect(failed.status == CommandStatus.unwritableOutput.rawValue, "\(failed.errors)")
        #expect(!clip.exists("b"))
    }

    @Test("An output that is a symbolic link goes where the link leads")
    func links() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        try FileManager.default.createDirectory(atPath: clip.path("disk"), withIntermediateDirectories: false)
        try Data("old".utf8).write(to: URL(fileURLWithPath: clip.path("disk/a.json")))
        for name in ["a.json", "b.png", "c.mp4"] { #expect(symlink("disk/" + name, clip.path(name)) == 0) }
        let outcome = try Program.run([
            "segment", clip.frames, "--point", "40,36", "--rle", clip.path("a.json"), "--contact-sheet", clip.path("b.png"), "--overlay",
            clip.path("c.mp4"),
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(clip.contents("disk") == ["a.json", "b.png", "c.mp4"])
        for name in ["a.json", "b.png", "c.mp4"] {
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: clip.path(name)) == "disk/" + name)
        }
        #expect(try String(contentsOfFile: clip.path("disk/a.json"), encoding: .utf8) != "old")
    }

    @Test("Devices and pipes are not replaced by files")
    func specialFiles() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let pipe = clip.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        for option in ["--rle", "--tracks", "--overlay", "--contact-sheet"] {
            try expect(.unwritableOutput, "device or a pipe", clip, ["segment", clip.frames, "--point", "40,36", option, pipe])
        }
        var status = stat()
        #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }

    @Test("Prompts may come through a pipe; a preset or a list that nobody writes to is given up")
    func pipedFiles() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let pipe = clip.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        Thread { try? Data("1\n0; 500,36\n".utf8).write(to: URL(fileURLWithPath: pipe)) }.start()
        try expect(.invalidInput, "lies outside", clip, ["segment", clip.frames, "--rle", clip.path("out.json"), "--prompts", pipe])
        try expect(
            .missingInput, "nothing came for 10 s", clip, ["segment", clip.frames, "--rle", clip.path("out.json"), "--prompts", pipe])
    }

    @Test("Masks written before an error go, files that were there stay", arguments: [false, true])
    func abandonedMasks(existed: Bool) throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let folder = clip.path("masks")
        if existed { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
        let mask = IndexMask(width: 8, height: 8)
        if existed { try ImageFile.writeIndexMask(mask, to: folder + "/0.png") }
        let output = try MaskFolderOutput(path: folder)
        for number in 0..<2 {
            let result = FrameResult(
                frameIndex: number, image: RGBImage(width: 8, height: 8, pixels: [UInt8](repeating: 0, count: 192)), objects: [],
                indexMask: mask)
            try output.append(ReportedFrame(position: number, number: number, timestamp: 0, seconds: 0, stem: "\(number)", result: result))
        }
        #expect(clip.contents("masks").count == 2)
        output.abandon()
        #expect(FileManager.default.fileExists(atPath: folder) == existed)
        if existed { #expect(clip.contents("masks") == ["0.png"]) }
    }

    @Test("Unknown models name the nearest known one")
    func models() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let base = ["segment", clip.frames, "--rle", clip.path("out.json"), "--point", "40,36"]
        try expect(.usage, "Known are nano, lucas-kanade, cotracker, ", clip, base + ["--tracker", "lukas-kanade"])
        try expect(.usage, "Did you mean lucas-kanade?", clip, base + ["--tracker", "lukas-kanade"])
        try expect(.usage, "Known are nano, sam-vit-b, ", clip, base + ["--segmenter", "sam2-large"])
        try expect(.usage, "not of the form part=precision", clip, base + ["--part-precision", "decoder"])
        try expect(.usage, "Did you mean decoder?", clip, base + ["--part-precision", "decodre=float32"])
        try expect(.usage, "Known are automatic, float32, bfloat16.", clip, base + ["--part-precision", "decoder=int8"])
    }

    @Test("Files of prompts")
    func files() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let base = ["segment", clip.frames, "--rle", clip.path("out.json"), "--prompts", clip.path("prompts")]
        try expect(.missingInput, "no such file", clip, base)
        try Data(#"{"objects": [{"boxx": 1}]}"#.utf8).write(to: URL(fileURLWithPath: clip.path("prompts")))
        try expect(.invalidInput, "objects[0]: unknown field \"boxx\"", clip, base)
        for (text, message) in [
            (#"[{"id": 1.5, "points": [[1, 1]]}]"#, "objects[0].id: 1.5 is not an integer"),
            (#"[{"frame": 1e30, "points": [[1, 1]]}]"#, "objects[0].frame: 1e+30 is not an integer, or too large"),
            (#"[{"points": [[1, 1e39]]}]"#, "objects[0].points[0][1]: 1e+39 is too large"),
            (#"[{"points": [[1, 1, 0.5]]}]"#, "objects[0].points[0][2]: 0.5 is not an integer"),
            (#"[{"box": [1, 2, 3, 1e50]}]"#, "objects[0].box[3]: 1e+50 is too large"),
            (#"[{"id": "x", "points": [[1, 1]]}]"#, "objects[0].id: expected an integer"),
        ] {
            try Data("{\"objects\": \(text)}".utf8).write(to: URL(fileURLWithPath: clip.path("prompts")))
            try expect(.invalidInput, message, clip, base)
        }
        try Data([0x7b, 0xff, 0x00]).write(to: URL(fileURLWithPath: clip.path("prompts")))
        try expect(.invalidInput, "prompts: is not text in UTF-8", clip, base)
        let points = Array(repeating: "[40, 36]", count: 1001).joined(separator: ",")
        try Data("{\"objects\": [{\"points\": [\(points)]}]}".utf8).write(to: URL(fileURLWithPath: clip.path("prompts")))
        try expect(.invalidInput, "has 1001 points; an object takes at most 1000", clip, base)
        try Data("1\n0; 1,2;\n".utf8).write(to: URL(fileURLWithPath: clip.path("prompts")))
        try expect(.invalidInput, "prompts, line 2", clip, base)
    }
}

@Suite("Lists of sequences")
struct BadListTests {
    @Test("A folder, bytes that are no text, and none are told apart")
    func lists() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        try Data([0xff, 0xd8, 0xff, 0x00]).write(to: URL(fileURLWithPath: clip.path("binary")))
        for (list, status, message) in [
            (clip.frames, CommandStatus.missingInput, "it is a folder"), (clip.path("binary"), .invalidInput, "is not text in UTF-8"),
            (clip.path("absent"), .missingInput, "no such file"),
        ] {
            let outcome = try Program.run(["evaluate", "davis2016", "--root", clip.folder.path, "--list", list])
            #expect(outcome.status == status.rawValue, "\(outcome.errors)")
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
        }
    }
}

@Suite("Help")
struct HelpTests {
    @Test("Every command explains itself with an example and the exit status", arguments: ["segment", "image", "track"])
    func commands(name: String) throws {
        let outcome = try Program.run([name, "--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("sampt \(name) "))
        #expect(outcome.output.contains("--point"))
        for status in CommandStatus.allCases { #expect(outcome.output.contains(status.meaning)) }
    }

    @Test("The program lists its commands and its version")
    func program() throws {
        let help = try Program.run(["--help"]).output
        for name in ["segment", "image", "track", "evaluate"] { #expect(help.contains("  \(name) ")) }
        #expect(try Program.run(["--version"]).output == "\(Sampt.configuration.version)\n")
    }
}

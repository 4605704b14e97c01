import Foundation
import Media
@testable import SAMPT
@testable import SamptCommands
import TestSupport
import Testing

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
        try expect(.unwritableOutput, "it is a folder", clip, base + ["--tracks", clip.frames])
        try expect(.unwritableOutput, "cannot be written", clip, base + ["--overlay", clip.path("absent/out.mp4")])
        try expect(.unwritableOutput, "shot-0.png", clip, base + ["--masks", clip.frames + "/shot-0.png"])
        try expect(.usage, "is given for two outputs", clip, base + ["--rle", clip.path("a"), "--tracks", clip.path("a")])
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
        try expect(.missingInput, "nothing came for 10 s", clip, ["segment", clip.frames, "--rle", clip.path("out.json"), "--prompts", pipe])
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
                frameIndex: number, image: RGBImage(width: 8, height: 8, pixels: [UInt8](repeating: 0, count: 192)), objects: [], indexMask: mask)
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
        try Data("1\n0; 1,2;\n".utf8).write(to: URL(fileURLWithPath: clip.path("prompts")))
        try expect(.invalidInput, "prompts, line 2", clip, base)
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

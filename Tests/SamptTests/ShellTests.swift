import Foundation
import Media
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("What a shell may hand over", .serialized)
struct ShellTests {
    #if os(Linux)
        @Test("Too little memory is refused at the start, by name", arguments: [300_000, 380_000, 600_000, 900_000])
        func memory(limit: Int) throws {
            let clip = try TestClip(frameCount: 1)
            defer { clip.remove() }
            let outcome = try Program.run(
                shell: "ulimit -v \(limit); exec timeout -s KILL 60 \"$@\"",
                ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("m.json")])
            #expect(outcome.status == CommandStatus.insufficientMemory.rawValue, "\(outcome.errors)")
            #expect(outcome.errors.contains("There is not enough memory"), "\(outcome.errors)")
            #expect(outcome.errors.contains("(ulimit -v \(limit))"), "\(outcome.errors)")
            #expect(clip.contents("") == ["frames"])
        }

        @Test("What is asked for is enough for a run", .timeLimit(.minutes(5)))
        func enough() throws {
            let clip = try TestClip(frameCount: 3)
            defer { clip.remove() }
            let size = ImageSize(width: 96, height: 72)
            for (command, models) in [
                ("segment", [ModelChoice.builtIn("nano"), .builtIn("nano")]), ("track", [.builtIn("nano")]), ("track", [.lucasKanade]),
            ] {
                let need = MemoryNeed(models: models, frame: size).bytes
                let tracker = models.contains(.lucasKanade) ? "lucas-kanade" : "nano"
                let outcome = try Program.run(
                    shell: "ulimit -v \(need / 1024 + 1); exec timeout -s KILL 120 \"$@\"",
                    [command, clip.frames, "--point", "40,36", "--tracks", clip.path("t.json"), "--tracker", tracker])
                #expect(outcome.status == 0, "\(command) with \(tracker): \(outcome.errors)")
            }
        }
    #endif

    @Test("The estimate grows with models, weights and frames")
    func estimate() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let (small, large) = (ImageSize(width: 96, height: 72), ImageSize(width: 3840, height: 2160))
        func need(_ models: [ModelChoice], _ size: ImageSize, cores: Int = 2) -> Int {
            MemoryNeed(models: models, frame: size, cores: cores).bytes
        }
        let nano = ModelChoice.builtIn("nano")
        #expect(need([.lucasKanade], small) < need([nano], small))
        #expect(need([nano], small) < need([nano, nano], small))
        #expect(need([nano, nano], small) < need([nano, nano], small, cores: 64))
        #expect(need([nano, nano], large) - need([nano, nano], small) > 1 << 30)
        // A file with a hole, as large as ViT-H's.
        let path = clip.path("w.pth")
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(truncate(path, 2_560_000_000) == 0)
        #expect(need([.file(path)], small) > 7_680_000_000)
        #expect(need([.file(clip.path("absent.pth"))], small) > 0)
    }

    @Test("Names that are not UTF-8 are refused, and no other file is read or written")
    func names() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let strange = "$'\(clip.folder.path)/v\\xff.png'"
        for (script, what) in [
            ("cp '\(clip.frames)/shot-0.png' \(strange); exec \"$@\" \(strange) --rle '\(clip.path("m.json"))'", "the argument"),
            ("exec \"$@\" '\(clip.frames)' --contact-sheet \(strange)", "the argument"),
            (
                "mkdir $'\(clip.folder.path)/d\\xff'; cd $'\(clip.folder.path)/d\\xff'; exec \"$@\" '\(clip.frames)' --rle m.json",
                "the current folder"
            ),
            ("TMPDIR=\(strange) exec \"$@\" '\(clip.frames)' --rle '\(clip.path("m.json"))'", "TMPDIR"),
        ] {
            let outcome = try Program.run(shell: script, ["segment", "--point", "40,36"])
            #expect(outcome.status == CommandStatus.usage.rawValue, "\(script): \(outcome.errors)")
            #expect(outcome.errors.contains(what) && outcome.errors.contains("is not UTF-8"), "\(script): \(outcome.errors)")
            #expect(!clip.exists("m.json"))
        }
        // Such a name among the frames.
        let outcome = try Program.run(
            shell: "cp '\(clip.frames)/shot-0.png' $'\(clip.frames)/\\xff.png'; exec \"$@\"",
            ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("m.json")])
        #expect(outcome.status == CommandStatus.missingInput.rawValue, "\(outcome.errors)")
        #expect(outcome.errors.contains("is not UTF-8; rename that file"), "\(outcome.errors)")
    }

    @Test("A file whose name begins with a dash is no call for help")
    func dashes() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        for arguments in [
            ["segment", "x", "-dash.mp4"], ["segment", "-dash.mp4", "--point", "1,1"], ["image", "-h.png"], ["models", "path", "-which"],
        ] {
            let outcome = try Program.run(arguments)
            #expect(outcome.status == CommandStatus.usage.rawValue, "\(arguments): \(outcome.output)")
            #expect(outcome.output.isEmpty, "\(arguments)")
        }
        let help = try Program.run(["segment", "x", "-dash.mp4"])
        #expect(help.errors.contains("written ./-dash.mp4"), "\(help.errors)")
        #expect(try Program.run(["segment", "-h"]).status == 0)
        #expect(try Program.run(["models"]).status == 0)
        let name = "-5.png"
        let outcome = try Program.run(
            shell: "cd '\(clip.folder.path)'; cp frames/shot-0.png ./\(name); exec \"$@\" --rle m.json -- \(name)",
            ["segment", "--point", "40,36"])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}

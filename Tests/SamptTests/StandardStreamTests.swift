import Foundation
import Media
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("Standard streams that are closed or full", .serialized)
struct StandardStreamTests {
    private struct Masks: Decodable { var complete: Bool, frameCount: Int }

    private func isWhole(_ clip: TestClip, _ name: String, frames: Int) throws -> Bool {
        let masks = try JSONDecoder().decode(Masks.self, from: Data(contentsOf: URL(fileURLWithPath: clip.path(name))))
        return masks.complete && masks.frameCount == frames
    }

    @Test("Messages that cannot be shown cost nothing", arguments: ["2>&-", "2>/dev/full", "2> >(exit)", ">&- 2>&- <&-"])
    func errors(redirection: String) throws {
        let clip = try TestClip(frameCount: 3)
        defer { clip.remove() }
        let outcome = try Program.run(
            shell: "exec \"$@\" \(redirection)",
            ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("m.json"), "--overlay", clip.path("o.mp4")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try isWhole(clip, "m.json", frames: 3))
        #expect(try VideoReader(path: clip.path("o.mp4")).frameCount == 3)
        #expect(clip.contents("") == ["frames", "m.json", "o.mp4"])
    }

    @Test("Progress on a stream that fills up in the midst of the work")
    func progress() throws {
        // What a terminal gets, ten times a second.
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        let saved = dup(STDERR_FILENO)
        dup2(full, STDERR_FILENO)
        let reporter = ProgressReporter(isQuiet: false, isLive: true)
        for _ in 0..<3 { reporter.show(isLast: true) { "line" } }
        reporter.close()
        dup2(saved, STDERR_FILENO)
        close(saved)
    }

    @Test("A summary that standard output does not take has an exit status of its own", arguments: [">&-", ">/dev/full", "> >(exit)"])
    func output(redirection: String) throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let outcome = try Program.run(
            shell: "sleep 0.2; exec \"$@\" \(redirection)",
            ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("m.json"), "--json"])
        #expect(outcome.status == CommandStatus.unwritableStandardOutput.rawValue, "\(outcome.errors)")
        #expect(outcome.errors.contains("standard output cannot be written"), "\(outcome.errors)")
        #expect(try isWhole(clip, "m.json", frames: 2))
    }

    @Test(
        "Lists, help and the version, too",
        arguments: [["models", "list"], ["presets", "list"], ["--help"], ["help", "segment"], ["--version"]])
    func lists(arguments: [String]) throws {
        #expect(try Program.run(shell: "exec \"$@\" >/dev/full", arguments).status == CommandStatus.unwritableStandardOutput.rawValue)
        #expect(try Program.run(arguments).status == 0)
    }

    @Test("A job that has nothing to print does not care")
    func nothingToPrint() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let outcome = try Program.run(
            shell: "exec \"$@\" >/dev/full", ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("m.json")])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}

@Suite("Signals", .serialized)
struct SignalTests {
    private func run(_ clip: TestClip, _ script: String, _ number: Int32, after count: Int = 3) throws -> Program.Outcome {
        try Program.run(
            shell: script, ["segment", clip.frames, "--point", "50,36", "--masks", clip.path("masks"), "--rle", clip.path("m.json")],
            interruptWhen: { clip.contents("masks").count >= count }, signal: number)
    }

    @Test("SIGTERM and SIGHUP end the work as Ctrl-C does", arguments: [SIGTERM, SIGHUP, SIGINT])
    func stop(number: Int32) throws {
        let clip = try TestClip(frameCount: 400)
        defer { clip.remove() }
        let outcome = try run(clip, "exec \"$@\"", number)
        #expect(outcome.status == CommandStatus.interrupted.rawValue, "\(outcome.errors)")
        let masks = try String(contentsOfFile: clip.path("m.json"), encoding: .utf8)
        #expect(masks.contains("\"complete\":false"))
        #expect(clip.contents("masks").count < 400)
        #expect(clip.contents("") == ["frames", "m.json", "masks"])
    }

    @Test("What nohup has the program ignore stays ignored")
    func ignored() throws {
        let clip = try TestClip(frameCount: 12)
        defer { clip.remove() }
        let outcome = try run(clip, "trap '' HUP; exec \"$@\"", SIGHUP, after: 1)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(clip.contents("masks").count == 12)
    }

    @Test("What a killed process left goes when the same outputs are written again")
    func killed() throws {
        let clip = try TestClip(frameCount: 100)
        defer { clip.remove() }
        let outcome = try run(clip, "exec \"$@\"", SIGKILL)
        #expect(outcome.status == 128 + SIGKILL)
        #expect(clip.contents("").contains { $0.contains(".part-m.json") })
        // As if it had been killed in the midst of a mask.
        try Data().write(to: URL(fileURLWithPath: clip.path("masks/.01234567.part-shot-3.png")))
        let again = try Program.run([
            "segment", clip.frames, "--end", "2", "--point", "40,36", "--masks", clip.path("masks"), "--rle", clip.path("m.json"),
        ])
        #expect(again.status == 0, "\(again.errors)")
        #expect(clip.contents("") == ["frames", "m.json", "masks"])
        #expect(clip.contents("masks").allSatisfy { !$0.contains(".part-") })
    }
}

import Foundation
import GRDB
import SegmentationJobs
import TestSupport
import Testing

@testable import ProjectFile

@Suite("sampt project: a session from the command line")
struct ProjectCommandTests {
    private func rle(_ project: String, _ clip: StudioClip, _ name: String = "masks.json") throws -> String {
        let outcome = try StudioProgram.run(["project", "export", project, "--rle", clip.path(name), "--quiet"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try String(contentsOfFile: clip.path(name), encoding: .utf8)
    }

    @Test("Marked, propagated, corrected, undone and redone; each line is answered with what it changed")
    func session() throws {
        let clip = try StudioClip()
        defer { clip.remove() }
        let project = try clip.makeProject()
        let marked = try StudioProgram.run(["project", "apply", project, "-"], input: StudioClip.marking)
        #expect(marked.status == 0, "\(marked.errors)")
        #expect(marked.answers.count == 2)
        #expect(marked.answers.last?["number"] as? Int == 2)
        #expect(marked.answers.last?["objects"] as? [Int] == [1])
        #expect(marked.answers.last?["canUndo"] as? Bool == true)
        let propagated = try StudioProgram.run(["project", "propagate", project, "--json", "--quiet"])
        #expect(propagated.status == 0, "\(propagated.errors)")
        #expect(propagated.answers.first?["ending"] as? String == "complete")
        let before = try rle(project, clip)
        let again = try StudioProgram.run(["project", "propagate", project])
        #expect(again.status == 0 && again.errors.contains("nothing was computed"), "\(again.errors)")

        let correction =
            #"{"edit":"add-point","object":1,"frame":5,"x":52.5,"y":36.5,"positive":false}"# + "\n" + #"{"edit":"propagate"}"# + "\n"
        let corrected = try StudioProgram.run(["project", "apply", project, "-"], input: correction)
        #expect(corrected.status == 0, "\(corrected.errors)")
        let after = try rle(project, clip)
        #expect(after != before)
        #expect(try StudioProgram.run(["project", "undo", project, "-n", "2"]).status == 0)
        #expect(try rle(project, clip) == before)
        #expect(try StudioProgram.run(["project", "redo", project, "-n", "2"]).status == 0)
        #expect(try rle(project, clip) == after)
        let tooFar = try StudioProgram.run(["project", "redo", project])
        #expect(tooFar.status == CommandStatus.invalidInput.rawValue && tooFar.errors.contains("nothing to redo"), "\(tooFar.errors)")

        let info = try StudioProgram.run(["project", "info", project])
        #expect(info.status == 0 && info.output.contains("disc: marked in 0, 5"), "\(info.output)\(info.errors)")
        #expect(try StudioProgram.run(["project", "verify", project]).status == 0)
        #expect(try StudioProgram.run(["project", "compact", project]).status == 0)
        #expect(try rle(project, clip) == after)
    }

    @Test("The log applied to another project gives the same masks")
    func replayed() throws {
        let clip = try StudioClip()
        defer { clip.remove() }
        let project = try clip.makeProject()
        let script =
            StudioClip.marking + #"{"edit":"propagate"}"# + "\n"
            + #"{"edit":"add-point","object":1,"frame":5,"x":52.5,"y":36.5,"positive":false}"#
            + "\n" + #"{"edit":"propagate","policy":"paper"}"# + "\n"
        #expect(try StudioProgram.run(["project", "apply", project, "-"], input: script).status == 0)
        let log = try StudioProgram.run(["project", "log", project])
        #expect(log.status == 0)
        let edits = clip.path("edits.json")
        try log.output.write(toFile: edits, atomically: false, encoding: .utf8)
        let second = try clip.makeProject("second.sampt")
        let outcome = try StudioProgram.run(["project", "apply", second, edits, "--quiet"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try rle(second, clip, "second.json") == rle(project, clip))
    }

    @Test("segment --project gives the bytes of segment, and can be gone on with")
    func segmentKept() throws {
        let clip = try StudioClip()
        defer { clip.remove() }
        let options = [
            "segment", clip.frames, "--point", "40.5,36.5", "--point", "2:10,10", "--frame", "2:3", "--tracker", "lucas-kanade", "--quiet",
        ]
        let plain = try StudioProgram.run(options + ["--rle", clip.path("plain.json"), "--tracks", clip.path("plain-tracks.json")])
        #expect(plain.status == 0, "\(plain.errors)")
        let project = clip.path("kept.sampt")
        let kept = try StudioProgram.run(
            options + ["--rle", clip.path("kept.json"), "--tracks", clip.path("kept-tracks.json"), "--project", project])
        #expect(kept.status == 0, "\(kept.errors)")
        func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: clip.path(name))) }
        #expect(try bytes("kept.json") == bytes("plain.json"))
        #expect(try bytes("kept-tracks.json") == bytes("plain-tracks.json"))
        #expect(try rle(project, clip, "export.json") == String(decoding: bytes("plain.json"), as: UTF8.self))
        let twice = try StudioProgram.run(options + ["--project", project])
        #expect(twice.status == CommandStatus.unwritableOutput.rawValue, "\(twice.errors)")
        let partial = try StudioProgram.run(options + ["--project", clip.path("p.sampt"), "--start", "1"])
        #expect(partial.status == CommandStatus.usage.rawValue && partial.errors.contains("--start"), "\(partial.errors)")
    }

    @Test("From a program, a refused line is answered and passed over; from a file, it ends the command and is named")
    func refused() throws {
        let clip = try StudioClip(frameCount: 2)
        defer { clip.remove() }
        let project = try clip.makeProject()
        let lines = [
            #"{"edit":"add-point","object":1,"frame":0,"x":1,"y":1,"positive":true}"#, "no json", #"{"edit":"add-object","object":1}"#,
            #"{"edit":"add-point","object":1,"frame":9,"x":1,"y":1,"positive":true}"#, #"{"edit":"paint"}"#, #"{"ask":"weather"}"#,
            #"{"ask":"state"}"#, "\u{FF}",
        ]
        let outcome = try StudioProgram.run(["project", "apply", project, "-"], input: lines.joined(separator: "\n"))
        #expect(outcome.status == CommandStatus.invalidInput.rawValue)
        #expect(outcome.answers.count == 8, "\(outcome.output)")
        #expect(outcome.answers.map { $0["error"] != nil } == [true, true, false, true, true, true, false, true], "\(outcome.output)")
        #expect(outcome.answers[1]["line"] as? Int == 2)
        let file = clip.path("edits.json")
        try (#"{"edit":"rename-object","object":1,"name":"a"}"# + "\n" + lines[3] + "\n" + #"{"edit":"undo"}"#).write(
            toFile: file, atomically: false, encoding: .utf8)
        let stopped = try StudioProgram.run(["project", "apply", project, file])
        #expect(stopped.status == CommandStatus.invalidInput.rawValue)
        #expect(stopped.errors.contains("line 2") && stopped.answers.count == 1, "\(stopped.errors)")
        let opened = try ProjectFile(path: project)
        defer { opened.close() }
        #expect(try opened.loadLog().count == 2)
    }

    @Test("Questions are answered, and change nothing")
    func questions() throws {
        let clip = try StudioClip(frameCount: 4)
        defer { clip.remove() }
        let project = try clip.makeProject()
        let questions = [
            #"{"ask":"state"}"#, #"{"ask":"mask","object":1,"frame":0}"#, #"{"ask":"result","frame":2}"#,
            #"{"ask":"candidates","object":1,"frame":0}"#, #"{"ask":"tracks","object":1,"frame":2}"#, #"{"ask":"confidence","object":1}"#,
            #"{"ask":"spans","object":1}"#, #"{"ask":"review","count":2}"#,
        ]
        let input = StudioClip.marking + #"{"edit":"propagate"}"# + "\n" + questions.joined(separator: "\n") + "\n"
        let outcome = try StudioProgram.run(["project", "apply", project, "-"], input: input)
        #expect(outcome.status == 0, "\(outcome.errors)\(outcome.output)")
        let answers = Array(outcome.answers.dropFirst(3))
        #expect(answers.count == questions.count, "\(outcome.output)")
        #expect(((answers[1]["object"] as? [String: Any])?["area"] as? Int ?? 0) > 100)
        #expect((answers[2]["objects"] as? [Any])?.count == 1)
        let edits = answers[3]["edits"] as? [[String: Any]] ?? []
        #expect(!edits.isEmpty && edits[0]["edit"] as? String == "choose")
        #expect((answers[5]["confidence"] as? [Any])?.count == 4)
        // A choice can be sent as it came.
        let choice = String(decoding: try JSONSerialization.data(withJSONObject: edits[0]), as: UTF8.self)
        let chosen = try StudioProgram.run(["project", "apply", project, "-"], input: choice + "\n")
        #expect(chosen.status == 0, "\(chosen.output)")
    }

    /// Starts `project apply PROJECT -`, sends lines, and interrupts it as soon as so many of them are answered.
    private func interrupt(_ project: String, sending lines: String, afterAnswers count: Int, microseconds: UInt32 = 0) throws -> Int32 {
        let process = Process()
        (process.executableURL, process.arguments) = (StudioProgram.studio, ["project", "apply", project, "-"])
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, FileHandle.nullDevice)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(lines.utf8))
        var answers = 0
        while answers < count {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { break }
            answers += data.count { $0 == 0x0A }
        }
        usleep(microseconds)
        kill(process.processIdentifier, SIGINT)
        while !output.fileHandleForReading.availableData.isEmpty {}
        process.waitUntilExit()
        try? input.fileHandleForWriting.close()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }

    @Test("Ctrl-C ends a propagation and keeps what is done; going on gives the masks of one that was not interrupted")
    func interrupted() throws {
        let clip = try StudioClip(frameCount: 24)
        defer { clip.remove() }
        let (project, undisturbed) = (try clip.makeProject(), try clip.makeProject("undisturbed.sampt"))
        let propagation = #"{"edit":"propagate"}"# + "\n"
        let status = try interrupt(project, sending: StudioClip.marking + propagation, afterAnswers: 2, microseconds: 60_000)
        #expect(status == CommandStatus.interrupted.rawValue)
        let goneOn = try StudioProgram.run(["project", "propagate", project, "--quiet"])
        #expect(goneOn.status == 0, "\(goneOn.errors)")
        #expect(try StudioProgram.run(["project", "apply", undisturbed, "-"], input: StudioClip.marking + propagation).status == 0)
        #expect(try rle(project, clip) == rle(undisturbed, clip, "undisturbed.json"))
    }

    @Test("Ctrl-C ends a session that waits for a line that does not come")
    func interruptedWaiting() throws {
        let clip = try StudioClip(frameCount: 1)
        defer { clip.remove() }
        let project = try clip.makeProject()
        #expect(try interrupt(project, sending: StudioClip.marking, afterAnswers: 2) == CommandStatus.interrupted.rawValue)
        #expect(try StudioProgram.run(["project", "undo", project]).status == 0)
    }

    @Test("What is damaged is found, the rest is saved, and what was lost is computed again")
    func restored() throws {
        let clip = try StudioClip(frameCount: 9)
        defer { clip.remove() }
        let project = try clip.makeProject()
        let input = StudioClip.marking + #"{"edit":"propagate"}"# + "\n"
        #expect(try StudioProgram.run(["project", "apply", project, "-"], input: input).status == 0)
        let expected = try rle(project, clip)
        try DatabaseQueue(path: project).write { try $0.execute(sql: "UPDATE content SET data = x'00' WHERE id % 3 = 0") }
        let found = try StudioProgram.run(["project", "verify", project])
        #expect(found.status == CommandStatus.invalidInput.rawValue && found.output.contains("not as it was written"), "\(found.output)")
        let refused = try StudioProgram.run(["project", "export", project, "--rle", clip.path("none.json")])
        #expect(refused.status == CommandStatus.invalidInput.rawValue && refused.errors.contains("damaged"), "\(refused.errors)")
        let saved = clip.path("saved.sampt")
        #expect(try StudioProgram.run(["project", "compact", project, "-o", saved]).status == CommandStatus.invalidInput.rawValue)
        let restored = try StudioProgram.run(["project", "propagate", saved, "--restore", "--quiet"])
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(try rle(saved, clip) == expected)
    }
}

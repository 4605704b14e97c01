import Foundation
import SAMPT
import TestSupport
import Testing

@testable import ProjectFile

@Suite("What was acknowledged outlives a killed process")
struct DurabilityTests {
    /// 10, or what `make test-durability` asks for.
    private static let kills = ProcessInfo.processInfo.environment["SAMPT_KILLS"].flatMap(Int.init) ?? 10

    /// A session in which every kind of edit occurs that takes long or writes much.
    private static let script = [
        #"{"edit":"add-object","object":1,"name":"disc"}"#,
        #"{"edit":"add-point","object":1,"frame":0,"x":40.5,"y":36.5,"positive":true}"#,
        #"{"edit":"add-object","object":2}"#,
        #"{"edit":"add-point","object":2,"frame":3,"x":10.5,"y":10.5,"positive":true}"#,
        #"{"edit":"propagate"}"#,
        #"{"edit":"add-point","object":1,"frame":5,"x":70.5,"y":60.5,"positive":false}"#,
        #"{"edit":"rename-object","object":2,"name":"corner"}"#,
        #"{"edit":"undo"}"#,
        #"{"edit":"add-stroke","object":1,"frame":6,"path":[[46,36],[50,40]],"radius":3}"#,
        #"{"edit":"propagate","objects":[1]}"#,
        #"{"edit":"add-point","object":2,"frame":7,"x":80.5,"y":60.5,"positive":true}"#,
        #"{"edit":"undo"}"#,
        #"{"edit":"redo"}"#,
        #"{"edit":"propagate"}"#,
        #"{"edit":"order-objects","objects":[2,1]}"#,
    ]

    @Test("Killed at seeded moments of a session, again and again: edits, frames and masks are those of an undisturbed one")
    func killed() throws {
        let clip = try StudioClip()
        defer { clip.remove() }
        let reference = try clip.makeProject("reference.sampt")
        let undisturbed = try StudioProgram.run(["project", "apply", reference, "-"], input: Self.script.joined(separator: "\n") + "\n")
        try #require(undisturbed.status == 0, "\(undisturbed.errors) \(undisturbed.output)")
        let (expectedFrames, expectedMasks) = (try frames(of: reference), try masks(of: reference, clip))
        #expect(!expectedFrames.isEmpty)

        var generator = SplitMix64(seed: 200)
        var (kills, sessions, project) = (0, 0, try clip.makeProject("killed.sampt"))
        while kills < Self.kills {
            let done = try progress(of: project)
            guard done < Self.script.count else {
                #expect(try masks(of: project, clip) == expectedMasks)
                try FileManager.default.removeItem(atPath: project)
                project = try clip.makeProject("killed.sampt")
                sessions += 1
                continue
            }
            // A kill among the next few answers, at once or while the one after is in the making.
            let answers = min(Int(generator.next() % 4), Self.script.count - done)
            let delay = generator.next() % 3 == 0 ? 0 : UInt32(generator.next() % 120_000)
            let acknowledged = try runAndKill(project, lines: Array(Self.script[done...]), after: answers, microseconds: delay)
            kills += 1
            let message: Comment = "kill \(kills), session \(sessions): \(acknowledged) lines answered after \(done)"
            #expect(try progress(of: project) >= done + acknowledged, message)
            // Equal keys are equal results.
            for (place, data) in try frames(of: project) where expectedFrames[place] != nil {
                #expect(expectedFrames[place] == data, message)
            }
        }
        let rest = try progress(of: project)
        _ = try StudioProgram.run(["project", "apply", project, "-"], input: Self.script[rest...].joined(separator: "\n") + "\n")
        #expect(try masks(of: project, clip) == expectedMasks)
        #expect(try StudioProgram.run(["project", "verify", project]).status == 0)
    }

    /// How many lines of the script a project has taken. A propagation that was killed has not been: it is asked for again, which goes on
    /// with it and is no further entry.
    private func progress(of path: String) throws -> Int {
        let project = try ProjectFile(path: path)
        defer { project.close() }
        #expect(try project.verify().isEmpty)
        var (done, isRunning) = (0, false)
        for entry in try project.loadLog() {
            if case .reached(let reach) = entry.edit {
                if reach.ending == .complete { isRunning = false }
                continue
            }
            let kind = entry.edit.kind
            #expect(done < Self.script.count && Self.script[done].contains("\"edit\":\"\(kind)\""), "entry \(entry.number) is \(kind)")
            done += 1
            isRunning = kind == "propagate"
        }
        return isRunning ? done - 1 : done
    }

    /// - Returns: how many lines were answered.
    private func runAndKill(_ project: String, lines: [String], after answers: Int, microseconds: UInt32) throws -> Int {
        let process = Process()
        process.executableURL = StudioProgram.studio
        process.arguments = ["project", "apply", project, "-"]
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, FileHandle.nullDevice)
        try process.run()
        signal(SIGPIPE, SIG_IGN)
        Thread { try? input.fileHandleForWriting.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8)) }.start()
        var (received, isKilled) = (0, false)
        while true {
            if received >= answers, !isKilled {
                usleep(microseconds)
                kill(process.processIdentifier, SIGKILL)
                isKilled = true
            }
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { break }
            received += data.count { $0 == 0x0A }
        }
        process.waitUntilExit()
        try? input.fileHandleForWriting.close()
        return received
    }

    /// All frames of all results, by place.
    private func frames(of path: String) throws -> [String: Data] {
        let project = try ProjectFile(path: path)
        defer { project.close() }
        var frames: [String: Data] = [:]
        try project.forEachFrame { key, number, stored in
            frames["\(key?.description ?? "") \(number)"] = stored.data
            return true
        }
        return frames
    }

    private func masks(of project: String, _ clip: StudioClip) throws -> String {
        let file = clip.path("masks.json")
        let outcome = try StudioProgram.run(["project", "export", project, "--rle", file, "--quiet"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try String(contentsOfFile: file, encoding: .utf8)
    }
}

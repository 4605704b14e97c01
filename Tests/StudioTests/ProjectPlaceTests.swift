import Foundation
import SegmentationJobs
import TestSupport
import Testing

@testable import ProjectFile

@Suite("Projects where they may be moved to: videos, folders, disks and programs")
struct ProjectPlaceTests {
    @Test("A moved video is asked for and found again; another one under its name is refused")
    func movedVideo() throws {
        let clip = try StudioClip(frameCount: 3)
        defer { clip.remove() }
        let project = try clip.makeProject()
        #expect(try StudioProgram.run(["project", "apply", project, "-"], input: StudioClip.marking).status == 0)
        try FileManager.default.moveItem(atPath: clip.frames, toPath: clip.path("elsewhere"))
        let asked = try StudioProgram.run(["project", "propagate", project])
        #expect(asked.status == CommandStatus.missingInput.rawValue && asked.errors.contains("--video"), "\(asked.errors)")
        try StudioClip.write(3, step: 2, to: URL(fileURLWithPath: clip.frames))
        for arguments in [["propagate", project], ["propagate", project, "--video", clip.frames]] {
            let refused = try StudioProgram.run(["project"] + arguments)
            #expect(
                refused.status == CommandStatus.invalidInput.rawValue && refused.errors.contains("is not the video"), "\(refused.errors)")
        }
        let found = try StudioProgram.run(["project", "propagate", project, "--video", clip.path("elsewhere"), "--quiet"])
        #expect(found.status == 0, "\(found.errors)")
        let remembered = try StudioProgram.run(["project", "export", project, "--rle", clip.path("masks.json"), "--quiet"])
        #expect(remembered.status == 0, "\(remembered.errors)")
    }

    @Test("A second program is told which one has the project")
    func second() throws {
        let clip = try StudioClip(frameCount: 2)
        defer { clip.remove() }
        let project = try clip.makeProject()
        let holder = Process()
        let (input, output) = (Pipe(), Pipe())
        (holder.executableURL, holder.arguments) = (StudioProgram.studio, ["project", "apply", project, "-"])
        (holder.standardInput, holder.standardOutput, holder.standardError) = (input, output, FileHandle.nullDevice)
        try holder.run()
        try input.fileHandleForWriting.write(contentsOf: Data((#"{"edit":"add-object","object":1}"# + "\n").utf8))
        #expect(!output.fileHandleForReading.availableData.isEmpty)
        for command in [["apply", project, "-"], ["info", project], ["verify", project], ["compact", project]] {
            let outcome = try StudioProgram.run(["project"] + command, input: "")
            #expect(outcome.status == CommandStatus.unwritableOutput.rawValue, "\(command): \(outcome.errors)")
            #expect(outcome.errors.contains("in use by another program (process \(holder.processIdentifier))"), "\(outcome.errors)")
        }
        try input.fileHandleForWriting.close()
        holder.waitUntilExit()
        #expect(try StudioProgram.run(["project", "info", project]).status == 0)
    }

    #if os(Linux)
        @Test(
            "A folder that cannot be written is read from, also what a killed program left",
            .enabled(if: SmallDisk.mayMount, Comment(rawValue: SmallDisk.needed)))
        func readOnlyFolder() throws {
            let clip = try StudioClip(frameCount: 3)
            defer { clip.remove() }
            let disk = try SmallDisk(kibibytes: 4096)
            let project = try clip.makeProject()
            let script = StudioClip.marking + #"{"edit":"propagate"}"# + "\n"
            #expect(try StudioProgram.run(["project", "apply", project, "-"], input: script).status == 0)
            let masks = clip.path("masks.json")
            #expect(try StudioProgram.run(["project", "export", project, "--rle", masks, "--quiet"]).status == 0)
            let expected = try Data(contentsOf: URL(fileURLWithPath: masks))
            try FileManager.default.copyItem(atPath: project, toPath: disk.path("clean.sampt"))
            // What is there while a program has it open is what it leaves when it is killed.
            let open = try ProjectFile(path: project)
            try open.append(.init(number: open.loadLog().count + 1, edit: .renameObject(object: 1, name: "later")))
            for end in ["", "-wal"] { try FileManager.default.copyItem(atPath: project + end, toPath: disk.path("killed.sampt" + end)) }
            open.close()
            let names = try disk.contents
            try disk.remount(readOnly: true)
            for name in ["clean.sampt", "killed.sampt"] {
                let info = try StudioProgram.run(["project", "info", disk.path(name)])
                #expect(info.status == 0, "\(info.errors)")
                #expect(info.output.contains(name == "killed.sampt" ? "later" : "disc"))
                let export = try StudioProgram.run(
                    ["project", "export", disk.path(name), "--rle", clip.path("read.json"), "--quiet", "--video", clip.frames])
                #expect(export.status == 0, "\(export.errors)")
                if name == "clean.sampt" { #expect(try Data(contentsOf: URL(fileURLWithPath: clip.path("read.json"))) == expected) }
                for command in [["undo", disk.path(name)], ["apply", disk.path(name), "-", "--video", clip.frames]] {
                    let refused = try StudioProgram.run(["project"] + command, input: #"{"edit":"undo"}"#)
                    #expect(refused.status == CommandStatus.unwritableOutput.rawValue, "\(command) \(refused.errors)")
                    #expect(refused.errors.contains("reading only"), "\(refused.errors)")
                }
            }
            #expect(try disk.contents == names)
            try disk.remount(readOnly: false)
        }

        @Test(
            "On a full disk edits are refused, and all that were acknowledged are there",
            .enabled(if: SmallDisk.mayMount, Comment(rawValue: SmallDisk.needed)))
        func fullDisk() throws {
            let clip = try StudioClip(frameCount: 3)
            defer { clip.remove() }
            let disk = try SmallDisk(kibibytes: 3000)
            let project = disk.path("full.sampt")
            #expect(try StudioProgram.run(["project", "create", clip.frames, "-o", project, "--tracker", "lucas-kanade"]).status == 0)
            let path = (0..<3000).map { "[\(10 + $0 % 70).25,\(10 + $0 % 50).75]" }.joined(separator: ",")
            let strokes = (0..<140).map { _ in #"{"edit":"add-stroke","object":1,"frame":1,"path":[\#(path)],"radius":2}"# }
            let outcome = try StudioProgram.run(
                ["project", "apply", project, "-"], input: StudioClip.marking + strokes.joined(separator: "\n") + "\n")
            #expect(outcome.status == CommandStatus.invalidInput.rawValue, "\(outcome.errors)")
            let accepted = outcome.answers.filter { $0["error"] == nil }
            let errors = outcome.answers.compactMap { $0["error"] as? String }
            #expect(accepted.count > 20 && !errors.isEmpty && errors.allSatisfy { $0.contains("disk is full") }, "\(errors.first ?? "")")
            try Data(contentsOf: URL(fileURLWithPath: project)).write(to: URL(fileURLWithPath: clip.path("copy.sampt")))
            if FileManager.default.fileExists(atPath: project + "-wal") {
                try FileManager.default.copyItem(atPath: project + "-wal", toPath: clip.path("copy.sampt-wal"))
            }
            let copy = try ProjectFile(path: clip.path("copy.sampt"))
            defer { copy.close() }
            #expect(try copy.loadLog().count == accepted.count)
            #expect(try copy.verify().isEmpty)
            let nowhere = try StudioProgram.run(["project", "create", clip.frames, "-o", disk.path("second.sampt")])
            #expect(nowhere.status == CommandStatus.unwritableOutput.rawValue, "\(nowhere.errors)")
            #expect(try !disk.contents.contains { $0.contains("second") })
        }
    #endif

    @Test("Without the second program, the first says where it looked and how to build it")
    func absent() throws {
        let clip = try StudioClip(frameCount: 1)
        defer { clip.remove() }
        let alone = clip.path("sampt")
        try FileManager.default.copyItem(atPath: StudioProgram.sampt.path, toPath: alone)
        for arguments in [["project", "info", "a.sampt"], ["segment", clip.frames, "--point", "1,1", "--project", clip.path("a.sampt")]] {
            let outcome = try StudioProgram.run(arguments, program: URL(fileURLWithPath: alone))
            #expect(outcome.status == CommandStatus.missingInput.rawValue, "\(outcome.errors)")
            #expect(outcome.errors.contains("make studio") && outcome.errors.contains(clip.path("sampt-studio")), "\(outcome.errors)")
        }
        let help = try StudioProgram.run(["project", "--help"], program: URL(fileURLWithPath: alone))
        #expect(
            help.status == 0 && help.output.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains("make studio"),
            "\(help.output)")
        let linked = clip.path("linked")
        try FileManager.default.createSymbolicLink(atPath: linked, withDestinationPath: StudioProgram.sampt.path)
        let found = try StudioProgram.run(["help", "project", "apply"], program: URL(fileURLWithPath: linked))
        #expect(found.status == 0 && found.output.contains("edits"), "\(found.errors)")
    }
}

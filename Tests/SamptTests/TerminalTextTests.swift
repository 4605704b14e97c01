import Foundation
import Media
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("Control characters from outside never reach the terminal")
struct TerminalTextTests {
    /// Clears the screen, as a C0 and as a C1 sequence; a title; a line of its own; text written backwards.
    private static let hostile = "a\u{1B}[2J\u{9B}2J\u{1B}]0;t\u{7}\n\r\u{8}sampt: done\u{202E}\u{2066}\u{7F}z"

    private func isClean(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy {
            $0 == "\n" || !($0.value < 0x20 || (0x7F...0x9F).contains($0.value) || [0x202E, 0x2066].contains($0.value))
        }
    }

    @Test("As escapes on one line; ordinary text in all scripts as it is")
    func printable() {
        #expect("a\u{1B}[2Jb\n\tc\u{9B}\u{202E}\u{7F}".printable == "a\\u{1B}[2Jb\\n\\tc\\u{9B}\\u{202E}\\u{7F}")
        #expect("\r\n".printable == "\\u{D}\\n")
        for text in ["", "rabbit.mp4: 50 %", "Häschen", "うさぎ", "أرنب", "👩‍👧", "e\u{301}", "a\\n"] { #expect(text.printable == text) }
        #expect("{\n  \"a\": \"\u{9B}\u{202E}\u{E0041}é\"\n}".printableJSON == "{\n  \"a\": \"\\u009b\\u202e\\udb40\\udc41é\"\n}")
        #expect(isClean(Self.hostile.printable) && !Self.hostile.printable.contains("\n"))
    }

    @Test("Names in prompts, in messages and in JSON")
    func names() throws {
        struct Summary: Decodable {
            struct Object: Decodable { var name: String }
            var objects: [Object]
        }
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let file = clip.path("prompts.json")
        func write(_ point: [Int]) throws {
            try JSONSerialization.data(withJSONObject: ["objects": [["name": Self.hostile, "points": [point]]]]).write(
                to: URL(fileURLWithPath: file))
        }
        try write([40, 36])
        let arguments = ["segment", clip.frames, "--prompts", file, "--rle", clip.path("m.json"), "--json", "--review", "1"]
        let outcome = try Program.run(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(isClean(outcome.errors) && isClean(outcome.output), "\(outcome.errors.printable) \(outcome.output.printable)")
        #expect(try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8)).objects.map(\.name) == [Self.hostile])
        try write([400, 36])
        let outside = try Program.run(arguments)
        #expect(outside.status == CommandStatus.invalidInput.rawValue)
        #expect(outside.errors.contains("a\\u{1B}[2J") && isClean(outside.errors) && outside.errors.split(separator: "\n").count == 1)
    }

    @Test(
        "Names of files, presets, lists, pickles and arguments",
        arguments: ["file", "preset", "value", "list", "pickle", "tracks", "option", "command"])
    func messages(source: String) throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        func write(_ data: Data) throws -> String {
            try data.write(to: URL(fileURLWithPath: clip.path("input")))
            return clip.path("input")
        }
        let name = Self.hostile.replacingOccurrences(of: "/", with: "")
        let base = ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("out.json")]
        let yaml = name.unicodeScalars.map { String(format: "\\U%08X", $0.value) }.joined()
        let arguments: [String] =
            switch source {
            case "file": ["segment", clip.path(name), "--point", "1,2", "--rle", clip.path("out.json")]
            case "preset": base + ["--preset", try write(Data("\"\(yaml)\": 1\n".utf8))]
            case "value": base + ["--preset", try write(Data("tracker: \"\(yaml)\"\n".utf8))]
            case "list": ["evaluate", "davis2016", "--root", clip.folder.path, "--list", try write(Data("\u{1B}[2J\u{9B}2J".utf8))]
            case "pickle":
                ["evaluate", "points", "--dataset", try write(Data(PickleBytes.pickle(PickleBytes.dict([(name, PickleBytes.int(1))]))))]
            case "tracks":
                [
                    "evaluate", "points", "--dataset",
                    try write(try JSONSerialization.data(withJSONObject: ["videos": [["name": name, "video": "x", "tracks": []]]])),
                ]
            case "option": base + ["--\(name)"]
            default: [name]
            }
        let outcome = try Program.run(arguments)
        #expect(outcome.status >= 64, "\(outcome.errors.printable)")
        #expect(isClean(outcome.errors) && outcome.errors.contains("\\u{1B}[2J"), "\(outcome.errors.printable)")
        #expect(outcome.output.isEmpty)
    }

    @Test("A preset's listing is clean, and YAML for the same names")
    func listing() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let yaml = Self.hostile.unicodeScalars.map { String(format: "\\U%08X", $0.value) }.joined()
        let file = folder.appendingPathComponent("mine.yaml").path
        try Data("summary: \"\(yaml)\"\ntracker: \"\(yaml)\"\n".utf8).write(to: URL(fileURLWithPath: file))
        let shown = try Program.run(["presets", "show", file])
        #expect(shown.status == 0 && isClean(shown.output), "\(shown.output.printable)")
        let copy = folder.appendingPathComponent("copy.yaml").path
        try Data(shown.output.utf8).write(to: URL(fileURLWithPath: copy))
        #expect(try Program.run(["presets", "show", copy]).output == shown.output)
    }

    @Test("Nothing is printed but through StandardOutput and StandardError")
    func onePlace() throws {
        let sources = Fixtures.packageRoot.appendingPathComponent("Sources")
        let places = ["StandardOutput.swift", "StandardError.swift"]
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)).compactMap { $0 as? URL }
            .filter { $0.pathExtension == "swift" && !places.contains($0.lastPathComponent) }
        #expect(files.count > 100)
        let printing = try Regex(#"(^|[^\w.])(print|debugPrint|fputs|puts)\(|FileHandle\.standard(Output|Error)"#)
        for file in files {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where !line.contains("//") {
                #expect(line.firstMatch(of: printing) == nil, "\(file.lastPathComponent): \(line)")
            }
        }
    }
}

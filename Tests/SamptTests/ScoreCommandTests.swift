import Foundation
import Media
import SegmentationJobs
import Support
import TestSupport
import Testing

@testable import SamptCommands

@Suite("sampt score")
struct ScoreCommandTests {
    /// Truth and results of one sequence: boxes, the result's a little to the right.
    private func withMasks(_ body: (TestClip) throws -> Void) throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        for (folder, left) in [("truth/a", 10), ("results/a", 12)] {
            try FileManager.default.createDirectory(atPath: clip.path(folder), withIntermediateDirectories: true)
            for frame in 0..<4 {
                var mask = IndexMask(width: 64, height: 48)
                for y in 10..<30 { for x in left..<(left + 20) { mask.values[y * 64 + x] = 1 } }
                try ImageFile.writeIndexMask(mask, to: clip.path("\(folder)/0\(frame).png"))
            }
        }
        try body(clip)
    }

    @Test("Scores, as a table and in every form")
    func forms() throws {
        try withMasks { clip in
            let outcome = try Program.run(
                [
                    "score", "--truth", clip.path("truth"), "--results", clip.path("results"), "--json", clip.path("s.json"), "--per-frame",
                    "--csv", clip.path("s.csv"), "--markdown", clip.path("s.md"), "--html", clip.path("s.html"),
                ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            // 18 of 22 columns.
            #expect(outcome.output.contains("0.818"))
            let data = try Data(contentsOf: URL(fileURLWithPath: clip.path("s.json")))
            let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            let mean = try #require(object["mean"] as? [String: Any])
            #expect(abs((mean["j"] as? Double ?? 0) - 18.0 / 22) < 1e-12)
            let ran = try #require(object["ran"] as? [String: String])
            #expect(ran["program"] == "sampt \(ProgramVersion.current)" && ran["command"]?.contains("--per-frame") == true)
            for name in ["s.csv", "s.md", "s.html"] {
                let text = try String(contentsOfFile: clip.path(name), encoding: .utf8)
                #expect(text.contains("sampt \(ProgramVersion.current)") && text.contains("--per-frame"), "\(name)")
            }
        }
    }

    @Test("What does not fit is named; with --strict it is an error, and nothing is written")
    func strict() throws {
        try withMasks { clip in
            try FileManager.default.removeItem(atPath: clip.path("results/a/02.png"))
            let arguments = ["score", "--truth", clip.path("truth"), "--results", clip.path("results"), "--json", clip.path("s.json")]
            let lenient = try Program.run(arguments)
            #expect(lenient.status == 0 && lenient.errors.contains("02"), "\(lenient.errors)")
            try FileManager.default.removeItem(atPath: clip.path("s.json"))
            let strict = try Program.run(arguments + ["--strict"])
            #expect(strict.status == CommandStatus.invalidInput.rawValue && strict.errors.contains("02"), "\(strict.errors)")
            // A line for each finding, none with the letters of an escape in it.
            #expect(!strict.errors.contains("\\n") && strict.errors.contains("--strict"), "\(strict.errors)")
            #expect(!FileManager.default.fileExists(atPath: clip.path("s.json")))
        }
    }

    @Test("0/1 against 0/255 is said, and with --strict an error")
    func levels() throws {
        try withMasks { clip in
            for frame in 0..<4 {
                let path = clip.path("truth/a/0\(frame).png")
                var mask = try ImageFile.readIndexMask(path)
                mask.values = mask.values.map { $0 * 255 }
                try ImageFile.writeIndexMask(mask, to: path)
            }
            let arguments = ["score", "--protocol", "davis2016", "--truth", clip.path("truth"), "--results", clip.path("results")]
            let lenient = try Program.run(arguments)
            #expect(lenient.status == 0 && lenient.errors.contains("255") && lenient.output.contains("0.818"), "\(lenient.errors)")
            let strict = try Program.run(arguments + ["--strict"])
            #expect(strict.status == CommandStatus.invalidInput.rawValue && strict.errors.contains("255"), "\(strict.errors)")
        }
    }

    @Test(
        "Options without effect, and protocols that lack something, are refused",
        arguments: [
            ["--protocol", "youtube-vos"], ["--meta", "m.json"], ["--protocol", "uvo", "--list", "l.txt"],
            ["--protocol", "bdd100k", "--all-frames"],
            ["--per-frame"], ["--frames", "f"],
        ])
    func idle(arguments: [String]) throws {
        try withMasks { clip in
            let outcome = try Program.run(["score", "--truth", clip.path("truth"), "--results", clip.path("results")] + arguments)
            #expect(outcome.status == CommandStatus.usage.rawValue, "\(outcome.errors)")
        }
    }

    @Test("An output does not take the place of an input")
    func claims() throws {
        try withMasks { clip in
            try Data("a\n".utf8).write(to: URL(fileURLWithPath: clip.path("list.txt")))
            let outcome = try Program.run(
                [
                    "score", "--truth", clip.path("truth"), "--results", clip.path("results"), "--list", clip.path("list.txt"), "--csv",
                    clip.path("list.txt"),
                ])
            #expect(outcome.status == CommandStatus.usage.rawValue)
            #expect(try String(contentsOfFile: clip.path("list.txt"), encoding: .utf8) == "a\n")
        }
    }
}

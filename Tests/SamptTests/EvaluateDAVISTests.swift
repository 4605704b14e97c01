import Foundation
import Media
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("sampt evaluate davis2016")
struct EvaluateDAVISTests {
    /// A dataset of one sequence, `root/.../dog`, and the same sequence as `dog` beside the root.
    private func withDataset(_ body: (TestClip, _ list: (String) throws -> [String]) throws -> Void) throws {
        let clip = try TestClip(frameCount: 3)
        defer { clip.remove() }
        var disk = Mask(width: 96, height: 72)
        for y in 22..<50 { for x in 26..<54 { disk[x, y] = true } }
        for folder in ["root/JPEGImages/480p", "root/Annotations/480p/dog", "dog"] {
            try FileManager.default.createDirectory(atPath: clip.path(folder), withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(atPath: clip.frames, toPath: clip.path("root/JPEGImages/480p/dog"))
        for index in 0..<3 {
            for folder in ["root/Annotations/480p/dog", "dog"] {
                try ImageFile.writeMask(disk, to: clip.path("\(folder)/shot-\(index).png"))
            }
        }
        try body(clip) { text in
            try Data(text.utf8).write(to: URL(fileURLWithPath: clip.path("list.txt")))
            return [
                "evaluate", "davis2016", "--root", clip.path("root"), "--list", clip.path("list.txt"), "--tracker", "lucas-kanade",
                "--quiet",
            ]
        }
    }

    @Test("Masks are written below the folder, by sequence")
    func masks() throws {
        try withDataset { clip, list in
            let lines = (0..<3).map { "/JPEGImages/480p/dog/shot-\($0).png /Annotations/480p/dog/shot-\($0).png" }.joined(separator: "\n")
            for text in ["dog\n", lines] {
                let outcome = try Program.run(list(text) + ["--masks", clip.path("masks"), "--json", clip.path("scores.json")])
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(clip.contents("masks") == ["dog"] && clip.contents("masks/dog") == ["shot-0.png", "shot-1.png", "shot-2.png"])
                try FileManager.default.removeItem(atPath: clip.path("masks"))
            }
        }
    }

    @Test(
        "A list leads neither out of the masks' folder nor out of the root",
        arguments: [
            "../../../dog", "JPEGImages/480p/../../../dog/shot-0.png Annotations/480p/dog/shot-0.png",
            "JPEGImages/480p/dog/shot-0.png Annotations/480p/../../../dog/shot-0.png",
            "JPEGImages/480p/dog/../shot-0.png Annotations/480p/dog/shot-0.png",
            "..", "/",
        ])
    func climbing(line: String) throws {
        try withDataset { clip, list in
            let before = clip.contents("")
            let arguments = try list(line + "\n")
            for rest in [["--masks", clip.path("masks/deep/deeper")], ["--results", clip.path("root/Annotations/480p")]] {
                let base = rest[0] == "--results" ? arguments.filter { !["--tracker", "lucas-kanade"].contains($0) } : arguments
                let outcome = try Program.run(base + rest)
                #expect(outcome.status == CommandStatus.invalidInput.rawValue, "\(outcome.errors)")
                #expect(outcome.errors.contains("is not the name of a video"), "\(outcome.errors)")
            }
            #expect(clip.contents("") == (before + ["list.txt"]).sorted())
            #expect(clip.contents("dog") == ["shot-0.png", "shot-1.png", "shot-2.png"])
        }
    }
}

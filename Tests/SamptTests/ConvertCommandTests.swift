import Foundation
import MaskFormats
import Media
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("sampt convert, and --export", .serialized)
struct ConvertCommandTests {
    private func data(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    @Test("Exports hold what the other outputs hold; rle is --rle byte by byte, overlay is --overlay picture by picture")
    func exports() throws {
        let clip = try TestClip(frameCount: 5)
        defer { clip.remove() }
        let exports = [
            "rle:\(clip.path("e.json"))", "png:\(clip.path("png"))", "coco:\(clip.path("coco.json"))", "davis:\(clip.path("davis"))",
            "csv-points:\(clip.path("p.csv"))", "rgba:\(clip.path("rgba"))", "prores:\(clip.path("p.mov"))",
            "overlay:\(clip.path("e.mp4"))",
            "cutout:\(clip.path("c.mp4"))",
        ]
        let outcome = try Program.run(
            [
                "segment", clip.frames, "--point", "40,36", "--name", "1:ball", "--rle", clip.path("m.json"), "--overlay",
                clip.path("o.mp4"),
                "--background", "ff0000", "--json",
            ] + exports.flatMap { ["--export", $0] })
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try data(clip.path("e.json")) == data(clip.path("m.json")))
        let (own, other) = (try VideoReader(path: clip.path("o.mp4")), try VideoReader(path: clip.path("e.mp4")))
        for index in 0..<5 { #expect(try own.frame(at: index) == other.frame(at: index)) }
        let truth = try MaskFormat.rle.reader(at: clip.path("m.json"))
        for (format, path) in [(MaskFormat.png, "png"), (.coco, "coco.json"), (.davis, "davis")] {
            let reader = try format.reader(at: clip.path(path))
            #expect(reader.frameCount == 5)
            for index in 0..<5 { #expect(try reader.frame(at: index).objects.first?.mask == truth.frame(at: index).objects.first?.mask) }
        }
        #expect(try MaskFormat.coco.reader(at: clip.path("coco.json")).clip.objects.map(\.category) == ["ball"])
        #expect(clip.contents("rgba") == (0..<5).map { "shot-\($0).png" })
        #expect(try String(contentsOfFile: clip.path("p.csv"), encoding: .utf8).contains("\n4,0.166667,1,ball,"))
        let corner = try VideoReader(path: clip.path("c.mp4")).frame(at: 2)[1, 1]
        #expect(corner.red > 230 && corner.green < 30 && corner.blue < 30, "\(corner)")
    }

    @Test("An export that cannot be written costs no other output")
    func refused() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let cases = [
            (["--export", "coco"], CommandStatus.usage, "expected FORMAT:PATH"),
            (["--export", "coc:x.json"], .usage, "There is no format \"coc\""),
            (["--export", "coco:\(clip.path("x.png"))"], .usage, "ends in .json"),
            (["--export", "davis:\(clip.frames)"], .usage, "which is read"),
            (["--export", "png:\(clip.path(""))"], .unwritableOutput, "the folder is not empty"),
            (["--export", "coco:\(clip.path("a.json"))", "--rle", clip.path("a.json")], .usage, "is given for two outputs"),
            (["--rle", clip.path("a.json"), "--background", "ff0000"], .usage, "--background has no effect"), ([], .usage, "--export"),
        ]
        for (options, status, message) in cases {
            let outcome = try Program.run(["segment", clip.frames, "--point", "40,36"] + options)
            #expect(
                outcome.status == status.rawValue && outcome.errors.contains(message), "\(options): \(outcome.status) \(outcome.errors)")
        }
        #expect(clip.contents("") == ["frames"])
    }

    @Test("From --rle to others, with the video's pictures where a format shows them")
    func convert() throws {
        let clip = try TestClip(frameCount: 4)
        defer { clip.remove() }
        let outcome = try Program.run(["segment", clip.frames, "--point", "40,36", "--rle", clip.path("m.json"), "--quiet"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        func convert(_ arguments: String...) throws -> Program.Outcome { try Program.run(["convert"] + arguments) }
        let coco = try convert(clip.path("m.json"), "--from", "rle", "--to", "coco", clip.path("c.json"))
        #expect(coco.status == 0 && coco.errors.contains("4 frames, 1 objects"), "\(coco.errors)")
        #expect(try convert(clip.path("c.json"), "--from", "coco", "--to", "png", clip.path("png"), "--quiet").errors == "")
        #expect(clip.contents("png") == ["1", "objects.json"] && clip.contents("png/1").count == 4)
        let look = try convert(
            clip.path("png"), "--from", "png", "--to", "vp9", clip.path("v.webm"), "--video", clip.frames)
        #expect(look.status == 0, "\(look.errors)")
        #expect(try VideoReader(path: clip.path("v.webm")).frameCount == 4)
        #expect(!look.errors.contains("has masks for"))
        // Masks of some of a video's frames, or of another video: it is said.
        let few = try Program.run(["segment", clip.frames, "--end", "2", "--point", "40,36", "--rle", clip.path("few.json"), "--quiet"])
        #expect(few.status == 0, "\(few.errors)")
        let short = try convert(clip.path("few.json"), "--from", "rle", "--to", "vp9", clip.path("few.webm"), "--video", clip.frames)
        #expect(short.status == 0 && short.errors.contains("has 4 frames, and \(clip.path("few.json")) has masks for 2"), "\(short.errors)")

        let cases = [
            ([clip.path("c.json"), "--from", "coco", "--to", "rgba", clip.path("r")], CommandStatus.usage, "--video"),
            ([clip.path("c.json"), "--from", "yolo", "--to", "coco", clip.path("r.json")], .usage, "is written, not read"),
            ([clip.path("c.json"), "--from", "coco", "--to", "coco", clip.path("c.json")], .usage, "which is read"),
            ([clip.path("c.json"), "--from", "coco", "--to", "png", clip.path("png")], .unwritableOutput, "not empty"),
            ([clip.path("c.json"), "--from", "mots", "--to", "coco", clip.path("r.json")], .invalidInput, "c.json: line 1"),
            ([clip.path("none"), "--from", "mots", "--to", "coco", clip.path("r.json")], .missingInput, "no such file"),
            ([clip.path("c.json"), "--from", "coco"], .usage, "Expected IN, OUT"),
        ]
        let before = clip.contents("")
        for (arguments, status, message) in cases {
            let outcome = try Program.run(["convert"] + arguments)
            #expect(
                outcome.status == status.rawValue && outcome.errors.contains(message), "\(arguments): \(outcome.status) \(outcome.errors)")
        }
        #expect(clip.contents("") == before)
    }

    @Test("The list, and the guide's table, are the table of formats")
    func list() throws {
        let text = try Program.run(["convert", "--list"]).output
        for format in MaskFormat.allCases { #expect(text.contains("\n    keeps: \(format.description.keeps)\n"), "\(format.name)") }
        let rows = try #require(
            JSONSerialization.jsonObject(with: Data(Program.run(["convert", "--list", "--json"]).output.utf8)) as? [[String: Any]])
        #expect(rows.compactMap { $0["name"] as? String } == MaskFormat.allCases.map(\.name))
        let guide = try String(contentsOf: Fixtures.packageRoot.appendingPathComponent("docs/formats.md"), encoding: .utf8)
        #expect(guide.contains(MaskFormatDescription.table), "docs/formats.md; the table is now:\n\(MaskFormatDescription.table)")
    }
}

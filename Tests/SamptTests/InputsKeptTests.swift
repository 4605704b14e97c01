import Foundation
import Media
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("No output takes the place of an input or of another output", .serialized)
struct InputsKeptTests {
    /// Everything in the folder, by relative path.
    private func snapshot(_ clip: TestClip) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: clip.folder.path) {
            files[name] = FileManager.default.contents(atPath: clip.path(name)) ?? Data()
        }
        return files
    }

    /// Runs a command that must be refused and leave all as it is.
    private func refused(_ clip: TestClip, _ message: String, _ arguments: [String], location: SourceLocation = #_sourceLocation) throws {
        let before = try snapshot(clip)
        let outcome = try Program.run(arguments)
        #expect(outcome.status == CommandStatus.usage.rawValue, "\(outcome.errors)", sourceLocation: location)
        #expect(outcome.errors.contains(message), "\(outcome.errors)", sourceLocation: location)
        #expect(try snapshot(clip) == before, sourceLocation: location)
    }

    /// A video of the clip's frames.
    private func video(_ clip: TestClip, _ name: String = "v.mp4") throws -> String {
        let writer = try VideoWriter(path: clip.path(name), size: ImageSize(width: 96, height: 72), timeBase: (1, 25))
        for (index, frame) in clip.contents("frames").enumerated() {
            try writer.append(ImageFile.readRGB(clip.frames + "/" + frame), timestamp: Int64(index))
        }
        try writer.finish()
        return clip.path(name)
    }

    @Test("The video, by its name and through links of both kinds")
    func videos() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let video = try video(clip)
        #expect(symlink("v.mp4", clip.path("soft.mp4")) == 0)
        #expect(link(video, clip.path("hard.mp4")) == 0)
        for output in ["v.mp4", "frames/../v.mp4", "soft.mp4", "hard.mp4"] {
            try refused(clip, "is the video, which is read", ["segment", video, "--point", "40,36", "--overlay", clip.path(output)])
            try refused(clip, "is the video, which is read", ["track", video, "--point", "40,36", "--draw", clip.path(output)])
        }
        try refused(clip, "is the video, which is read", ["segment", clip.path("soft.mp4"), "--point", "40,36", "--rle", video])
        try refused(clip, "is the video, which is read", ["segment", "--live", video, "--point", "40,36", "--overlay", video])
    }

    @Test("Frames, as a folder for masks, through a link, and one by one")
    func frames() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        #expect(symlink("frames", clip.path("link")) == 0)
        let base = [clip.frames, "--point", "40,36"]
        for folder in ["frames", "frames/", "link"] {
            try refused(clip, "is the video, which is read", ["segment"] + base + ["--masks", clip.path(folder)])
            try refused(clip, "is the video, which is read", ["track"] + base + ["--draw", clip.path(folder)])
        }
        try refused(clip, "is a frame of the video, which is read", ["segment"] + base + ["--contact-sheet", clip.frames + "/shot-1.png"])
        // A folder with a link to a frame in it.
        try FileManager.default.createDirectory(atPath: clip.path("masks"), withIntermediateDirectories: false)
        #expect(symlink("../frames/shot-1.png", clip.path("masks/shot-1.png")) == 0)
        try refused(clip, "is a frame of the video, which is read", ["segment"] + base + ["--masks", clip.path("masks")])
        let picture = clip.frames + "/shot-0.png"
        try refused(clip, "is the video, which is read", ["image", picture, "--point", "40,36", "--overlay", picture])
        try refused(clip, "is the video, which is read", ["image", picture, "--point", "40,36", "--masks-out", picture])
    }

    @Test("Prompts, masks, presets and checkpoints")
    func prompts() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        var mask = Mask(width: 96, height: 72)
        for y in 30..<42 { for x in 34..<46 { mask[x, y] = true } }
        try FileManager.default.createDirectory(atPath: clip.path("given"), withIntermediateDirectories: false)
        try ImageFile.writeMask(mask, to: clip.path("given/shot-0.png"))
        try Data(#"{"objects": [{"mask": "given/shot-0.png"}]}"#.utf8).write(to: URL(fileURLWithPath: clip.path("p.json")))
        try Data("1\n0; 40,36\n".utf8).write(to: URL(fileURLWithPath: clip.path("q.txt")))
        try Data("extends: base.yaml\n".utf8).write(to: URL(fileURLWithPath: clip.path("my.yaml")))
        try Data("seed: 3\n".utf8).write(to: URL(fileURLWithPath: clip.path("base.yaml")))
        try Data("no weights".utf8).write(to: URL(fileURLWithPath: clip.path("w.pth")))
        let base = ["segment", clip.frames]
        try refused(clip, "is the file of prompts", base + ["--prompts", clip.path("p.json"), "--rle", clip.path("p.json")])
        try refused(clip, "is the file of prompts", base + ["--query-points", clip.path("q.txt"), "--tracks", clip.path("q.txt")])
        try refused(clip, "is the mask of object 1", base + ["--prompts", clip.path("p.json"), "--masks", clip.path("given")])
        try refused(clip, "is the mask of object 1", base + ["--mask", clip.path("given/shot-0.png"), "--masks", clip.path("given")])
        try refused(clip, "is a preset", base + ["--point", "40,36", "--preset", clip.path("my.yaml"), "--rle", clip.path("base.yaml")])
        try refused(clip, "is a model", base + ["--point", "40,36", "--tracker", clip.path("w.pth"), "--rle", clip.path("w.pth")])
        try refused(
            clip, "is a model", ["track", clip.frames, "--point", "40,36", "--tracker", clip.path("w.pth"), "--tracks", clip.path("w.pth")])
    }

    @Test("Two outputs of one name, also before it is there, in every command")
    func outputs() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let message = "is given for two outputs"
        for end in ["", ".png"] { #expect(symlink("z" + end, clip.path("link" + end)) == 0) }
        #expect(symlink(".", clip.path("here")) == 0)
        let (picture, base) = (clip.frames + "/shot-0.png", ["segment", clip.frames, "--point", "40,36"])
        for other in ["z", "./z", "here/z", "link"] {
            try refused(clip, message, base + ["--rle", clip.path("z"), "--tracks", clip.path(other)])
            let png = other + ".png"
            try refused(
                clip, message, ["image", picture, "--point", "40,36", "--overlay", clip.path("z.png"), "--masks-out", clip.path(png)])
            try refused(clip, message, ["track", clip.frames, "--point", "40,36", "--draw", clip.path("z"), "--tracks", clip.path(other)])
            try refused(clip, message, ["evaluate", "confidence", "--clips", "1", "--json", clip.path("z"), "--csv", clip.path(other)])
        }
        try refused(clip, message, base + ["--masks", clip.path("m"), "--rle", clip.path("m")])
        try refused(clip, message, base + ["--masks", clip.path("m"), "--contact-sheet", clip.path("here/m/shot-1.png")])
        try refused(clip, message, base + ["--masks", clip.path("z/m"), "--rle", clip.path("z")])
        try refused(
            clip, message,
            [
                "evaluate", "synthesize", "--count", "1", "--frames", "2", "--format", "mp4", "--out", clip.path("s"), "--draw",
                clip.path("here/s"),
            ])
    }

    @Test("A file that standard output goes into is an output, too")
    func redirected() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let outcome = try Program.run(
            shell: "exec \"$@\" > '\(clip.path("m.json"))'",
            ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("m.json"), "--json"])
        #expect(outcome.status == CommandStatus.usage.rawValue, "\(outcome.errors)")
        #expect(outcome.errors.contains("is given for two outputs, standard output and --rle"), "\(outcome.errors)")
    }

    @Test("Masks of a live source, whose names are not known, and the file that comes by standard input")
    func live() throws {
        var claims = FileClaims()
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        try FileManager.default.createDirectory(atPath: clip.path("m"), withIntermediateDirectories: false)
        try ImageFile.writeMask(Mask(width: 96, height: 72), to: clip.path("m/00003.png"))
        claims.read(clip.path("m/00003.png"), as: "the mask")
        let destinations = OutputDestinations(masks: clip.path("m"))
        #expect(throws: CommandError.self) { try destinations.claim(in: &claims, maskNames: nil) }
        claims = FileClaims()
        try destinations.claim(in: &claims, maskNames: nil)
        claims = FileClaims()
        #expect(throws: CommandError.self) {
            try OutputDestinations(masks: clip.path("m"), rle: clip.path("m/00099.png")).claim(in: &claims, maskNames: nil)
        }
        let video = clip.path("v.y4m")
        try Data("YUV4MPEG2 W16 H16 F25:1 Cmono\n".utf8).write(to: URL(fileURLWithPath: video))
        let outcome = try Program.run(shell: "exec \"$@\" < '\(video)'", ["segment", "--live", "-", "--point", "4,4", "--rle", video])
        #expect(outcome.errors.contains("is the video, which is read"), "\(outcome.errors)")
    }

    @Test("A data set's masks, frames and list, and a benchmark's tracks")
    func evaluate() throws {
        let clip = try TestClip(frameCount: 3)
        defer { clip.remove() }
        let root = clip.path("DAVIS")
        for kind in ["JPEGImages/480p", "Annotations/480p"] {
            try FileManager.default.createDirectory(atPath: "\(root)/\(kind)/ball", withIntermediateDirectories: true)
        }
        for name in clip.contents("frames") {
            try FileManager.default.copyItem(atPath: clip.frames + "/" + name, toPath: "\(root)/JPEGImages/480p/ball/\(name)")
            try ImageFile.writeMask(Mask(width: 96, height: 72), to: "\(root)/Annotations/480p/ball/\(name)")
        }
        try Data("ball\n".utf8).write(to: URL(fileURLWithPath: root + "/list.txt"))
        let base = ["evaluate", "davis2016", "--root", root, "--list", root + "/list.txt"]
        try refused(clip, "is a mask of ball", base + ["--masks", root + "/Annotations/480p"])
        try refused(clip, "is a frame of ball", base + ["--masks", root + "/JPEGImages/480p"])
        try refused(clip, "is the list", base + ["--json", root + "/list.txt"])
        try Data(#"{"videos": [{"name": "a", "video": "frames", "tracks": []}]}"#.utf8).write(
            to: URL(fileURLWithPath: clip.path("tracks.json")))
        #expect(symlink("tracks.json", clip.path("scores.csv")) == 0)
        try refused(clip, "is the dataset", ["evaluate", "points", "--dataset", clip.path("tracks.json"), "--output", clip.folder.path])
        try refused(clip, "is the dataset", ["evaluate", "points", "--dataset", clip.folder.path, "--output", clip.folder.path + "/."])
        #expect(symlink("tracks.json", clip.path("a.npz")) == 0)
        try refused(
            clip, "is the dataset", ["evaluate", "points", "--dataset", clip.path("tracks.json"), "--predictions", clip.folder.path])
    }

    @Test("Frames that share a stem are refused where files are named after them, and only there")
    func stems() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        try FileManager.default.moveItem(atPath: clip.frames + "/shot-1.png", toPath: clip.frames + "/shot-0.PNG")
        let base = [clip.frames, "--point", "40,36"]
        for arguments in [["segment"] + base + ["--masks", clip.path("m")], ["track"] + base + ["--draw", clip.path("d/")]] {
            let outcome = try Program.run(arguments)
            #expect(outcome.status == CommandStatus.invalidInput.rawValue, "\(outcome.errors)")
            #expect(outcome.errors.contains("shot-0.PNG and shot-0.png differ in their extension alone"), "\(outcome.errors)")
        }
        #expect(clip.contents("") == ["frames"])
        // One of the two alone, and outputs by number.
        #expect(try Program.run(["segment"] + base + ["--end", "1", "--masks", clip.path("m")]).status == 0)
        #expect(try Program.run(["segment"] + base + ["--rle", clip.path("m.json")]).status == 0)
    }
}

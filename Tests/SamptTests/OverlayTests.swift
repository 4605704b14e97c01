import Foundation
import Media
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("What overlays keep of their source")
struct OverlayTests {
    private func source(_ name: String) -> String { Fixtures.packageRoot.appendingPathComponent("Tests/Data/clips/\(name)").path }

    private func holds(_ text: String, _ path: String) throws -> Bool {
        try Data(contentsOf: URL(fileURLWithPath: path)).range(of: Data(text.utf8)) != nil
    }

    @Test("The sound is in overlays and drawings; where the container does not take it, a line says so")
    func sound() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let copied = try Program.run([
            "segment", source("tone.mp4"), "--point", "10,10", "--end", "8", "--overlay", clip.path("o.mp4"), "--json",
        ])
        #expect(copied.status == 0, "\(copied.errors)")
        #expect(try holds("mp4a", clip.path("o.mp4")))
        #expect(!copied.errors.contains("sound") && !copied.output.contains("notes"), "\(copied.errors)")
        let drawn = try Program.run([
            "track", source("tone.mp4"), "--point", "32,24", "--tracker", "lucas-kanade", "--end", "5", "--draw", clip.path("t.mp4"),
        ])
        #expect(drawn.status == 0, "\(drawn.errors)")
        #expect(try holds("mp4a", clip.path("t.mp4")))
        let left = try Program.run([
            "segment", source("tone-pcm.mkv"), "--point", "10,10", "--end", "5", "--overlay", clip.path("p.mp4"), "--json", "--quiet",
        ])
        #expect(left.status == 0, "\(left.errors)")
        #expect(left.errors.split(separator: "\n").count == 1 && left.errors.contains("the sound (pcm_u8) is not copied"), "\(left.errors)")
        #expect(left.output.contains("\"notes\""))
        #expect(try VideoReader(path: clip.path("p.mp4")).frameCount == 5)
    }

    @Test("Pixels that are not square: overlays say so, pictures for looking at are stretched, masks and clicks stay in stored pixels")
    func pixelAspect() throws {
        let clip = try TestClip(frameCount: 4)
        defer { clip.remove() }
        let aspect = PixelAspect(plausible: 2, 1)
        let video = clip.path("wide.mp4")
        let writer = try VideoWriter(path: video, size: ImageSize(width: 96, height: 72), timeBase: (1, 25), pixelAspect: aspect)
        for index in 0..<4 { try writer.append(ImageFile.readRGB(clip.frames + "/shot-\(index).png"), timestamp: Int64(index)) }
        try writer.finish()
        let image = try Program.run([
            "image", video, "--box", "24,20,56,52", "--overlay", clip.path("look.png"), "--masks-out", clip.path("mask.png"),
        ])
        #expect(image.status == 0, "\(image.errors)")
        #expect(try ImageFile.readRGB(clip.path("look.png")).size == ImageSize(width: 192, height: 72))
        let mask = try ImageFile.readIndexMask(clip.path("mask.png"))
        #expect(mask.size == ImageSize(width: 96, height: 72) && mask.mask(of: 1)[40, 36])
        let segment = try Program.run([
            "segment", video, "--point", "40,36", "--overlay", clip.path("o.mkv"), "--contact-sheet", clip.path("c.png"), "--masks",
            clip.path("m"),
        ])
        #expect(segment.status == 0, "\(segment.errors)")
        let overlay = try VideoReader(path: clip.path("o.mkv"))
        #expect(overlay.pixelAspect == aspect && overlay.size == ImageSize(width: 96, height: 72))
        #expect(try ImageFile.readIndexMask(clip.path("m/00003.png")).size == overlay.size)
        // Four thumbnails of 192 by 72 beside each other.
        let sheet = try ImageFile.readRGB(clip.path("c.png"))
        #expect(abs(Double(sheet.height) - (396 * 72 / 192 + 30)) < 12, "\(sheet.size)")
        let drawn = try Program.run(["track", video, "--point", "40,36", "--tracker", "lucas-kanade", "--draw", clip.path("drawn")])
        #expect(drawn.status == 0, "\(drawn.errors)")
        #expect(try ImageFile.readRGB(clip.path("drawn/00000.png")).size == ImageSize(width: 192, height: 72))
    }

    @Test("An animated picture is a video for segment and a picture for image")
    func animation() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let picture = Fixtures.packageRoot.appendingPathComponent("Tests/Data/pictures/animated.png").path
        let outcome = try Program.run(["segment", picture, "--box", "4,4,20,12", "--masks", clip.path("m")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(clip.contents("m") == ["00000.png", "00001.png", "00002.png"])
        let image = try Program.run(["image", picture, "--box", "4,4,20,12", "--masks-out", clip.path("m.png")])
        #expect(image.status == 0, "\(image.errors)")
    }
}

import Foundation
import Inference
import InferenceOpenVINO
import Media
import SAMPT
import Segmenters
import TensorFiles
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite(
    "Networks of the SAM family from the command line", .serialized,
    .enabled(if: GeneratedCheckpoints.areThere, Comment(rawValue: GeneratedCheckpoints.missing)))
struct SegmenterOptionTests {
    private struct Masks: Decodable {
        struct Frame: Decodable {
            struct Object: Decodable, Equatable {
                var area: Int
                var score: Float?
                var segmentation: RunLengthMask
            }
            var objects: [Object]
        }
        var frames: [Frame]
    }

    private let checkpoints: GeneratedCheckpoints
    private let clip: TestClip

    init() throws {
        checkpoints = try GeneratedCheckpoints()
        clip = try TestClip(frameCount: 3)
    }

    private func removeAll() {
        checkpoints.remove()
        clip.remove()
    }

    private func segmenter(_ path: String, hqTokenOnly: Bool = false) throws -> SAMSegmenter {
        try SAMSegmenter(
            weights: Weights(TensorFile.open(URL(fileURLWithPath: path))), engine: OpenVINOEngine(), precision: .float32,
            hqTokenOnly: hqTokenOnly)
    }

    private func mask(_ prediction: MaskPrediction, of segmenter: SAMSegmenter) -> Mask {
        segmenter.mask(prediction.logits, size: ImageSize(width: 96, height: 72))
    }

    private func segment(_ arguments: [String]) throws -> [[Masks.Frame.Object]] {
        let outcome = try Program.run(
            ["segment", clip.frames, "--rle", clip.path("m.json"), "--precision", "float32", "--quiet"] + arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let file = try Data(contentsOf: URL(fileURLWithPath: clip.path("m.json")))
        return try JSONDecoder().decode(Masks.self, from: file).frames.map(\.objects)
    }

    /// The weights are arbitrary, so what is compared is whether the program asks as the paper does, not how good masks are.
    @Test("Segmenting a clip, with the paper's refinements unless others are asked for")
    func segment() throws {
        defer { removeAll() }
        var object = Mask(width: 96, height: 72)
        for y in 22..<50 { for x in 26..<54 { object[x, y] = true } }
        try ImageFile.writeMask(object, to: clip.path("object.png"))
        let base = ["--mask", "1:" + clip.path("object.png"), "--segmenter", try checkpoints.write("sam_vit_tiny_test")]
        let masks = try segment(base)
        #expect(masks.count == 3)
        #expect(masks[0][0].segmentation.mask == object)
        #expect(masks[1...].allSatisfy { $0[0].score != nil })
        #expect(try segment(base + ["--refinement", "12", "--no-previous-mask"]) == masks)
        #expect(try segment(base + ["--refinement", "0"]) != masks)
        #expect(try segment(base + ["--previous-mask-iou", "0"]).count == 3)
    }

    @Test("A box in a picture is given to the network as a box")
    func box() throws {
        defer { removeAll() }
        let path = try checkpoints.write("sam_vit_tiny_test")
        let outcome = try Program.run([
            "image", clip.frames + "/shot-0.png", "--box", "2,3,90,70", "--masks-out", clip.path("mask.png"), "--segmenter", path,
            "--precision", "float32",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let (segmenter, picture) = (try segmenter(path), try ImageFile.readRGB(clip.frames + "/shot-0.png"))
        let answer = try segmenter.frame(picture).predict([ObjectPrompt(points: [], box: Box(x0: 2, y0: 3, x1: 90, y1: 70))])[0]
        var expected = mask(answer, of: segmenter)
        for y in 0..<72 { for x in 0..<96 where !(2..<90).contains(x) || !(3..<70).contains(y) { expected[x, y] = false } }
        #expect(!expected.isEmpty)
        #expect(try ImageFile.readIndexMask(clip.path("mask.png")).mask(of: 1) == expected)
    }

    @Test("Clicks in a picture are refined by boxes, with and without SAM's mask", arguments: [false, true])
    func clicks(hqTokenOnly: Bool) throws {
        defer { removeAll() }
        let path = try checkpoints.write("sam_hq_vit_tiny_test")
        let (segmenter, picture) = (try segmenter(path, hqTokenOnly: hqTokenOnly), try ImageFile.readRGB(clip.frames + "/shot-0.png"))
        let points: [PointPrompt] = [.positive(40, 36), .positive(60, 20), .negative(5, 5)]
        let answer = try #require(
            try segmenter.frame(picture).predict([ObjectPrompt(points: points)], passes: PassSchedule(boxPasses: 12))[0])
        let expected = mask(answer, of: segmenter).keepingParts(touching: points.filter(\.isPositive).map(\.position))
        let outcome = try Program.run(
            [
                "image", clip.frames + "/shot-0.png", "--point", "40,36", "--point", "60,20", "--negative", "5,5", "--masks-out",
                clip.path("mask.png"), "--segmenter", path, "--precision", "float32",
            ] + (hqTokenOnly ? ["--hq-token-only"] : []))
        if expected.isEmpty {
            #expect(outcome.errors.contains("finds nothing"))
        } else {
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try ImageFile.readIndexMask(clip.path("mask.png")).mask(of: 1) == expected)
        }
    }

    @Test("Evaluating")
    func evaluate() throws {
        defer { removeAll() }
        for kind in ["JPEGImages", "Annotations"] {
            try FileManager.default.createDirectory(atPath: clip.path("\(kind)/480p"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: clip.frames, toPath: clip.path("\(kind)/480p/disk"))
        }
        for index in 0..<3 {
            var truth = Mask(width: 96, height: 72)
            for y in 22..<50 { for x in (26 + index)..<(54 + index) { truth[x, y] = true } }
            try ImageFile.writeMask(truth, to: clip.path("Annotations/480p/disk/shot-\(index).png"))
        }
        try Data("disk\n".utf8).write(to: URL(fileURLWithPath: clip.path("list.txt")))
        let outcome = try Program.run([
            "evaluate", "davis2016", "--root", clip.folder.path, "--list", clip.path("list.txt"), "--json", clip.path("scores.json"),
            "--masks", clip.path("masks"), "--segmenter", checkpoints.write("sam_vit_tiny_test"), "--tracker", "lucas-kanade",
            "--refinement", "1",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("disk"))
        #expect(clip.contents("masks/disk").count == 3)
        #expect(clip.exists("scores.json"))
    }
}

@Suite(
    "Segmenters that cannot be had end with a sentence that says what to do",
    .enabled(if: GeneratedCheckpoints.areThere, Comment(rawValue: GeneratedCheckpoints.missing)))
struct SegmenterOptionErrorTests {
    private let checkpoints: GeneratedCheckpoints
    private let clip: TestClip

    init() throws {
        checkpoints = try GeneratedCheckpoints()
        clip = try TestClip(frameCount: 1)
    }

    private func expect(
        _ status: CommandStatus, _ messages: [String], _ segmenter: String, _ more: [String] = [],
        location: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try Program.run(
            ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("out.json"), "--segmenter", segmenter] + more,
            environment: ["SAMPT_MODELS": checkpoints.path("store")])
        #expect(outcome.status == status.rawValue, "\(outcome.errors)", sourceLocation: location)
        for message in messages { #expect(outcome.errors.contains(message), "\(outcome.errors)", sourceLocation: location) }
        #expect(!clip.exists("out.json"), sourceLocation: location)
        #expect(clip.contents("").filter { $0.contains(".part-") }.isEmpty, sourceLocation: location)
    }

    @Test("Names")
    func names() throws {
        try expect(.usage, ["Known are nano, sam-vit-b, sam-vit-l, sam-vit-h, hq-sam-vit-b", "Did you mean mobile-sam?"], "mobil-sam")
        try expect(.usage, ["cotracker-s4-w8 is a point tracker (CoTracker), not a segmenter"], "cotracker-s4-w8")
        try expect(.missingInput, ["mobile-sam (MobileSAM (TinyViT)) is not in", "sampt models pull mobile-sam"], "mobile-sam")
        try expect(.usage, ["--hq-token-only needs an HQ-SAM segmenter, not nano"], "nano", ["--hq-token-only"])
    }

    @Test("Files that are no checkpoints")
    func files() throws {
        try expect(.missingInput, ["absent.pth: cannot be read: No such file"], checkpoints.path("absent.pth"))
        try expect(.missingInput, ["it is not a file"], checkpoints.folder.path)
        try Data("<html>not found</html>".utf8).write(to: URL(fileURLWithPath: checkpoints.path("page.pth")))
        try expect(.invalidInput, ["page.pth: is not a checkpoint", "it is a web page"], checkpoints.path("page.pth"))
        let whole = try Data(contentsOf: URL(fileURLWithPath: checkpoints.write("sam_vit_tiny_test")))
        try whole.prefix(whole.count * 2 / 3).write(to: URL(fileURLWithPath: checkpoints.path("cut.safetensors")))
        try expect(
            .invalidInput, ["cut.safetensors: the tensor ", " is damaged: its bytes lie outside the file"],
            checkpoints.path("cut.safetensors"))
    }

    @Test("Checkpoints of other networks, and incomplete ones")
    func others() throws {
        try expect(
            .invalidInput, ["is no checkpoint of a known segmenter", "image_encoder.pos_embed", "MobileSAM"],
            checkpoints.write("cotracker_v1", limit: 100_000))
        try expect(
            .invalidInput, ["lacks the tensor mask_decoder.iou_token.weight"],
            checkpoints.write("sam_vit_tiny_test", as: "part.safetensors", without: "mask_decoder.iou_token.weight"))
        try expect(
            .invalidInput, ["nan.safetensors: the tensor image_encoder.pos_embed has weights that are no finite numbers"],
            checkpoints.write("sam_vit_tiny_test", as: "nan.safetensors", spoilt: "image_encoder.pos_embed"))
        try expect(.usage, ["--hq-token-only needs an HQ-SAM segmenter;"], checkpoints.write("sam_vit_tiny_test"), ["--hq-token-only"])
    }

    @Test("Weights of one's own in the store are used under the model's name")
    func imported() throws {
        let environment = ["SAMPT_MODELS": checkpoints.path("store")]
        let own = try checkpoints.write("sam_vit_tiny_test")
        #expect(try Program.run(["models", "import", own, "--name", "sam-vit-b"], environment: environment).status == 0)
        let outcome = try Program.run(
            ["image", clip.frames + "/shot-0.png", "--box", "2,3,90,70", "--masks-out", clip.path("mask.png"), "--segmenter", "sam-vit-b"],
            environment: environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}

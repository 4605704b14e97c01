import Foundation
import Inference
import InferenceOpenVINO
import Media
import TensorFiles
import TestSupport
import Testing

@testable import Segmenters

/// Telling checkpoints apart and refusing wrong ones; no network runs.
@Suite(.enabled(if: ParityCase.named("sam_hq_vit_tiny_test") != nil, Comment(rawValue: ParityCase.missing)))
struct SAMCheckpointTests {
    /// A source with some tensors changed: nil removes one, a shape replaces it.
    private struct Changed: TensorSource {
        let source: any TensorSource
        let changes: [String: [Int]?]
        var name: String { "changed.pth" }
        var fingerprint: String { "changed" }
        var tensorNames: [String] { source.tensorNames }
        func shape(of tensor: String) -> [Int]? { changes[tensor] ?? source.shape(of: tensor) }
        func tensor(_ name: String) throws -> Tensor { try source.tensor(name) }
    }

    private func weights(_ name: String, _ changes: [String: [Int]?] = [:]) throws -> Weights {
        Weights(Changed(source: try #require(ParityCase.named(name)).weights().source, changes: changes))
    }

    @Test(arguments: [
        ("sam_vit_b", "sam-vit-b"), ("sam_hq_vit_b", "hq-sam-vit-b"), ("mobile_sam", "mobile-sam"), ("sam_hq_vit_tiny", "light-hq-sam"),
        ("sam_vit_tiny_test", "sam-vit"),
    ]) func architecturesAreRecognised(parity: String, name: String) throws {
        #expect(try SAMArchitecture(weights(parity)).name == name)
    }

    @Test func sizesAreRead() throws {
        let sides = (0..<12).map { [2, 5, 8, 11].contains($0) ? 64 : 14 }
        #expect(try SAMArchitecture(weights("sam_vit_b")).encoder == .viT(.init(width: 768, heads: 12, attentionSides: sides)))
        #expect(
            try SAMArchitecture(weights("mobile_sam")).encoder
                == .tinyViT(.init(widths: [64, 128, 160, 320], depths: [2, 2, 6, 2], heads: [4, 5, 10], windows: [7, 14, 7])))
    }

    @Test(arguments: [
        ("sam_vit_tiny_test", "image_encoder.blocks.2.attn.proj.bias"), ("sam_vit_tiny_test", "mask_decoder.iou_token.weight"),
        ("sam_hq_vit_tiny_test", "mask_decoder.compress_vit_feat.3.weight"),
        ("mobile_sam", "image_encoder.layers.2.blocks.5.local_conv.bn.running_var"),
        ("sam_vit_tiny_test", "prompt_encoder.not_a_point_embed.weight"), ("sam_vit_tiny_test", "image_encoder.blocks.0.attn.rel_pos_h"),
    ]) func absentAndMisshapenTensorsAreNamed(parity: String, tensor: String) throws {
        #expect(throws: TensorFileError.missingTensor(file: "changed.pth", tensor: tensor)) {
            try SAMNetwork(weights(parity, [tensor: nil]))
        }
        let wrong = [3, 5]
        do {
            _ = try SAMNetwork(weights(parity, [tensor: wrong]))
            Issue.record("a wrong shape of \(tensor) is accepted")
        } catch TensorFileError.shapeMismatch(_, let named, _, let found) {
            #expect(named == tensor && found == wrong)
        }
    }

    @Test func otherFilesAreRefused() throws {
        let others = try weights("sam_vit_tiny_test", ["image_encoder.pos_embed": nil])
        #expect { try SAMNetwork(others) } throws: { error in
            guard case SegmenterError.unknownCheckpoint(file: "changed.pth", reason: _) = error else { return false }
            return true
        }
    }
}

/// The segmenter as the pipeline uses it, with the reduced network of the parity cases.
@Suite(.serialized, .enabled(if: ParityCase.named("sam_hq_vit_tiny_test") != nil, Comment(rawValue: ParityCase.missing)))
struct SAMSegmenterTests {
    private static let image = RGBImage(width: 96, height: 54, pixels: (0..<(3 * 96 * 54)).map { UInt8(truncatingIfNeeded: $0 * $0 / 61) })

    private func segmenter(_ name: String = "sam_hq_vit_tiny_test", hqTokenOnly: Bool = false) throws -> SAMSegmenter {
        try SAMSegmenter(
            weights: #require(ParityCase.named(name)).weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32,
            hqTokenOnly: hqTokenOnly)
    }

    /// Empty slots must not count: an object among others with more points gets the answer it gets alone.
    @Test func batchesAnswerLikeSinglePrompts() throws {
        try withMemoryToItself {
            let frame = try segmenter().frame(Self.image)
            let first = try frame.predict([ObjectPrompt(points: [.positive(20, 20)])])[0]
            let prompts = [
                ObjectPrompt(points: [.positive(20, 20)]),
                ObjectPrompt(points: (0..<11).map { .positive(Float($0) * 8 + 3, 30) } + [.negative(90, 50)]),
                ObjectPrompt(points: [.positive(50, 10)], box: Box(x0: 10, y0: 5, x1: 60, y1: 40)),
                ObjectPrompt(points: [.positive(50, 10)], box: Box(x0: 10, y0: 5, x1: 60, y1: 40), previousLogits: first.logits),
                ObjectPrompt(points: [], box: Box(x0: 10, y0: 5, x1: 60, y1: 40)),
            ]
            let together = try frame.predict(prompts)
            #expect(together.count == prompts.count)
            for (prompt, answer) in zip(prompts, together) {
                let alone = try frame.predict([prompt])[0]
                #expect(relativeL2(answer.logits.values, alone.logits.values) < 1e-5)
                #expect(abs(answer.predictedIoU - alone.predictedIoU) < 1e-5)
            }
            // The answers differ from each other, so that the comparison means something.
            #expect(relativeL2(together[0].logits.values, together[1].logits.values) > 0.01)
        }
    }

    private struct Still: FrameSource {
        let name = "still"
        var size: ImageSize { SAMSegmenterTests.image.size }
        var frameCount = 1
        var timing: VideoTiming { VideoTiming(constantRate: 25, count: frameCount) }
        func frame(at index: Int) throws -> RGBImage { SAMSegmenterTests.image }
    }

    @Test func framesAreEncodedOnce() throws {
        try withMemoryToItself {
            let (segmenter, video) = (try segmenter(), FrameStore(Still()))
            let frame = try segmenter.frame(0, of: video)
            let again = try segmenter.frame(0, of: video)
            let prompt = ObjectPrompt(points: [.positive(40, 20)])
            #expect(try frame.predict([prompt])[0].logits == again.predict([prompt])[0].logits)
            #expect(frame.size == Self.image.size)
            let picture = try segmenter.frame(Self.image)
            #expect(try picture.predict([prompt])[0].logits == frame.predict([prompt])[0].logits)
            #expect(video.computations(of: segmenter.encoderKey) == 1)
        }
    }

    /// What the pass backwards has encoded, the one forwards reads from the temporary file, whole.
    @Test(arguments: ["sam_hq_vit_tiny_test", "sam_vit_tiny_test"]) func framesThatLeaveTheCacheAreKept(parity: String) throws {
        try withMemoryToItself {
            let (segmenter, video) = (try segmenter(parity), FrameStore(Still(frameCount: 3), capacity: 1))
            let kept = video.keepFeatures(of: 0..<3)
            defer { withExtendedLifetime(kept) {} }
            let prompt = ObjectPrompt(points: [.positive(40, 20)])
            let first = try segmenter.frame(2, of: video).predict([prompt])[0]
            for index in [1, 0, 1] { _ = try segmenter.frame(index, of: video) }
            let again = try segmenter.frame(2, of: video).predict([prompt])[0]
            #expect(first.logits == again.logits)
            #expect(first.predictedIoU == again.predictedIoU)
            #expect(video.computations(of: segmenter.encoderKey) == 3)
        }
    }

    @Test func storedFeaturesOfAnotherLengthAreRefused() throws {
        let tensors = ["embedding": 256, "keys": 128, "values": 128, "queries": 128].mapValues {
            Tensor(shape: [4096, $0], repeating: Float($0))
        }
        let features = SAMFrameEncoder.Features(grid: SAMInputGrid(frame: Self.image.size), tensors: tensors)
        let bytes = features.storedBytes
        let read = try #require(SAMFrameEncoder.Features(storedBytes: bytes, frame: Self.image.size))
        #expect(read.tensors.mapValues(\.shape) == tensors.mapValues(\.shape))
        #expect(read.tensors["keys"]?.values == tensors["keys"]?.values)
        for other in [Data(), bytes.dropLast(4), bytes + Data(count: 4), bytes.prefix(4096 * 256 * 4)] {
            #expect(SAMFrameEncoder.Features(storedBytes: Data(other), frame: Self.image.size) == nil)
        }
    }

    /// Bounds are those of the mask, whatever rows are skipped.
    @Test func boundsAreThoseOfTheMask() throws {
        for size in [ImageSize(width: 96, height: 54), ImageSize(width: 1024, height: 300), ImageSize(width: 120, height: 1500)] {
            let upsampler = SAMSegmenter.upsampler(size)
            for i in 0..<20 {
                let (x, y, r) = (i * 97 % 256, i * 61 % 256, i * 37 % 31)
                let logits = (0..<65536).map { i in Float(r * r - (i % 256 - x) * (i % 256 - x) - (i / 256 - y) * (i / 256 - y)) }
                let mask = upsampler.mask(logits)
                let inside = mask.values.indices.filter { mask.values[$0] != 0 }
                let found = upsampler.bounds(logits)
                #expect((found?.pixels ?? 0) == inside.count)
                guard let found else { continue }
                let (columns, rows) = (inside.map { $0 % size.width }, inside.map { $0 / size.width })
                #expect(
                    found.box
                        == Box(
                            x0: Float(columns.min()!), y0: Float(rows.min()!), x1: Float(columns.max()! + 1), y1: Float(rows.max()! + 1)))
            }
        }
    }

    /// Of an HQ checkpoint: the sum is SAM's and HQ-SAM's mask.
    @Test func maskOfHQAloneIsAPartOfTheSum() throws {
        try withMemoryToItself {
            let prompt = ObjectPrompt(points: [.positive(20, 20), .negative(80, 40)])
            let sum = try segmenter().frame(Self.image).predict([prompt])[0]
            let alone = try segmenter(hqTokenOnly: true).frame(Self.image).predict([prompt])[0]
            #expect(sum.predictedIoU == alone.predictedIoU)
            #expect(relativeL2(sum.logits.values, alone.logits.values) > 0.01)
        }
    }
}

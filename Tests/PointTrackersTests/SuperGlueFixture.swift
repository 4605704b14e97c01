import Inference
import InferenceOpenVINO
import Media
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// The reference's weights and pictures.
struct SuperGlueFixture {
    let source: any TensorSource
    let size = ImageSize(width: 128, height: 96)

    init() throws { source = try #require(ParityCase.named("superpoint_superglue")).weights().source }

    static let engine = Result { try OpenVINOEngine(.init(cacheFolder: nil)) }

    /// One for most tests: compiling takes longer than running.
    static let shared = Result {
        try SuperGlueFixture().make { _ in }
    }

    func make(_ source: (any TensorSource)? = nil, _ change: (inout SuperGlueTracker.Options) -> Void) throws -> SuperGlueTracker {
        var options = SuperGlueTracker.Options()
        change(&options)
        let weights = Weights(source ?? self.source)
        return try SuperGlueTracker(
            detector: weights["superpoint"], matcher: weights["superglue"], engine: Self.engine.get(), precision: .float32, options: options
        )
    }

    /// The reference's pictures in turn: even frames show the first, odd ones the second.
    func source(_ frames: Int) throws -> ClipSource {
        let inputs = try #require(ParityCase.named("superpoint_superglue")).inputs()
        let pictures = try (0..<2).map { picture in
            let gray = try inputs.tensor("image\(picture)")
            return RGBImage(
                width: gray.shape[3], height: gray.shape[2], pixels: gray.values.flatMap { [UInt8](repeating: UInt8($0), count: 3) })
        }
        return ClipSource(pictures, count: frames)
    }

    func clip(_ frames: Int) throws -> FrameStore { FrameStore(try source(frames)) }

    /// Pairs of key points between the first two frames, in pixels of the frame.
    func pairs(_ tracker: SuperGlueTracker, _ video: FrameStore) throws -> [MatchedMotion.Match] {
        let (first, second) = (try video.value(of: tracker.processor, at: 0), try video.value(of: tracker.processor, at: 1))
        return MatchedMotion.matches(first, second, try tracker.matcher(first, second)).map {
            .init(from: $0.from + 0.5, to: $0.to + 0.5, score: $0.score)
        }
    }
}

import Foundation
import Media
import SAMPT

/// Runs the pipeline on DAVIS-2016 sequences from the mask of each first frame and scores it as it goes.
public struct DAVIS2016Evaluation: Sendable {
    public var segmenter: VideoSegmenter
    /// Where masks are written, `<folder>/<sequence>/<frame>.png`; nil: nowhere.
    public var masksFolder: String?

    public init(segmenter: VideoSegmenter, masksFolder: String? = nil) {
        self.segmenter = segmenter
        self.masksFolder = masksFolder
    }

    /// - Parameter progress: called with the frames done and in all.
    public func run(_ sequence: DAVIS2016.Sequence, progress: (@Sendable (Int, Int) -> Void)? = nil) async throws -> SequenceScore {
        let video = try FrameFolder(name: sequence.name.text, paths: sequence.frames)
        let first = try ImageFile.readIndexMask(sequence.annotations[0]).foreground
        let object = ObjectQuery(id: 1, name: sequence.name.text, prompt: .mask(first))
        var scorer = SequenceScorer(frameCount: sequence.frames.count)
        let folder = try masksFolder.map { try Self.makeFolder($0, sequence.name) }
        for try await result in segmenter.segment(video, objects: [object]) {
            let annotation = sequence.annotations[result.frameIndex]
            if scorer.scoredFrames.contains(result.frameIndex) {
                let truth = try ImageFile.readIndexMask(annotation).foreground
                guard truth.size == video.size else {
                    throw MediaError.frameSizeDiffers(path: annotation, expected: video.size, found: truth.size)
                }
                scorer.add(
                    frame: result.frameIndex, prediction: result.objects[0].mask, truth: truth, confidence: result.objects[0].confidence)
            }
            if let folder {
                let file = folder.appendingPathComponent(URL(fileURLWithPath: annotation).lastPathComponent)
                try ImageFile.writeIndexMask(result.indexMask, to: file.path)
            }
            progress?(result.frameIndex + 1, sequence.frames.count)
        }
        return scorer.score
    }

    private static func makeFolder(_ folder: String, _ sequence: VideoName) throws -> URL {
        let url = URL(fileURLWithPath: folder).appendingPathComponent(sequence.text)
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw MediaError.unwritable(path: url.path, reason: AtomicFile.reason(error))
        }
        return url
    }
}

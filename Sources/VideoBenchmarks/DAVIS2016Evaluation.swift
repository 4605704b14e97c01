import Foundation
import Media
import SAMPT
import Support

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
    /// - Returns: the score, and why a mask could not be written; those after it are not written.
    public func run(
        _ sequence: DAVIS2016.Sequence, progress: (@Sendable (Int, Int) -> Void)? = nil
    ) async throws -> (score: SequenceScore, unwritten: (any Error)?) {
        let video = try FrameFolder(name: sequence.name.text, paths: sequence.frames)
        let first = try ImageFile.readIndexMask(sequence.annotations[0]).foreground
        let object = ObjectQuery(id: 1, name: sequence.name.text, prompt: .mask(first))
        var scorer = SequenceScorer(frameCount: sequence.frames.count)
        var unwritten: (any Error)?
        var folder: OutputFolder?
        do { folder = try masksFolder.map { try OutputFolder($0 + "/" + sequence.name.text) } } catch { unwritten = error }
        if let folder { PartFile.removeLeftovers(in: folder.path, pathExtension: "png") }
        let names = sequence.resultNames
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
            if let masksFolder, unwritten == nil {
                do { try ImageFile.writeIndexMask(result.indexMask, to: masksFolder + "/" + names[result.frameIndex]) } catch {
                    unwritten = error
                }
            }
            progress?(result.frameIndex + 1, sequence.frames.count)
        }
        return (scorer.score, unwritten)
    }
}

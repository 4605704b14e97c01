import Media
import SAMPT
import Segmenters

/// Forwards to SAM and writes down what goes through, object by object.
struct RecordingSegmenter: PromptableSegmenter {
    let segmenter: SAMSegmenter
    let log: CallLog
    /// False has the refinement boxes scaled where the run asks for the published code's unscaled ones.
    var letsBoxesUnscaled = true

    var name: String { segmenter.name }
    var abilities: SegmenterAbilities { segmenter.abilities }

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
        log.beginFrame()
        return Frame(frame: try segmenter.frame(index, of: video), index: index, segmenter: self)
    }

    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { segmenter.frameLogits(logits, size: size) }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { segmenter.mask(logits, size: size) }

    private struct Frame: SegmentableFrame {
        let frame: any SegmentableFrame
        let index: Int
        let segmenter: RecordingSegmenter

        var size: ImageSize { frame.size }
        var inputScale: SIMD2<Float> { segmenter.letsBoxesUnscaled ? frame.inputScale : SIMD2(1, 1) }

        func bounds(of logits: MaskLogits) -> (box: Box, pixels: Int)? { frame.bounds(of: logits) }

        func predict(_ prompts: [ObjectPrompt]) throws -> [MaskPrediction] {
            let answers = try frame.predict(prompts)
            segmenter.log.add(prompts, answers, frame: index)
            return answers
        }
    }
}

/// Writes down what a rule is asked and what it answers.
struct RecordingRule: ReinitializationRule {
    let rule: any ReinitializationRule
    let log: CallLog

    func frames(of window: ReinitializationWindow) -> [Int] {
        let chosen = rule.frames(of: window)
        log.add(window.areas, chosen: chosen)
        return chosen
    }
}

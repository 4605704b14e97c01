import ArgumentParser
import Inference
import SAMPT
import SegmentationJobs
import Segmenters
import TensorFiles

/// Which segmenter runs.
package struct SegmenterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The segmenter: nano (built in), the name of a published model as "sampt models list" shows it (sam-vit-h, mobile-sam, \
            hq-sam-vit-l, ...), or a checkpoint file of SAM, HQ-SAM, MobileSAM or Light HQ-SAM (.pth, .pt, .safetensors); which of them \
            it is, its tensors tell. (default: the preset's, or nano)
            """,
            valueName: "name or file"))
    var segmenter: String?

    @Flag(help: "Of an HQ-SAM or Light HQ-SAM segmenter: take its high-quality mask alone, without SAM's added.")
    package var hqTokenOnly = false

    package func validate() throws {
        if let segmenter { _ = try ModelChoice.segmenter(segmenter) }
    }

    /// The options that were given, as they are written.
    var given: [String] { (segmenter == nil ? [] : ["--segmenter"]) + (hqTokenOnly ? ["--hq-token-only"] : []) }

    /// - Parameter name: from the settings.
    /// - Throws: `ValidationError` for an unknown name, `CommandError.usage` where the built-in segmenter cannot do what is asked.
    package func choice(_ name: String) throws -> ModelChoice {
        let choice = try ModelChoice.segmenter(name, option: segmenter == nil ? "the setting segmenter" : "--segmenter")
        if case .builtIn = choice, hqTokenOnly { throw CommandError.usage("--hq-token-only needs an HQ-SAM segmenter, not nano.") }
        return choice
    }

    /// Its parts whose precision can be chosen.
    static let parts: [NetworkOptions.Part] = [.encoder, .decoder]

    /// - Parameters:
    ///   - weights: of the checkpoint; nil for the built-in segmenter.
    ///   - encoder: the built-in segmenter's, which a tracker may share.
    func make(
        _ weights: Weights?, engine: any InferenceEngine, networks: NetworkOptions, encoder: @autoclosure () throws -> NanoFrameEncoder
    ) throws -> any PromptableSegmenter {
        guard let weights else { return try NanoPrompt(engine: engine, encoder: encoder(), precision: networks.precision(of: .decoder)) }
        let segmenter = try SAMSegmenter(
            weights: weights, engine: engine, precision: networks.precision(of: .encoder),
            decoderPrecision: networks.precision(of: .decoder),
            hqTokenOnly: hqTokenOnly)
        guard segmenter.architecture.isHQ || !hqTokenOnly else {
            throw CommandError.usage("--hq-token-only needs an HQ-SAM segmenter; \(weights.source.name) is \(segmenter.name).")
        }
        return segmenter
    }

    package init() {}
}

import ArgumentParser
import SegmentationJobs
import Segmenters

/// Which segmenter runs.
package struct SegmenterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The segmenter: \(SegmenterFamily.nanoPrompt.name) (built in), the name of a published model as "sampt models list" shows it (sam-vit-h, mobile-sam, \
            hq-sam-vit-l, ...), or a checkpoint file of \(SegmenterFamily.learned(joinedBy: "or")) (.pth, .pt, .safetensors); which of them \
            it is, its tensors tell. (default: the preset's, or nano)
            """,
            valueName: "name or file"))
    var segmenter: String?

    @Flag(help: "Of an HQ-SAM or Light HQ-SAM segmenter: take its high-quality mask alone, without SAM's added.")
    package var hqTokenOnly = false

    package func validate() throws {
        if let segmenter { try validating { try ModelChoice.segmenter(segmenter) } }
    }

    /// The options that were given, as they are written.
    var given: [String] { (segmenter == nil ? [] : ["--segmenter"]) + (hqTokenOnly ? ["--hq-token-only"] : []) }

    /// - Parameter name: from the settings.
    /// - Throws: `CommandError.usage` for an unknown name, and where the built-in segmenter cannot do what is asked.
    package func choice(_ name: String) throws -> ModelChoice {
        let choice = try ModelChoice.segmenter(name, option: segmenter == nil ? "the setting segmenter" : "--segmenter")
        if case .builtIn = choice, hqTokenOnly {
            throw CommandError.usage("--hq-token-only needs an HQ-SAM segmenter, not \(SegmenterFamily.nanoPrompt.name).")
        }
        return choice
    }

    package init() {}
}

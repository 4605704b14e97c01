import ArgumentParser
import SAMPT
import Segmenters

/// The options of the four steps of SAM-PT.
struct MethodOptions: ParsableArguments {
    @Option(help: "Positive query points sampled on each object, 1 to 1000.")
    var positivePoints = VideoSegmenterOptions().positivePoints
    @Option(help: "Negative query points sampled around each object, 0 to 1000.")
    var negativePoints = VideoSegmenterOptions().negativePoints
    @Option(help: "How positive points are chosen: random, kmedoids, shi-tomasi or mixed.")
    var positiveMethod = VideoSegmenterOptions().positivePointMethod
    @Option(help: "How negative points are chosen: random, kmedoids, shi-tomasi or mixed.")
    var negativeMethod = VideoSegmenterOptions().negativePointMethod
    @Option(help: "Let points prompt when the tracker is at least this sure of them, 0 to 1.")
    var promptConfidence = VideoSegmenterOptions().promptConfidence ?? 0
    @Option(help: ArgumentHelp(
        """
        Decoder passes that refine the mask of the one before, 0 to 100: for SAM networks those after the two with points alone, each \
        with the box around the mask; for nano those after the first. (default: 12 for SAM networks, 1 for nano)
        """,
        valueName: "n"))
    var refinement: Int?
    @Option(help: ArgumentHelp(
        """
        Take the mask of the frame before in place of the first decoder pass when the segmenter expected this intersection over union \
        of it, 0 to 1. (default: never for SAM networks, 0.6 for nano)
        """,
        valueName: "iou"))
    var previousMaskIou: Float?
    @Flag(help: "Run the first decoder pass in every frame, as the paper does, and never start from the mask of the frame before.")
    var noPreviousMask = false
    @Option(help: "Leave a mask empty when the segmenter expects a lower intersection over union with the truth, 0 to 1.")
    var iouThreshold = VideoSegmenterOptions().predictedIoUThreshold
    @Option(help: "Sample points anew from the predicted mask every so many frames.")
    var horizon = VideoSegmenterOptions().reinitializationHorizon
    @Option(help: "Sample points anew only from masks that the segmenter expects to have this intersection over union, 0 to 1.")
    var reinitIouThreshold = VideoSegmenterOptions().reinitializationIoUThreshold
    @Flag(inversion: .prefixedNo, help: "Whether points are sampled anew at all.")
    var reinit = true
    @Flag(inversion: .prefixedNo, help: "Whether the segmenter is shown how the object looked in its query frame, where it can use that.")
    var memory = VideoSegmenterOptions().usesAppearanceMemory
    @Flag(inversion: .prefixedNo, help: "Whether points of other objects serve as negative points.")
    var otherNegatives = VideoSegmenterOptions().usesOtherObjectsAsNegatives
    @Flag(help: "Track from the query frames forwards only.")
    var forwardOnly = false
    @Option(help: "Seeds every random choice; the same seed gives the same bytes.")
    var seed = VideoSegmenterOptions().seed

    func validate() throws {
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            guard range.contains(value) else { throw ValidationError("--\(name) must be between \(range.lowerBound) and \(range.upperBound).") }
        }
        try check("positive-points", positivePoints, 1...1000)
        try check("negative-points", negativePoints, 0...1000)
        if let refinement { try check("refinement", refinement, 0...100) }
        try check("horizon", horizon, 1...1_000_000)
        guard (0...1).contains(iouThreshold) else { throw ValidationError("--iou-threshold must be between 0 and 1.") }
        guard (0...1).contains(previousMaskIou ?? 0) else { throw ValidationError("--previous-mask-iou must be between 0 and 1.") }
        guard (0...1).contains(promptConfidence) else { throw ValidationError("--prompt-confidence must be between 0 and 1.") }
        guard (0...1).contains(reinitIouThreshold) else { throw ValidationError("--reinit-iou-threshold must be between 0 and 1.") }
    }

    /// The options for a segmenter; what the user did not give suits it.
    func options(for segmenter: any PromptableSegmenter) -> VideoSegmenterOptions {
        var options = VideoSegmenterOptions(for: segmenter)
        options.positivePoints = positivePoints
        options.negativePoints = negativePoints
        options.positivePointMethod = positiveMethod
        options.negativePointMethod = negativeMethod
        options.promptConfidence = promptConfidence
        if let refinement { options.refinementIterations = refinement }
        if let previousMaskIou { options.previousMaskIoUThreshold = previousMaskIou }
        if noPreviousMask { options.previousMaskIoUThreshold = nil }
        options.predictedIoUThreshold = iouThreshold
        options.reinitialization = reinit ? .rolling : nil
        options.reinitializationHorizon = horizon
        options.reinitializationIoUThreshold = reinitIouThreshold
        options.usesAppearanceMemory = memory
        options.usesOtherObjectsAsNegatives = otherNegatives
        options.tracksBackward = !forwardOnly
        options.seed = seed
        return options
    }
}

extension PointSelectionMethod: ExpressibleByArgument {}

import Foundation
import Inference
import InferenceOpenVINO
import Media
import PointTrackers
import Segmenters
import TensorFiles
import TestSupport
import Testing

@testable import SAMPT

/// A case of the reference data about everything between frames and masks.
struct PipelineCase: Sendable, CustomTestStringConvertible {
    struct Config: Decodable {
        var samIouThreshold: Float
        var positivePointsPerMask: Int
        var negativePointsPerMask: Int
        var addOtherObjectsPositivePointsAsNegativePoints: Bool
        var maxOtherObjectsPositivePoints: Int?
        var pointTrackerMaskBatchSize: Int
        var iterativeRefinementIterations: Int
        var usePatchMatchingFiltering: Bool
        var patchSize: Int
        var patchSimilarityThreshold: Float
        var usePointReinit: Bool
        var reinitPointTrackerHorizon: Int
        var reinitHorizon: Int
        var reinitVariant: String
        var tracker: String
        var trackerWeights: String?
        var frames: Int
        var frameSize: [Int]
        var upscale: Int
        var targetHW: [Int]
        var detail: Detail
        var labels: [Int]?
        var labelFrames: [Int]?
        var masksBatchSize: Int?

        struct Detail: Decodable {
            var window: Int
            var frame: Int
        }
    }

    let data: ParityCase
    let config: Config
    var testDescription: String { data.name }

    static let all = ParityCase.cases(of: "pipeline").compactMap { data in
        (try? data.config(Config.self)).map { PipelineCase(data: data, config: $0) }
    }

    var size: ImageSize { ImageSize(width: config.frameSize[1], height: config.frameSize[0]) }
    var target: ImageSize { ImageSize(width: config.targetHW[1], height: config.targetHW[0]) }

    /// The settings of the reference, its quirks included.
    func options() throws -> VideoSegmenterOptions {
        var options = VideoSegmenterOptions()
        // Calls are written down in the order in which frames are prepared.
        options.overlapsSteps = false
        options.queryPoints.positiveMethod = .even
        options.queryPoints.negativeMethod = .even
        options.queryPoints.negativeRegion = .background
        options.queryPoints.positives = config.positivePointsPerMask
        options.queryPoints.negatives = config.negativePointsPerMask
        options.queryPoints.margin = 0
        options.queryPoints.followsClicksOnly = true
        options.tracking.promptConfidence = nil
        options.tracking.borderShare = 0.01
        options.tracking.objectsPerGroup = config.pointTrackerMaskBatchSize
        if config.usePatchMatchingFiltering {
            options.tracking.patchFilter = PatchFilter(size: config.patchSize, threshold: config.patchSimilarityThreshold)
        }
        options.prompting.refinements = config.iterativeRefinementIterations
        options.prompting.previousMaskIoU = nil
        options.prompting.minimumIoU = config.samIouThreshold
        options.prompting.usesOtherObjectsAsNegatives = config.addOtherObjectsPositivePointsAsNegativePoints
        options.prompting.maximumOtherNegatives = config.maxOtherObjectsPositivePoints
        options.prompting.removesSpecks = false
        options.prompting.usesAppearanceMemory = false
        options.reinitialization.variant = nil
        options.reinitialization.horizon = config.reinitHorizon
        options.reinitialization.trackerHorizon = config.reinitPointTrackerHorizon
        options.reinitialization.minimumIoU = 0
        options.referenceQuirks = true
        if config.usePointReinit {
            let variants: [String: ReinitializationVariant] = [
                "reinit-on-horizon-and-sync-masks": .horizon, "reinit-at-median-of-area-diff": .medianArea,
                "reinit-on-similar-mask-area": .similarArea, "reinit-on-similar-mask-area-and-sync-masks": .similarAreaInStep,
            ]
            options.reinitialization.variant = variants[config.reinitVariant]
        }
        return options
    }

    /// The frames, every stored pixel repeated.
    func clip() throws -> StoredClip { StoredClip(try data.inputs().tensor("frames"), upscale: config.upscale) }

    func segmenter(_ log: CallLog) throws -> RecordingSegmenter {
        let sam = try SAMSegmenter(weights: data.weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32)
        return RecordingSegmenter(segmenter: sam, log: log)
    }

    func tracker(_ log: CallLog) throws -> any PointTracker {
        switch config.tracker {
        case "table":
            let (positions, visibilities) = (try data.inputs().tensor("tableTrajectories"), try data.inputs().tensor("tableVisibilities"))
            let queries = try data.inputs().tensor("queryPoints").values
            let (frames, count) = (positions.shape[0], positions.shape[1])
            let columns = (0..<count).map { column in
                ScriptedTracker.Column(
                    queryFrame: Int(queries[3 * column]),
                    positions: (0..<frames).map {
                        SIMD2(positions.values[2 * ($0 * count + column)], positions.values[2 * ($0 * count + column) + 1])
                    },
                    isVisible: (0..<frames).map { visibilities.values[$0 * count + column] != 0 })
            }
            return ScriptedTracker(script: .table(columns: columns), log: log)
        case "drift":
            return ScriptedTracker(script: .drift(countsSteps: config.usePointReinit), log: log)
        default:
            let path = try #require(config.trackerWeights)
            let folder = data.folder.appendingPathComponent(path).standardizedFileURL.deletingLastPathComponent()
            return try PIPsTracker(
                weights: ParityCase(folder: folder).weights(), engine: OpenVINOEngine(.init(cacheFolder: nil)), precision: .float32)
        }
    }

    /// Objects marked by points, rows of (frame, x, y) with pixel centres at whole numbers.
    func queries(_ points: Tensor) -> [ObjectQuery] {
        let (values, perObject) = (points.values, points.shape[1])
        return (0..<points.shape[0]).map { object in
            let clicks = (0..<perObject).map { point in
                let i = 3 * (object * perObject + point)
                return PointPrompt(SIMD2(values[i + 1], values[i + 2]) + 0.5, isPositive: point < config.positivePointsPerMask)
            }
            return ObjectQuery(id: object + 1, frame: Int(values[3 * object * perObject]), prompt: .points(clicks))
        }
    }
}

/// Frames of the reference data, frame x channel x row x column, each pixel repeated `upscale` times in both directions.
struct StoredClip: FrameSource {
    let size: ImageSize
    let frameCount: Int
    let name = "clip"
    private let stored: Tensor
    private let upscale: Int

    init(_ frames: Tensor, upscale: Int) {
        (stored, self.upscale) = (frames, upscale)
        frameCount = frames.shape[0]
        size = ImageSize(width: frames.shape[3] * upscale, height: frames.shape[2] * upscale)
    }

    var timing: VideoTiming { VideoTiming(constantRate: 25, count: frameCount) }

    func frame(at index: Int) throws -> RGBImage {
        guard (0..<frameCount).contains(index) else { throw MediaError.frameOutOfRange(index: index, count: frameCount) }
        let (rows, columns) = (stored.shape[2], stored.shape[3])
        var pixels = [UInt8](repeating: 0, count: 3 * size.pixelCount)
        stored.withUnsafeBuffer { values in
            for i in 0..<size.pixelCount {
                let cell = i / size.width / upscale * columns + i % size.width / upscale
                for channel in 0..<3 { pixels[3 * i + channel] = UInt8(values[(index * 3 + channel) * rows * columns + cell]) }
            }
        }
        return RGBImage(width: size.width, height: size.height, pixels: pixels)
    }
}

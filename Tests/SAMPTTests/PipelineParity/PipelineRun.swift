import Media
import Segmenters
import TensorFiles
import TestSupport
import Testing

@testable import SAMPT

/// The outcomes of a run in the form of the reference data.
struct PipelineRun {
    /// Stands for -infinity.
    static let nothing: Float = -1e30

    /// By frame, then by object.
    let outcomes: [[ObjectOutcome]]
    let chains: [CallLog.Chain]
    let windows: [CallLog.Window]
    private let starts: [Int]
    private let parity: PipelineCase
    private let segmenter: RecordingSegmenter

    init(_ parity: PipelineCase, options: VideoSegmenterOptions, queries: [ObjectQuery], letsBoxesUnscaled: Bool = true) throws {
        let log = CallLog()
        var segmenter = try parity.segmenter(log)
        segmenter.letsBoxesUnscaled = letsBoxesUnscaled
        (self.parity, self.segmenter) = (parity, segmenter)
        var method = Method(
            segmenter: segmenter, tracker: try parity.tracker(log), options: options, video: FrameStore(try parity.clip(), capacity: 64),
            objects: queries)
        method.rule = method.rule.map { RecordingRule(rule: $0, log: log) }
        let source = method.outcomeSource
        try source.prepare {}
        outcomes = try (0..<parity.config.frames).map { _ in
            let found = try source.next()
            return queries.map { found[$0.id] ?? ObjectOutcome() }
        }
        // The reference goes forwards first.
        let isWindowed = parity.config.usePointReinit
        chains = isWindowed ? log.chains.filter { $0.direction == .forward } + log.chains.filter { $0.direction == .backward } : log.chains
        starts = log.windows.map(\.start)
        windows = log.windows.filter { $0.direction == .forward } + log.windows.filter { $0.direction == .backward }
    }

    private var objects: Int { outcomes[0].count }

    func perFrame(_ value: (ObjectOutcome) -> [Float]) -> [Float] { outcomes.flatMap { $0.flatMap(value) } }

    var trajectories: [Float] { perFrame { $0.points.flatMap { [$0.position.x - 0.5, $0.position.y - 0.5] } } }
    var visibilities: [Float] { perFrame { $0.points.map { Float($0.status.rawValue) } } }
    var scores: [Float] { perFrame { [$0.predictedIoU ?? Self.nothing] } }

    /// Of the target's size, object by object.
    func targetLogits() -> [[Float]] {
        (0..<objects).flatMap { object in outcomes.map { logits($0[object]) } }
    }

    func logits(_ outcome: ObjectOutcome) -> [Float] {
        guard case .predicted(let low) = outcome.shape else { return .init(repeating: Self.nothing, count: parity.target.pixelCount) }
        return resizedBilinearly(segmenter.frameLogits(low, size: parity.size), from: parity.size, to: parity.target)
    }

    /// The frame of a call, counted from its window's first; without re-initialisation the clip is one window.
    func frameOfWindow(_ chain: CallLog.Chain) -> Int {
        parity.config.usePointReinit ? abs(chain.frame - starts[chain.window]) : chain.frame
    }

    /// Every decoder call: place of the object among those asked, pass, points, positive points, box given, frame in the window.
    var calls: [[Float]] {
        chains.flatMap { chain in
            chain.calls.enumerated().map { pass, call in
                [
                    Float(frameOfWindow(chain)), Float(chain.rank), Float(pass), Float(call.prompt.points.count),
                    Float(call.prompt.points.count { $0.isPositive }), call.prompt.box == nil ? 0 : 1,
                ]
            }
        }
    }

    /// As given to the prompt encoder, in pixels of its input.
    var boxes: [Float] {
        let grid = SAMInputGrid(frame: parity.size)
        return chains.flatMap { $0.calls }.flatMap { call -> [Float] in
            guard let box = call.prompt.box else { return [-1, -1, -1, -1] }
            return [box.x0 * grid.scale.x, box.y0 * grid.scale.y, (box.x1 - 1) * grid.scale.x, (box.y1 - 1) * grid.scale.y]
        }
    }

    var predictedIoU: [Float] { chains.flatMap { $0.calls.map(\.answer.predictedIoU) } }

    /// Whether the box around the mask is the same for thresholds a little above and below 0; nil where that depends on how little, by the
    /// noise.
    func isStable(_ call: CallLog.Call) -> Bool? {
        let logits = segmenter.frameLogits(call.answer.logits, size: parity.size)
        func bounds(_ threshold: Float) -> [Int] {
            let mask = Mask(width: parity.size.width, height: parity.size.height, values: logits.map { $0 > threshold ? 1 : 0 })
            return mask.bounds.map { [$0.columns.lowerBound, $0.columns.upperBound, $0.rows.lowerBound, $0.rows.upperBound] } ?? []
        }
        let answers = Set([0.8e-4, 1e-4, 1.2e-4].map { bounds($0) == bounds(-$0) })
        return answers.count == 1 ? answers.first : nil
    }
}

/// Bilinear interpolation, pixel centres at +0.5, nothing smoothed, edges repeated, where nothing is -infinity.
func resizedBilinearly(_ values: [Float], from size: ImageSize, to target: ImageSize) -> [Float] {
    guard size != target else { return values }
    func taps(_ i: Int, _ from: Int, _ to: Int) -> (Int, Int, Float) {
        let source = max(0, (Float(i) + 0.5) * (Float(from) / Float(to)) - 0.5)
        let low = min(Int(source), from - 1)
        return (low, min(low + 1, from - 1), source - Float(low))
    }
    let columns = (0..<target.width).map { taps($0, size.width, target.width) }
    var result = [Float](repeating: 0, count: target.pixelCount)
    for y in 0..<target.height {
        let (top, bottom, fy) = taps(y, size.height, target.height)
        for x in 0..<target.width {
            let (left, right, fx) = columns[x]
            let above = values[top * size.width + left] * (1 - fx) + values[top * size.width + right] * fx
            let below = values[bottom * size.width + left] * (1 - fx) + values[bottom * size.width + right] * fx
            result[y * target.width + x] = above * (1 - fy) + below * fy
        }
    }
    return result
}

/// Bits of a flattened boolean tensor, most significant first.
func packedBits(_ bits: [Bool]) -> [Float] {
    stride(from: 0, to: bits.count, by: 8).map { start in
        Float((0..<8).reduce(0) { $0 << 1 | (start + $1 < bits.count && bits[start + $1] ? 1 : 0) })
    }
}

import Media
import PointTrackers
import Segmenters
import Support
import TensorFiles
import TestSupport
import Testing

@testable import SAMPT

/// The whole method against the original code, from frames and queries to masks, every decoder call included.
@Suite(.serialized, .enabled(if: !PipelineCase.all.isEmpty, Comment(rawValue: ParityCase.missing)))
struct PipelineParityTests {
    @Test(arguments: PipelineCase.all.filter { $0.config.labels == nil }) func matches(_ parity: PipelineCase) throws {
        try withMemoryToItself {
            let run = try PipelineRun(
                parity, options: parity.options(), queries: parity.queries(parity.data.inputs().tensor("queryPoints")))
            let results = try PipelineResults(parity)
            try results.compareTracks(run.trajectories, run.visibilities)
            try compareScores(run, results)
            try results.compareMasks(run.targetLogits())
            try results.compareCalls(run)
            if parity.config.usePointReinit { try compareWindows(run, parity) }
        }
    }

    private func compareScores(_ run: PipelineRun, _ results: PipelineResults) throws {
        let config = results.parity.config
        let objects = run.outcomes[0].count
        let ours = (0..<objects).map { object in run.outcomes.map { $0[object].predictedIoU } }
        let means = ours.map { scores -> Float in
            let found = scores.compactMap { $0 }
            return found.isEmpty ? 0 : found.reduce(0, +) / Float(found.count)
        }
        if config.usePointReinit {
            try results.compare("fixedQ6.scoresPerFrame", run.scores)
            try results.compare("fixedQ6.scores", means)
        } else {
            try results.compare("scoresPerFrame", run.scores)
            try results.compare("fixedQ4.scores", means)
            // The original lets one frame without prompt spoil the mean.
            try results.compare("scores", zip(ours, means).map { $0.contains(nil) ? PipelineRun.nothing : $1 })
        }
    }

    private func compareWindows(_ run: PipelineRun, _ parity: PipelineCase) throws {
        let expected = try parity.data.expected()
        let windows = try expected.tensor("windows")
        let rows = try expected.tensor("windowRow")
        let (areas, queries) = (try expected.tensor("windowRow.area"), try expected.tensor("windowRow.queryPoints").values)
        let length = areas.shape[1]
        let points = parity.config.positivePointsPerMask + parity.config.negativePointsPerMask
        let last = Float(parity.config.frames - 1)
        var row = 0
        var index = 0
        for window in 0..<windows.shape[0] {
            let (pass, start, bits) = (windows.values[4 * window], windows.values[4 * window + 1], Int(windows.values[4 * window + 3]))
            let count = bits.nonzeroBitCount
            defer { row += count }
            // The original's backward pass also visits objects that have no past.
            if pass == 1, start == last { continue }
            let ours = try #require(index < run.windows.count ? run.windows[index] : nil)
            index += 1
            #expect(ours.direction == (pass == 0 ? .forward : .backward))
            #expect(Float(ours.start) == (pass == 0 ? start : last - start))
            for place in 0..<count {
                let given = (0..<points).map {
                    SIMD2(queries[3 * ((row + place) * points + $0) + 1], queries[3 * ((row + place) * points + $0) + 2])
                }
                #expect(Array(ours.points[(place * points)..<((place + 1) * points)]) == given, "window \(window)")
                let chosen = Int(rows.values[4 * (row + place) + 2])
                guard chosen >= 0 else { continue }
                #expect(ours.chosen[place] == chosen + 1, "window \(window)")
                try #require(ours.areas[place].count == length, "window \(window)")
                // Logits of single pixels are as good as 0.
                let stored = areas.values[(length * (row + place))..<(length * (row + place + 1))]
                #expect(zip(ours.areas[place], stored).allSatisfy { abs($0 - $1) <= max(1, $1 / 10_000) }, "window \(window)")
            }
        }
        #expect(index == run.windows.count)
    }

    /// Q2: the refinement's boxes scaled like the points.
    @Test(arguments: PipelineCase.all.filter { $0.has("fixedQ2.logits") }) func matchesWithScaledBoxes(_ parity: PipelineCase) throws {
        try withMemoryToItself {
            let run = try PipelineRun(
                parity, options: parity.options(), queries: parity.queries(parity.data.inputs().tensor("queryPoints")),
                letsBoxesUnscaled: false)
            let results = try PipelineResults(parity, prefix: "fixedQ2.")
            try results.compare("scoresPerFrame", run.scores)
            try results.compareMasks(run.targetLogits())
            try results.compareCalls(run)
        }
    }

    /// Q9: patches compared with their colours as they are.
    @Test(arguments: PipelineCase.all.filter { $0.has("fixedQ9.visibilities") }) func patchFilterMatches(_ parity: PipelineCase) throws {
        for (prefix, swaps) in [("", true), ("fixedQ9.", false)] {
            let filter = PatchFilter(size: parity.config.patchSize, threshold: parity.config.patchSimilarityThreshold)
            let (positions, queries) = (
                try parity.data.inputs().tensor("tableTrajectories").values, try parity.data.inputs().tensor("queryPoints").values
            )
            let clip = try parity.clip()
            let count = queries.count / 3
            let references = try (0..<count).map { i in
                filter.patch(
                    around: SIMD2(queries[3 * i + 1], queries[3 * i + 2]) + 0.5, in: try clip.frame(at: Int(queries[3 * i])),
                    swapsRedAndBlue: swaps)
            }
            var similarities: [Float] = []
            for frame in 0..<parity.config.frames {
                let image = try clip.frame(at: frame)
                for i in 0..<count {
                    let j = 2 * (frame * count + i)
                    let patch = filter.patch(around: SIMD2(positions[j], positions[j + 1]) + 0.5, in: image, swapsRedAndBlue: swaps)
                    similarities.append(filter.similarity(patch, references[i]))
                }
            }
            let results = try PipelineResults(parity, prefix: prefix)
            try results.compare("similarity", similarities)
        }
        var options = try parity.options()
        options.referenceQuirks = false
        let tracked = try visibilities(parity, options)
        #expect(try tracked == parity.data.expected().tensor("fixedQ9.visibilities").values)
    }

    /// Of all objects tracked in both directions, without segmenting anything.
    private func visibilities(_ parity: PipelineCase, _ options: VideoSegmenterOptions) throws -> [Float] {
        let (video, tracker) = (FrameStore(try parity.clip()), try parity.tracker(CallLog()))
        var found = [[[Float]]](repeating: [], count: parity.config.frames)
        for query in try parity.queries(parity.data.inputs().tensor("queryPoints")) {
            guard case .points(let clicks) = query.prompt else { continue }
            let points = QueryPoints(clicks: clicks)
            for direction in TimeDirection.allCases {
                let tracking = ObjectPointTracking(tracker, on: video, at: query.frame, direction: direction, options: options)
                try tracking.begin(query.id, points, group: 0)
                let end = direction == .forward ? parity.config.frames - 1 : 0
                if direction == .forward { found[query.frame].append([]) }
                while true {
                    let own = (tracking.points[query.id] ?? []).map { Float($0.status.rawValue) }
                    if tracking.frame == query.frame {
                        found[query.frame][found[query.frame].count - 1] = own
                    } else {
                        found[tracking.frame].append(own)
                    }
                    if tracking.frame == end { break }
                    try tracking.advance()
                }
            }
        }
        return found.flatMap { $0.flatMap { $0 } }
    }

    /// Q5: without the quirk, nothing is asked for where no positive point is visible.
    @Test(arguments: PipelineCase.all.filter(\.asksWithNegativesAlone)) func negativePointsAloneGiveNoMask(_ parity: PipelineCase) throws {
        var options = try parity.options()
        options.referenceQuirks = false
        let run = try PipelineRun(parity, options: options, queries: parity.queries(parity.data.inputs().tensor("queryPoints")))
        var without = 0
        for outcomes in run.outcomes {
            for outcome in outcomes where !outcome.points.contains(where: { $0.isPositive && $0.isVisible }) {
                #expect(outcome.mask == nil && outcome.predictedIoU == nil)
                without += 1
            }
        }
        #expect(without > 0)
    }

    /// The evaluation's route: masks of one index mask, in two calls, merged into index masks again.
    @Test(arguments: PipelineCase.all.filter { $0.config.labels != nil }) func mergingMatches(_ parity: PipelineCase) throws {
        try withMemoryToItself { try compareMerging(parity) }
    }

    private func compareMerging(_ parity: PipelineCase) throws {
        let config = parity.config
        let (labels, frames) = (try #require(config.labels), try #require(config.labelFrames))
        let expected = try parity.data.expected()
        let results = try PipelineResults(parity)
        let options = try parity.options()
        let annotations = try zip(labels, frames).map { label, frame in
            let values = try parity.data.inputs().tensor("annotation\(frame)").values
            return Mask(width: parity.target.width, height: parity.target.height, values: values.map { Int($0) == label ? 1 : 0 })
        }
        let masks = annotations.map { $0.nearest(parity.size) }
        #expect(try packedBits(masks.flatMap { $0.values.map { $0 != 0 } }) == expected.tensor("queryMasksPacked").values)

        var generator = SeededGenerator(seed: 1)
        let image = try parity.clip().frame(at: 0)
        let points = zip(masks, frames).flatMap { mask, frame -> [Float] in
            let sampled = options.samplePoints(on: mask, image: image, using: &generator)
            return (sampled.positives + sampled.negatives).flatMap { [Float(frame), $0.x - 0.5, $0.y - 0.5] }
        }
        try results.compare("queryPoints", points)

        let perObject = config.positivePointsPerMask + config.negativePointsPerMask
        let queries = parity.queries(Tensor(shape: [labels.count, perObject, 3], points))
        let size = try #require(config.masksBatchSize)
        let runs = try stride(from: 0, to: queries.count, by: size).map {
            try PipelineRun(parity, options: options, queries: Array(queries[$0..<min($0 + size, queries.count)]))
        }
        let outcomes = (0..<config.frames).map { frame in runs.flatMap { $0.outcomes[frame] } }
        func perFrame(_ value: (ObjectOutcome) -> [Float]) -> [Float] { outcomes.flatMap { $0.flatMap(value) } }
        try results.compareTracks(
            perFrame { $0.points.flatMap { [$0.position.x - 0.5, $0.position.y - 0.5] } },
            perFrame { $0.points.map { Float($0.status.rawValue) } })
        try results.compare("scoresPerFrame", perFrame { [$0.predictedIoU ?? PipelineRun.nothing] })
        try results.compareMasks(labels.indices.flatMap { object in outcomes.map { runs[0].logits($0[object]) } })

        // The product's own merging, at the target's size, with logits as they are, as the reference's are.
        let merged = TargetSegmenter(run: runs[0])
        var indexMasks: [Float] = []
        for (frame, found) in outcomes.enumerated() {
            let objects = found.indices.map { object -> ObjectOutcome in
                if frame < frames[object] { return ObjectOutcome() }
                var outcome = found[object]
                outcome.mask = nil
                if frame == frames[object] { outcome = ObjectOutcome(shape: .given(masks[object].nearest(parity.target))) }
                return outcome
            }
            let result = FrameResult(
                frameIndex: frame, image: RGBImage(width: parity.target.width, height: parity.target.height, red: 0, green: 0, blue: 0),
                segmenter: merged, outcomes: zip(labels, objects).map { ($0, $1) }, isExact: true)
            indexMasks += result.indexMask.values.map(Float.init)
        }
        let stored = try expected.tensor("indexMasks").values
        let area = parity.target.pixelCount
        let differing = (0..<config.frames).map { frame in (0..<area).count { indexMasks[frame * area + $0] != stored[frame * area + $0] } }
        #expect(indexMasks == stored, "pixels that differ, by frame: \(differing)")
    }
}

extension PipelineCase {
    func has(_ output: String) -> Bool { data.has(output) }

    /// Whether the original called the decoder without a positive point, in its last pass over a frame too.
    var asksWithNegativesAlone: Bool {
        guard config.labels == nil, !config.usePointReinit, let index = try? data.expected().tensor("decodes.index") else { return false }
        let rows = stride(from: 0, to: index.count, by: index.shape[1]).map { Array(index.values[$0..<($0 + index.shape[1])]) }
        // Window, frame, object, pass, points, positive points.
        return rows.contains { $0[3] > 0 && $0[5] == 0 }
    }
}

/// Gives masks of the target's size.
private struct TargetSegmenter: PromptableSegmenter {
    let run: PipelineRun
    let name = "target"

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame { throw SegmenterError.noPrediction }
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] {
        run.logits(ObjectOutcome(shape: .predicted(logits)))
    }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask {
        Mask(width: size.width, height: size.height, values: frameLogits(logits, size: size).map { $0 > 0 ? 1 : 0 })
    }
}

extension Mask {
    /// Resized as the reference's datasets do.
    fileprivate func nearest(_ target: ImageSize) -> Mask {
        var result = Mask(size: target)
        for y in 0..<target.height {
            for x in 0..<target.width { result[x, y] = self[x * width / target.width, y * height / target.height] }
        }
        return result
    }
}

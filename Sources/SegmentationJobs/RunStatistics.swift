import Media
import SAMPT
import Support

/// Gathers what the summary says of each object.
package final class RunStatistics: Sendable {
    private struct Sums {
        var framesSeen = 0
        var iouSum = 0.0
        var iouCount = 0
        var confidenceSum = 0.0
        var confidenceCount = 0
        var leastConfidence = Double.infinity
    }

    private let queries: [ObjectQuery]
    private let sums = Protected<[Int: Sums]>([:])

    package init(_ queries: [ObjectQuery]) { self.queries = queries }

    package func add(_ frame: ReportedFrame) {
        sums.withLock { sums in
            for object in frame.result.objects {
                if !object.mask.isEmpty { sums[object.id, default: Sums()].framesSeen += 1 }
                if let iou = object.predictedIoU, iou.isFinite {
                    sums[object.id, default: Sums()].iouSum += Double(iou)
                    sums[object.id, default: Sums()].iouCount += 1
                }
                if let confidence = object.confidence.map(Double.init) {
                    sums[object.id, default: Sums()].confidenceSum += confidence
                    sums[object.id, default: Sums()].confidenceCount += 1
                    sums[object.id, default: Sums()].leastConfidence = min(sums[object.id]?.leastConfidence ?? 1, confidence)
                }
            }
        }
    }

    package var objects: [SegmentationSummary.Object] {
        sums.withLock { sums in
            queries.map { query in
                let sum = sums[query.id] ?? Sums()
                return SegmentationSummary.Object(
                    id: query.id, name: query.name, framesSeen: sum.framesSeen,
                    meanPredictedIoU: sum.iouCount > 0 ? (sum.iouSum / Double(sum.iouCount)).rounded(decimals: 4) : nil,
                    meanConfidence: sum.confidenceCount > 0 ? (sum.confidenceSum / Double(sum.confidenceCount)).rounded(decimals: 4) : nil,
                    minimumConfidence: sum.confidenceCount > 0 ? sum.leastConfidence.rounded(decimals: 4) : nil)
            }
        }
    }
}

import Foundation
import Media
import SAMPT

/// Segments a clip into its outputs and accounts for how it ended.
struct SegmentationJob: Sendable {
    var segmenter: VideoSegmenter
    var clip: Clip
    var queries: [ObjectQuery]
    var destinations: OutputDestinations

    /// Runs to the end, to the damage or to the interruption; in all three cases the outputs are whole and under their final names.
    /// - Throws: what went wrong where no frame could be made or an output failed; unfinished outputs are then removed.
    func run(interruption: Interruption, progress: ProgressReporter) async throws -> SegmentationSummary {
        let outputs = try SegmentationOutputs(destinations, clip: clip.outputClip(queries))
        let statistics = RunStatistics(queries)
        let start = ContinuousClock.now
        let work = Task { try await feed(outputs, statistics, progress) }
        interruption.onRequest { work.cancel() }
        var damage = clip.damage
        do {
            try await work.value
        } catch let error as MediaError where error.isDamage {
            damage = [damage, error.description].compactMap { $0 }.joined(separator: "; ")
            guard await outputs.frameCount > 0 else {
                await abandon(outputs, progress)
                throw error
            }
        } catch is CancellationError where interruption.isRequested {
        } catch {
            await abandon(outputs, progress)
            throw error
        }
        progress.close()
        let done = await outputs.frameCount
        let isComplete = done == clip.frames.frameCount && damage == nil
        let written = try await outputs.finish(isComplete: isComplete)
        let isInterrupted = interruption.isRequested && done < clip.frames.frameCount
        return SegmentationSummary(
            video: clip.originals.name, frames: done, framesTotal: clip.frames.frameCount,
            seconds: Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000,
            outputs: written, objects: statistics.objects, damage: damage,
            exitStatus: isInterrupted ? .interrupted : damage != nil ? .partial : .success)
    }

    private func feed(_ outputs: SegmentationOutputs, _ statistics: RunStatistics, _ progress: ProgressReporter) async throws {
        for try await result in segmenter.segment(clip.frames, objects: queries, progress: { progress.show($0) }) {
            let frame = try clip.report(result)
            try await outputs.append(frame)
            statistics.add(frame)
        }
    }

    private func abandon(_ outputs: SegmentationOutputs, _ progress: ProgressReporter) async {
        progress.close()
        await outputs.abandon()
    }
}

extension MediaError {
    /// Whether it means that the input is damaged from some frame on.
    var isDamage: Bool {
        switch self {
        case .undecodable, .frameSizeDiffers, .unreadable, .frameOutOfRange: true
        default: false
        }
    }
}

/// Gathers what the summary says of each object.
final class RunStatistics: Sendable {
    private struct Sums {
        var framesSeen = 0
        var iouSum = 0.0
        var iouCount = 0
    }

    private let queries: [ObjectQuery]
    private let sums = Protected<[Int: Sums]>([:])

    init(_ queries: [ObjectQuery]) { self.queries = queries }

    func add(_ frame: ReportedFrame) {
        sums.withLock { sums in
            for object in frame.result.objects {
                if !object.mask.isEmpty { sums[object.id, default: Sums()].framesSeen += 1 }
                if let iou = object.predictedIoU, iou.isFinite {
                    sums[object.id, default: Sums()].iouSum += Double(iou)
                    sums[object.id, default: Sums()].iouCount += 1
                }
            }
        }
    }

    var objects: [SegmentationSummary.Object] {
        sums.withLock { sums in
            queries.map { query in
                let sum = sums[query.id] ?? Sums()
                return SegmentationSummary.Object(
                    id: query.id, name: query.name, framesSeen: sum.framesSeen,
                    meanPredictedIoU: sum.iouCount > 0 ? (sum.iouSum / Double(sum.iouCount)).rounded(decimals: 4) : nil)
            }
        }
    }
}

/// What a run did, for `--json` and for people.
struct SegmentationSummary: Sendable {
    struct Object: Sendable, Encodable, Equatable {
        var id: Int
        var name: String
        /// Frames with a mask that is not empty.
        var framesSeen: Int
        var meanPredictedIoU: Double?
    }

    var video: String
    var frames: Int
    var framesTotal: Int
    var seconds: Double
    var outputs: [String]
    var objects: [Object]
    var damage: String?
    /// Of a live source.
    var live: LiveSummary?
    var exitStatus: CommandStatus

    var framesPerSecond: Double { seconds > 0 ? Double(frames) / seconds : 0 }

    func json() throws -> String {
        struct Fields: Encodable {
            var video: String, frames: Int, framesTotal: Int, seconds: Double, framesPerSecond: Double
            var outputs: [String], objects: [Object], damage: String?, live: LiveSummary?, exitStatus: Int32
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let fields = Fields(
            video: video, frames: frames, framesTotal: framesTotal, seconds: seconds,
            framesPerSecond: framesPerSecond.rounded(decimals: 2), outputs: outputs, objects: objects, damage: damage,
            live: live, exitStatus: exitStatus.rawValue)
        return String(decoding: try encoder.encode(fields), as: UTF8.self)
    }

    /// The lines for stderr at the end.
    var lines: [String] {
        var lines: [String] = []
        if let damage { lines.append("sampt: warning: \(damage)") }
        let amount = frames == framesTotal ? "\(frames) frame\(frames == 1 ? "" : "s")" : "\(frames) of \(framesTotal) frames"
        let verb = exitStatus == .interrupted ? "Interrupted after" : "Done:"
        lines.append("\(verb) \(amount) in \(String(format: "%.1f", seconds)) s (\(String(format: "%.1f", framesPerSecond)) frames/s).")
        if let live { lines.append(live.line) }
        for object in objects where object.framesSeen == 0 { lines.append("\(object.name) is seen in no frame.") }
        lines.append(outputs.isEmpty ? "Nothing was written." : "Written: \(outputs.joined(separator: ", "))")
        return lines
    }
}

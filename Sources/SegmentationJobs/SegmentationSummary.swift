import Foundation
import SAMPT

/// What a run did, for `--json` and for people.
package struct SegmentationSummary: Sendable {
    package struct Object: Sendable, Encodable, Equatable {
        package var id: Int
        package var name: String
        /// Frames with a mask that is not empty.
        package var framesSeen: Int
        package var meanPredictedIoU: Double?
        package var meanConfidence: Double?
        package var minimumConfidence: Double?
    }

    package var video: String
    package var frames: Int
    package var framesTotal: Int
    package var seconds: Double
    package var outputs: [String]
    /// What a person should know of the outputs though nothing failed.
    package var notes: [String] = []
    package var objects: [Object]
    /// The frames to look at, least sure first; nil when nobody asked for them.
    package var review: [ReviewedFrame]?
    package var damage: String?
    /// Why outputs were not written.
    package var failures: [String] = []
    /// Of a live source.
    package var live: LiveSummary?
    package var exitStatus: CommandStatus

    package init(
        video: String, frames: Int, framesTotal: Int, seconds: Double, outputs: [String], notes: [String] = [], objects: [Object],
        review: [ReviewedFrame]? = nil, damage: String?, failures: [String] = [], live: LiveSummary? = nil, exitStatus: CommandStatus
    ) {
        (self.video, self.frames, self.framesTotal, self.seconds) = (video, frames, framesTotal, seconds)
        (self.outputs, self.notes, self.objects, self.review) = (outputs, notes, objects, review)
        (self.damage, self.failures, self.live, self.exitStatus) = (damage, failures, live, exitStatus)
    }

    package var framesPerSecond: Double { seconds > 0 ? Double(frames) / seconds : 0 }

    package func json() throws -> String {
        struct Fields: Encodable {
            var video: String, frames: Int, framesTotal: Int, seconds: Double, framesPerSecond: Double
            var outputs: [String], notes: [String]?, objects: [Object], review: [ReviewedFrame]?, damage: String?, failures: [String]?
            var live: LiveSummary?, exitStatus: Int32
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let fields = Fields(
            video: video, frames: frames, framesTotal: framesTotal, seconds: seconds,
            framesPerSecond: framesPerSecond.rounded(decimals: 2), outputs: outputs, notes: notes.isEmpty ? nil : notes,
            objects: objects, review: review, damage: damage, failures: failures.isEmpty ? nil : failures, live: live,
            exitStatus: exitStatus.rawValue)
        return String(decoding: try encoder.encode(fields), as: UTF8.self)
    }

    /// The lines for stderr that also those see who want no others.
    package var warnings: [String] { ([damage].compactMap { $0 } + notes).map { "sampt: warning: \($0)" } }

    /// The lines for stderr at the end.
    package var lines: [String] {
        var lines = warnings
        let amount = frames == framesTotal ? "\(frames) frame\(frames == 1 ? "" : "s")" : "\(frames) of \(framesTotal) frames"
        let verb = exitStatus == .interrupted ? "Interrupted after" : "Done:"
        lines.append("\(verb) \(amount) in \(String(format: "%.1f", seconds)) s (\(String(format: "%.1f", framesPerSecond)) frames/s).")
        if let live { lines.append(live.line) }
        for object in objects where object.framesSeen == 0 { lines.append("\(object.name) is seen in no frame.") }
        lines.append(outputs.isEmpty ? "Nothing was written." : "Written: \(outputs.joined(separator: ", "))")
        lines += failures.map { "Not written: \($0)" }
        guard let review else { return lines }
        lines.append(review.isEmpty ? "No frame needs a look: every mask was given." : "Look at:")
        return lines + review.map(\.line)
    }
}

/// A frame that a person should look at.
package struct ReviewedFrame: Sendable, Encodable, Equatable {
    /// In numbers of the original video.
    package var frame: Int
    /// In seconds from its start.
    package var time: Double
    /// The object's number and name.
    package var object: Int
    package var name: String
    package var confidence: Double
    package var reason: ReviewReason

    /// - Parameter names: of objects by number.
    init(_ entry: FrameReview.Entry, _ numbering: FrameNumbering, names: [Int: String]) {
        (frame, time) = (numbering.original(entry.frameIndex), entry.seconds.rounded(decimals: 3))
        (object, name) = (entry.objectID, names[entry.objectID] ?? "object \(entry.objectID)")
        (confidence, reason) = (Double(entry.confidence).rounded(decimals: 4), entry.reason)
    }

    var line: String {
        "  frame \(frame) (\(String(format: "%.2f", time)) s), \(name): \(String(format: "%.2f", confidence)), \(reason.rawValue)"
    }
}

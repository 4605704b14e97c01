import Foundation
import Media
import SAMPT
import SegmentationJobs

/// What a program that drives a session hears: one JSON object on one line for each line that it sent.
enum SessionReply {
    /// What an edit changed.
    static func changed(_ change: SessionChange) throws -> String {
        try line([("edit", try change.logged.edit.withoutDerivedValues.json)], Changed(change))
    }

    /// What a propagation did.
    static func propagated(_ summary: PropagationSummary) throws -> String { try line([], summary) }

    /// An answer to a question.
    static func answer(_ fields: some Encodable) throws -> String { try line([], fields) }

    /// Why a line had no effect.
    static func refused(line number: Int, _ error: any Error) throws -> String {
        struct Refusal: Encodable { var line: Int, error: String }
        return try line([], Refusal(line: number, error: "\(error)"))
    }

    private struct Changed: Encodable {
        var number: Int
        var objects: [ObjectID]
        var frames: [Int]?
        var outdated: [String: [[Int]]]
        var canUndo: Bool
        var canRedo: Bool

        init(_ change: SessionChange) {
            number = change.logged.number
            objects = change.objects
            frames = change.frames.map { [$0.lowerBound, $0.upperBound] }
            outdated = Dictionary(
                uniqueKeysWithValues: change.outdated.map { ("\($0.key)", $0.value.map { [$0.lowerBound, $0.upperBound] }) })
            (canUndo, canRedo) = (change.canUndo, change.canRedo)
        }
    }

    /// - Parameter documents: fields whose values are JSON already.
    private static func line(_ documents: [(name: String, value: String)], _ fields: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let rest = try encoder.encode(fields).dropFirst()
        let first = documents.map { "\"\($0.name)\":\($0.value)," }.joined()
        return "{" + first + String(decoding: rest, as: UTF8.self)
    }
}

extension Edit {
    /// The edit without what the session noted by value from what it had computed: masks and tracked points of before, plans. Programs know
    /// them already, and they are long.
    var withoutDerivedValues: Edit {
        switch self {
        case .addPoint(let place, let point, let position, let isPositive, _):
            .addPoint(place, point: point, position: position, isPositive: isPositive)
        case .moveTrack(let place, let track, let position, _): .moveTrack(place, track: track, position: position)
        case .removeTrack(let place, let track, _): .removeTrack(place, track: track)
        case .setBox(let place, let box, _): .setBox(place, box)
        case .addStroke(let place, let stroke, _): .addStroke(place, stroke)
        case .group(let edits): .group(edits.map(\.withoutDerivedValues))
        case .propagate(var propagation):
            {
                propagation.plan = nil
                return .propagate(propagation)
            }()
        default: self
        }
    }
}

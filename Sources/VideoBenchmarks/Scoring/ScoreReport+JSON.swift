import Foundation

extension ScoreReport {
    /// The report as JSON with sorted keys: `mean.j`, `mean.f`, `mean.jf`, the same by sequence and object, groups, and what does not fit.
    /// Numbers that do not exist are null.
    /// - Parameters:
    ///   - isDetailed: whether J and F of every frame are in it.
    ///   - ran: command, versions, processor; empty: left out.
    public func json(isDetailed: Bool = false, ran: [(name: String, value: String)] = []) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var document = document(isDetailed: isDetailed)
        if !ran.isEmpty { document.ran = Dictionary(ran.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }) }
        return try encoder.encode(document)
    }

    /// - Parameter isDetailed: whether J and F of every frame are in it.
    func document(isDetailed: Bool) -> Document {
        var document = Document(
            protocol: protocolName.rawValue, truth: truth, results: results, mean: Numbers(mean), groups: [:], sequences: [:],
            findings: findings)
        document.mean.g = overall.orNull
        for group in groups { document.groups[group.name] = Numbers(group) }
        for sequence in sequences {
            var entry = Document.Sequence(numbers: Numbers(sequence.means), objects: [:])
            for object in sequence.objects { entry.objects[object.label] = Numbers(object, isDetailed: isDetailed) }
            document.sequences[sequence.name] = entry
        }
        return document
    }

    struct Document: Encodable {
        struct Sequence: Encodable {
            var numbers: Numbers
            var objects: [String: Numbers]

            private enum CodingKeys: String, CodingKey { case objects }

            func encode(to encoder: any Encoder) throws {
                try numbers.encode(to: encoder)
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(objects, forKey: .objects)
            }
        }

        var ran: [String: String]?
        var `protocol`: String
        var truth: String
        var results: String
        var mean: Numbers
        var groups: [String: Numbers]
        var sequences: [String: Sequence]
        var findings: [ScoringFinding]
    }

    /// Numbers of the mean, a group, a sequence or an object; what does not apply is left out.
    struct Numbers: Encodable {
        var j: Double?
        var f: Double?
        var jf: Double?
        var jRecall: Double?
        var jDecay: Double?
        var fRecall: Double?
        var fDecay: Double?
        var g: Double?
        /// Objects, of a group or sequence.
        var count: Int?
        /// Of an object: frames that count, and those in which it is visible.
        var frames: Int?
        var visibleFrames: Int?
        var category: String?
        var proposal: Int?
        var jByFrame: [String: Double]?
        var fByFrame: [String: Double]?

        init(_ means: Means) {
            (j, f, jf) = (means.j.orNull, means.f.orNull, means.jf.orNull)
            (jRecall, jDecay) = (means.jRecall.orNull, means.jDecay.orNull)
            (fRecall, fDecay) = (means.fRecall.orNull, means.fDecay.orNull)
            count = means.objects
        }

        init(_ group: Group) {
            (j, f, jf, count) = (group.j.orNull, group.f.orNull, group.jf.orNull, group.objects)
        }

        init(_ object: ObjectScore, isDetailed: Bool) {
            self.init(Means([object]))
            (count, frames, visibleFrames) = (nil, object.frames.count, object.visibleFrames)
            (category, proposal) = (object.category, object.proposal)
            guard isDetailed else { return }
            jByFrame = Dictionary(zip(object.frames, object.jValues), uniquingKeysWith: { $1 })
            fByFrame = Dictionary(zip(object.frames, object.fValues), uniquingKeysWith: { $1 })
        }
    }
}

extension Double {
    var orNull: Double? { isFinite ? self : nil }
}

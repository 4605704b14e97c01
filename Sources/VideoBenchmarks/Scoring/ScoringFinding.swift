/// Something that does not fit between truth and results, or in one of them. What was found is counted, never passed over in silence.
public struct ScoringFinding: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// A sequence of the truth without results; its masks count as empty.
        case missingSequence = "missing-sequence"
        /// A sequence of the results without truth; it is not scored.
        case surplusSequence = "surplus-sequence"
        /// A folder without masks, of a sequence or of an object.
        case emptySequence = "empty-sequence"
        /// Too few frames for one that counts.
        case noScoredFrame = "no-scored-frame"
        /// A frame of the truth without a result, which counts as empty; one that the truth, or one of its objects, lacks in the midst.
        case missingFrame = "missing-frame"
        /// A frame of the results without truth, which is not scored.
        case surplusFrame = "surplus-frame"
        /// Truth and result of different sizes; the result counts as empty.
        case sizeDiffers = "size-differs"
        case unreadableTruth = "unreadable-truth"
        /// A result that cannot be read counts as empty.
        case unreadableResult = "unreadable-result"
        /// Ids of the results that the truth does not have; they count as background.
        case surplusObject = "surplus-object"
        /// An object of the truth that the results never have.
        case missingObject = "missing-object"
        /// Objects that first appear where the protocol does not look.
        case lateObject = "late-object"
        /// Ids below the largest that no frame has, which official programs count as objects in part; objects whose masks are all empty.
        case absentObject = "absent-object"
        /// An object that is given a second time where each is given once, or an id of an annotation.
        case repeatedObject = "repeated-object"
        /// The result is 0 and 255 where ids were to be expected, or the other way round.
        case levels
        /// Several ids where one object is scored.
        case mergedObjects = "merged-objects"
        /// Index PNGs against a folder an object, or both in one sequence.
        case layoutDiffers = "layout-differs"
        /// The data set's list or description names what is not there, or not what is.
        case description
        /// A video that could not be run; it has no results.
        case failed
    }

    public var kind: Kind
    /// Empty: all of the data.
    public var sequence: String
    /// How often, in frames, objects or files.
    public var count: Int
    /// A sentence: what was found, where first, and what was done about it.
    public var message: String

    public init(_ kind: Kind, _ sequence: String = "", count: Int = 1, _ message: String) {
        (self.kind, self.sequence, self.count, self.message) = (kind, sequence, count, message)
    }
}

extension ScoringFinding: CustomStringConvertible {
    public var description: String { sequence.isEmpty ? message : "\(sequence): \(message)" }

    /// Whether truth and results really do not fit, so that `--strict` refuses them; the rest is said only.
    public var isMismatch: Bool {
        switch kind {
        case .lateObject, .absentObject, .mergedObjects, .noScoredFrame: false
        default: true
        }
    }
}

/// Findings of one sequence while its frames are looked at, an entry a kind.
struct FindingCounter: Sendable {
    private var entries: [ScoringFinding.Kind: (count: Int, first: String)] = [:]

    mutating func note(_ kind: ScoringFinding.Kind, _ detail: @autoclosure () -> String) {
        if entries[kind] == nil { entries[kind] = (0, detail()) }
        entries[kind]?.count += 1
    }

    mutating func merge(_ other: FindingCounter) {
        for (kind, entry) in other.entries {
            if entries[kind] == nil { entries[kind] = (0, entry.first) }
            entries[kind]?.count += entry.count
        }
    }

    func findings(of sequence: String) -> [ScoringFinding] {
        entries.sorted { $0.key.rawValue < $1.key.rawValue }.map { kind, entry in
            ScoringFinding(
                kind, sequence, count: entry.count, entry.count == 1 ? entry.first : entry.first + " (\(entry.count) times in all)")
        }
    }
}

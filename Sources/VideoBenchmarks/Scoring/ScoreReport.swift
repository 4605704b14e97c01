import Foundation

/// The scores of a folder of results: fractions from 0 to 1, NaN where nothing counts.
public struct ScoreReport: Sendable, Equatable {
    /// Means over some objects, each object one vote.
    public struct Means: Sendable, Equatable {
        public var j: Double
        public var f: Double
        public var jRecall: Double
        public var jDecay: Double
        public var fRecall: Double
        public var fDecay: Double
        public var objects: Int
        public var jf: Double { (j + f) / 2 }

        init(_ objects: [ObjectScore]) {
            let statistics = objects.map { ($0.j, $0.f) }
            func average(_ value: ((FrameStatistics, FrameStatistics)) -> Double) -> Double { FrameStatistics(statistics.map(value)).mean }
            (j, f) = (average { $0.0.mean }, average { $0.1.mean })
            (jRecall, jDecay) = (average { $0.0.recall }, average { $0.0.decay })
            (fRecall, fDecay) = (average { $0.1.recall }, average { $0.1.decay })
            self.objects = objects.count
        }
    }

    /// J and F over a group of objects, or over some of their frames.
    public struct Group: Sendable, Equatable {
        public var name: String
        public var j: Double
        public var f: Double
        public var objects: Int
        public var jf: Double { (j + f) / 2 }
    }

    public let protocolName: ScoringProtocol
    /// By sequence, then by id.
    public let objects: [ObjectScore]
    public let findings: [ScoringFinding]
    public let truth: String
    public let results: String
    public let cost: ScoringCost

    public init(
        _ protocolName: ScoringProtocol, objects: [ObjectScore], findings: [ScoringFinding], truth: String, results: String,
        cost: ScoringCost = ScoringCost()
    ) {
        (self.protocolName, self.objects, self.findings) = (protocolName, objects, findings)
        (self.truth, self.results, self.cost) = (truth, results, cost)
    }

    /// Over all objects of all sequences.
    public var mean: Means { Means(objects) }

    /// Of each sequence, over its objects.
    public var sequences: [(name: String, means: Means, objects: [ObjectScore])] {
        Dictionary(grouping: objects, by: \.sequence).sorted { $0.key < $1.key }.map { ($0.key, Means($0.value), $0.value) }
    }

    /// YouTube-VOS's G: the mean of J and F over seen and over unseen categories; NaN where categories are not told apart.
    public var overall: Double {
        let groups = categoryGroups
        return groups.count == 2 ? groups.map(\.jf).reduce(0, +) / 2 : .nan
    }

    /// Seen and unseen categories; empty where they are not told apart.
    public var categoryGroups: [Group] {
        guard objects.contains(where: { $0.isSeen != nil }) else { return [] }
        return [Self.group("seen", objects.filter { $0.isSeen == true }), Self.group("unseen", objects.filter { $0.isSeen == false })]
    }

    /// The groups that the protocol reports beside the mean.
    public var groups: [Group] {
        guard protocolName == .bdd100k else { return categoryGroups }
        var groups: [Group] = []
        for rule in VisibilityRule.allCases {
            for span in VisibilityRule.Span.allCases {
                groups.append(
                    Self.group(
                        span.rawValue + (rule == .code ? "" : " (paper)"), objects.filter { rule.span(of: $0.visibleFrames) == span }))
            }
        }
        for (name, isVisible) in [("visible", true), ("invisible", false)] {
            let means = objects.map { $0.means(whereVisible: isVisible) }
            groups.append(
                Group(
                    name: name, j: FrameStatistics(means.map(\.j)).mean, f: FrameStatistics(means.map(\.f)).mean,
                    objects: means.count { !$0.j.isNaN }))
        }
        return groups
    }

    private static func group(_ name: String, _ objects: [ObjectScore]) -> Group {
        let means = Means(objects)
        return Group(name: name, j: means.j, f: means.f, objects: objects.count)
    }
}

/// How long an object is visible, on BDD100K.
public enum VisibilityRule: String, Sendable, CaseIterable {
    /// Below 5 frames, 5 to 29, 30 and more: what SAM-PT's program does.
    case code
    /// 1 to 5, 6 to 30, 31 and more: what the caption of the paper's table says.
    case paper

    public enum Span: String, Sendable, CaseIterable {
        case short, medium, long
    }

    public func span(of frames: Int) -> Span {
        let (short, medium) = self == .code ? (4, 29) : (5, 30)
        return frames <= short ? .short : frames <= medium ? .medium : .long
    }
}

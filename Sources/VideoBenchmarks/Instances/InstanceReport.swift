import Foundation

/// Average precision and recall of video instances: fractions from 0 to 1, NaN where there is no truth to find.
public struct InstanceReport: Sendable, Equatable {
    struct Curve: Sendable, Equatable {
        var category: Int
        var range: InstanceScorer.AreaRange
        var most: Int
        var threshold: Int
        /// At recall 0, 0.01 ... 1.
        var precision: [Double]
        var recall: Double
    }

    let curves: [Curve]
    public let predictions: Int
    public let truths: Int
    public let videos: Int

    /// The twelve numbers by the names of COCO's programs, in their order.
    public var numbers: [(name: String, value: Double)] {
        [
            ("AP", precision()), ("AP50", precision(threshold: 0)), ("AP75", precision(threshold: 5)),
            ("AP_small", precision(.small)), ("AP_medium", precision(.medium)), ("AP_large", precision(.large)),
            ("AR1", recall(most: 1)), ("AR10", recall(most: 10)), ("AR100", recall()),
            ("AR_small", recall(.small)), ("AR_medium", recall(.medium)), ("AR_large", recall(.large)),
        ]
    }

    /// AP of one category; NaN where it has no truth.
    public func precision(ofCategory category: Int) -> Double { precision { $0.category == category } }

    private func precision(
        _ range: InstanceScorer.AreaRange = .all, threshold: Int? = nil, where isMeant: (Curve) -> Bool = { _ in true }
    ) -> Double {
        mean(
            curves.filter { $0.range == range && $0.most == 100 && threshold ?? $0.threshold == $0.threshold && isMeant($0) }.flatMap(
                \.precision))
    }

    private func recall(_ range: InstanceScorer.AreaRange = .all, most: Int = 100) -> Double {
        mean(curves.filter { $0.range == range && $0.most == most }.map(\.recall))
    }

    private func mean(_ values: [Double]) -> Double { values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count) }

    /// The numbers by name; those that do not exist are nil.
    var mean: [String: Double?] { Dictionary(uniqueKeysWithValues: numbers.map { ($0.name, $0.value.orNull) }) }

    /// The numbers as JSON; those that do not exist are null.
    /// - Parameters:
    ///   - ran: command, versions, processor.
    ///   - findings: what does not fit.
    public func json(ran: [(name: String, value: String)] = [], findings: [ScoringFinding] = []) throws -> Data {
        struct Document: Encodable {
            var ran: [String: String]
            var mean: [String: Double?]
            var predictions: Int
            var truths: Int
            var videos: Int
            var findings: [ScoringFinding]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(
            Document(
                ran: Dictionary(ran.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }), mean: mean, predictions: predictions,
                truths: truths, videos: videos, findings: findings))
    }
}

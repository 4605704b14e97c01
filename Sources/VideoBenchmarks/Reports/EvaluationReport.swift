import Foundation

/// The scores of one or several settings, each over one or several seeds, and what ran: what all reports are made of.
public struct EvaluationReport: Sendable {
    /// One seed of a setting.
    public struct Run: Sendable {
        public var seed: UInt64?
        public var score: ScoreReport
        public var frames: Int
        /// Segmenting alone; 0 where masks were there.
        public var seconds: Double

        public init(seed: UInt64?, score: ScoreReport, frames: Int = 0, seconds: Double = 0) {
            (self.seed, self.score, self.frames, self.seconds) = (seed, score, frames, seconds)
        }
    }

    /// A mean over seeds with its sample standard deviation, NaN where there is one value only.
    public struct Spread: Sendable, Equatable {
        public var mean: Double
        public var deviation: Double

        public init(_ values: [Double]) {
            let values = values.filter { !$0.isNaN }
            mean = values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
            let (mean, count) = (mean, Double(values.count))
            deviation = count < 2 ? .nan : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot()
        }
    }

    public struct Row: Sendable {
        public var setting: String
        /// Where the paper has it, and its J&F in percent.
        public var paper: String?
        public var paperScore: String?
        /// The setting that the gain is counted from.
        public var against: String?
        public var runs: [Run]

        public init(setting: String, paper: String? = nil, paperScore: String? = nil, against: String? = nil, runs: [Run]) {
            (self.setting, self.paper, self.paperScore, self.against, self.runs) = (setting, paper, paperScore, against, runs)
        }

        public var j: Spread { Spread(runs.map(\.score.mean.j)) }
        public var f: Spread { Spread(runs.map(\.score.mean.f)) }
        public var jf: Spread { Spread(runs.map(\.score.mean.jf)) }
        public var framesPerSecond: Spread { Spread(runs.map { $0.seconds > 0 ? Double($0.frames) / $0.seconds : .nan }) }
        /// YouTube-VOS's G.
        public var overall: Spread { Spread(runs.map(\.score.overall)) }
        /// The names of the groups that its protocol reports.
        public var groups: [String] { runs.first?.score.groups.map(\.name) ?? [] }
        /// J&F of a group.
        public func group(_ name: String) -> Spread {
            Spread(runs.map { run in run.score.groups.first { $0.name == name }?.jf ?? .nan })
        }
    }

    public var title: String
    /// Command, versions, processor, models' fingerprints.
    public var ran: [(name: String, value: String)]
    public var rows: [Row]
    /// Of runs that have no scores.
    public var unscored: [RunFindings]
    /// What others have published on this data set.
    public var published: PublishedTable?

    public init(
        title: String, ran: [(name: String, value: String)], rows: [Row], unscored: [RunFindings] = [], published: PublishedTable? = nil
    ) {
        (self.title, self.ran, self.rows, self.unscored, self.published) = (title, ran, rows, unscored, published)
    }

    /// How much better a row is in J&F than the one it is compared with; NaN where there is none.
    public func gain(of row: Row) -> Double {
        guard let other = rows.first(where: { $0.setting == row.against }) else { return .nan }
        return row.jf.mean - other.jf.mean
    }

    /// What does not fit, or could not be done, each once; what some runs alone have names them.
    public var findings: [ScoringFinding] {
        let scored = rows.flatMap { row in row.runs.map { RunFindings(setting: row.setting, seed: $0.seed, $0.score.findings) } }
        let videos = rows.flatMap(\.runs).map { Set($0.score.objects.map(\.sequence)) }
        return RunFindings.merged(unscored + scored) + RunFindings.differing(videos)
    }
}

/// Numbers as reports show them.
enum ReportNumber {
    /// In percent, as papers do.
    static func percent(_ value: Double, digits: Int = 1) -> String { value.isNaN ? "" : String(format: "%.\(digits)f", 100 * value) }

    static func percent(_ spread: EvaluationReport.Spread) -> String {
        spread.deviation.isNaN ? percent(spread.mean) : percent(spread.mean) + " ± " + percent(spread.deviation)
    }

    static func plain(_ spread: EvaluationReport.Spread) -> String {
        if spread.mean.isNaN { return "" }
        return String(format: "%.1f", spread.mean) + (spread.deviation.isNaN ? "" : String(format: " ± %.1f", spread.deviation))
    }

    static func signed(_ value: Double) -> String { value.isNaN ? "" : String(format: "%+.1f", 100 * value) }

    /// All digits, for other programs.
    static func exact(_ value: Double) -> String { value.isFinite ? "\(value)" : "" }
}

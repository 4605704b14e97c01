import Foundation
import Media
import Support

/// One simulation or several side by side: what tables, curves and reports are made of.
public struct SimulationReport: Sendable {
    public struct Entry: Sendable {
        public var name: String
        public var records: [SimulationRecord]
        public var curve: SimulationCurve

        public init(_ name: String, records: [SimulationRecord]) {
            (self.name, self.records) = (name, records)
            curve = SimulationCurve(name, records: records)
        }

        /// A mean over the objects of each seed, and its spread over the seeds.
        func spread(_ value: (SimulationRecord) -> Double) -> EvaluationReport.Spread {
            let seeds = Dictionary(grouping: records, by: \.seed).sorted { $0.key < $1.key }
            return EvaluationReport.Spread(
                seeds.map { seed in
                    let values = seed.value.map(value).filter { !$0.isNaN }
                    return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
                })
        }

        /// J&F after so many prompted frames; an object that needed no more has its last value.
        func jf(afterFrames count: Int) -> EvaluationReport.Spread {
            spread { record in
                guard !record.promptedFrames.isEmpty else { return .nan }
                return record.promptedFrames[min(count, record.promptedFrames.count) - 1].jf
            }
        }
    }

    public var title: String
    /// Command, versions, processor, models' fingerprints.
    public var ran: [(name: String, value: String)]
    public var entries: [Entry]
    public var failures: [ScoringFinding]

    public init(title: String, ran: [(name: String, value: String)], entries: [Entry], failures: [ScoringFinding] = []) {
        (self.title, self.ran, self.entries, self.failures) = (title, ran, entries, failures)
    }

    /// What does not fit, or could not be done, each once.
    public var findings: [ScoringFinding] {
        var all: [ScoringFinding] = []
        for finding in failures + entries.flatMap(\.records).flatMap(\.findings) where !all.contains(finding) { all.append(finding) }
        return all
    }

    /// Places of Figure 5's axis that tables show.
    static let places: [Double] = [0.1, 0.25, 0.5, 1, 2, 3]

    var summaryTable: ReportTable {
        let columns =
            ["simulation", "objects", "seeds", "interactions", "a frame"] + Self.places.map { "J&F at \($0.formatted)" }
            + ["J&F", "J", "F", "frames J 0.9", "frames J 0.95", "s a click", "frames a click"]
        let rows = entries.map { entry -> [String] in
            let objects = Set(entry.records.map { "\($0.video) \($0.object)" }).count
            let clicks = entry.spread { Double($0.interactions.count) }
            let rate = entry.spread { Double($0.interactions.count) / Double(max(1, $0.frames)) }
            let all = entry.records.flatMap(\.interactions)
            let count = Double(max(1, all.count))
            return [entry.name, "\(objects)", "\(Set(entry.records.map(\.seed)).count)", ReportNumber.plain(clicks)]
                + [String(format: "%.2f", rate.mean)] + Self.places.map { ReportNumber.percent(entry.curve.jf(at: $0)) }
                + [
                    ReportNumber.percent(entry.spread { $0.best.jf }), ReportNumber.percent(entry.spread { $0.best.j }),
                    ReportNumber.percent(entry.spread { $0.best.f }), ReportNumber.percent(entry.spread(\.framesAt90)),
                    ReportNumber.percent(entry.spread(\.framesAt95)), String(format: "%.2f", all.reduce(0) { $0 + $1.seconds } / count),
                    String(format: "%.1f", Double(all.reduce(0) { $0 + $1.framesComputed }) / count),
                ]
        }
        return ReportTable(title: "Simulations", columns: columns, isNumber: columns.map { $0 != "simulation" }, rows: rows)
    }

    /// SAM 2's protocols: how good the masks are after one prompted frame, two, and so on.
    var promptedTable: ReportTable? {
        let with = entries.filter { $0.records.contains { !$0.promptedFrames.isEmpty } }
        guard let most = with.flatMap(\.records).map(\.promptedFrames.count).max(), most > 0 else { return nil }
        let columns = ["simulation"] + (1...most).map { "\($0)" } + ["mean"]
        let rows = with.map { entry -> [String] in
            let values = (1...most).map { entry.jf(afterFrames: $0) }
            return [entry.name] + values.map { ReportNumber.percent($0) }
                + [ReportNumber.percent(values.reduce(0) { $0 + $1.mean } / Double(most))]
        }
        return ReportTable(
            title: "J&F after prompted frames", columns: columns, isNumber: columns.map { $0 != "simulation" }, rows: rows)
    }

    func objectsTable(of entry: Entry) -> ReportTable {
        let columns = [
            "video", "object", "seed", "frames", "interactions", "J&F before", "J&F", "J", "F", "to J 0.9", "to J 0.95", "frames J 0.9",
            "seconds",
        ]
        let rows = entry.records.map { record in
            [record.video, record.label, "\(record.seed)", "\(record.frames)", "\(record.interactions.count)"]
                + [record.start.jf, record.best.jf, record.best.j, record.best.f].map { ReportNumber.percent($0) }
                + [record.interactionsTo90, record.interactionsTo95].map { $0.map(String.init) ?? "" }
                + [ReportNumber.percent(record.framesAt90), String(format: "%.1f", record.seconds)]
        }
        return ReportTable(
            title: entries.count > 1 ? "Objects: \(entry.name)" : "Objects", columns: columns,
            isNumber: columns.map { $0 != "video" && $0 != "object" }, rows: rows)
    }

    /// All tables, in order.
    var tables: [ReportTable] {
        var tables = [summaryTable]
        if let promptedTable { tables.append(promptedTable) }
        tables += entries.map(objectsTable)
        if !findings.isEmpty { tables.append(.findings(findings)) }
        tables.append(.ran(ran))
        return tables
    }

    /// The first tables as lines of text.
    public var summaryLines: [String] { summaryTable.lines + (promptedTable.map { [""] + $0.lines } ?? []) }

    /// Figure 5.
    public var chart: CurveChart {
        CurveChart(
            xLabel: "interactions a frame of the video", yLabel: "J&F (%)",
            series: entries.map { entry in
                .init(
                    name: entry.name,
                    points: entry.curve.points.map { .init(x: $0.interactions, y: 100 * $0.jf, deviation: 100 * $0.deviation) })
            })
    }
}

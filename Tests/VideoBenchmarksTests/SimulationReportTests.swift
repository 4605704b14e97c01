import Foundation
import Media
import Support
import TestSupport
import Testing

@testable import VideoBenchmarks

@Suite("Curves and reports of simulations")
struct SimulationReportTests {
    /// An object of so many frames, whose J and F after each interaction are given.
    private func record(_ video: String, seed: UInt64 = 1, frames: Int, _ values: [Double]) -> SimulationRecord {
        let steps = values.dropFirst().enumerated().map { index, value in
            Interaction(
                action: .add, type: .positive, frame: index, frameName: "0\(index)", x: 1.5, y: 2.5, interactionsLeft: 9 - index,
                threshold: 0.9,
                iouBefore: 0, iouAfter: value, boundaryBefore: 0, boundaryAfter: value, overallIouBefore: values[index],
                overallIouAfter: value, overallBoundaryBefore: values[index], overallBoundaryAfter: value, jfBefore: values[index],
                jfAfter: value, framesComputed: 2, seconds: 0.5)
        }
        return SimulationRecord(
            video: video, object: 1, label: "1", seed: seed, settings: [:], data: "", firstFrame: 0, frames: frames, framesMeasured: frames,
            start: SimulationPoint(interactions: 0, j: values[0], f: values[0]), interactions: steps, passes: [],
            promptedFrames: values.dropFirst().enumerated().map { SimulationPoint(interactions: $0 + 1, j: $1, f: $1) }, framesAt90: 0.5,
            framesAt95: 0, interactionsTo90: nil, interactionsTo95: nil, seconds: 1, findings: [])
    }

    @Test("Steps over interactions divided by the video's length; the last value is carried on, objects and seeds count alike")
    func curve() {
        let records = [record("a", frames: 4, [0, 0.4, 0.8]), record("b", frames: 2, [0.2, 1.0])]
        let curve = SimulationCurve("test", records: records, end: 1, steps: 4)
        #expect(curve.points.map(\.interactions) == [0, 0.25, 0.5, 0.75, 1])
        let wanted = [0.1, 0.3, 0.9, 0.9, 0.9]
        for (point, value) in zip(curve.points, wanted) { #expect(abs(point.jf - value) < 1e-12 && point.deviation.isNaN) }
        #expect(abs(curve.jf(at: 0.3) - 0.3) < 1e-12)
        let seeds = SimulationCurve("two", records: [record("a", frames: 1, [0]), record("a", seed: 2, frames: 1, [1])], end: 1, steps: 1)
        #expect(seeds.points[0].jf == 0.5 && abs(seeds.points[0].deviation - 0.5.squareRoot()) < 1e-12)
    }

    @Test("SVG, pixels, CSV, tables, JSON and page say the same") func files() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let entry = SimulationReport.Entry("a<b & \"c\"", records: [record("v,1", frames: 4, [0, 0.4, 0.8])])
        let report = SimulationReport(
            title: "test", ran: [("command", "sampt <x>")], entries: [entry], failures: [ScoringFinding(.failed, "w", "could not")])
        try report.write(to: folder.path)
        func text(_ name: String) throws -> String { try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8) }
        let svg = try text("curves.svg")
        #expect(svg.hasPrefix("<svg xmlns") && svg.contains("a&lt;b &amp; &quot;c&quot;") && !svg.contains("a<b"))
        #expect(try ImageFile.readRGB(folder.path + "/curves.png").size == ImageSize(width: 1520, height: 920))
        let lines = try text("curves.csv").split(separator: "\n")
        #expect(lines.count == 122 && lines[1].hasPrefix("\"a<b & \"\"c\"\"\",0.0,0.0,0.0,0.0,"))
        let steps = try text("report.csv").split(separator: "\n")
        #expect(steps.count == 5 && steps[2].contains("\"v,1\",1,2,0.5,01,add,positive,1.5,2.5,0.8"))
        #expect(steps[3].hasSuffix(",w,failed,1,could not") && steps[4].hasSuffix(",,ran: command,,sampt <x>"))
        let page = try text("report.html")
        #expect(page.contains("<svg") && page.contains("sampt &lt;x&gt;") && page.contains("could not"))
        #expect(try text("report.md").contains("| failed | w | 1 | could not |"))
        let json = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("report.json"))) as? [String: Any])
        let rows = try #require(json["simulations"] as? [[String: Any]])
        #expect(rows.count == 1 && rows[0]["jf"] as? Double == 0.8 && (rows[0]["promptedFrames"] as? [Double]) == [0.4, 0.8])
        #expect(report.summaryLines.count == 5)
    }

    @Test("The best pass counts where it is better than the end") func best() {
        var record = record("a", frames: 4, [0, 0.9, 0.5])
        #expect(record.best.j == 0.5)
        record.passes = [
            SimulationPass(threshold: 0.5, reached: SimulationPoint(interactions: 1, j: 0.9, f: 0.9)),
            SimulationPass(threshold: 0.9, reached: SimulationPoint(interactions: 2, j: 0.5, f: 0.5)),
        ]
        #expect(record.best == SimulationPoint(interactions: 1, j: 0.9, f: 0.9))
    }

    @Test func emptyCharts() {
        for series in [[], [CurveChart.Series(name: "none", points: [])], [CurveChart.Series(name: "one", points: [.init(x: 0, y: .nan)])]]
        {
            let chart = CurveChart(xLabel: "x", yLabel: "y", series: series)
            #expect(chart.svg.contains("</svg>"))
            #expect(chart.picture(scale: 1).size == ImageSize(width: 760, height: 460))
        }
    }
}

import Foundation
import Media
import Support

extension SimulationReport {
    /// Writes curves and reports into a folder.
    /// - Throws: `FileError.unwritable`.
    public func write(to folder: String) throws {
        let chart = chart
        try AtomicFile.write(Data(chart.svg.utf8), to: folder + "/curves.svg")
        try ImageFile.writePNG(chart.picture(), to: folder + "/curves.png")
        try AtomicFile.write(Data(SimulationCurve.csv(entries.map(\.curve)).utf8), to: folder + "/curves.csv")
        try AtomicFile.write(json(), to: folder + "/report.json")
        try AtomicFile.write(Data(csv.utf8), to: folder + "/report.csv")
        try AtomicFile.write(Data(ReportTable.markdown(title, tables).utf8), to: folder + "/report.md")
        let body = tables.map(\.html)
        let page = ReportPage.html(title, body: body[0] + "<h2>J&amp;F over interactions</h2>\n" + chart.svg + body.dropFirst().joined())
        try AtomicFile.write(Data(page.utf8), to: folder + "/report.html")
    }

    /// A line an interaction, with all digits; below them what does not fit and what ran, told apart by `kind`.
    var csv: String {
        var table = CSVTable(
            columns: [
                "simulation", "seed", "video", "object", "interaction", "interactionsPerFrame", "frame", "action", "type", "x", "y", "j",
                "f",
                "overallJ", "overallF", "overallJF", "framesComputed", "seconds", "sequence", "kind", "count", "text",
            ])
        for entry in entries {
            for record in entry.records {
                for (place, step) in record.interactions.enumerated() {
                    table.add(
                        [
                            "simulation": entry.name, "seed": "\(record.seed)", "video": record.video, "object": record.label,
                            "interaction": "\(place + 1)", "frame": step.frameName, "action": step.action.rawValue,
                            "type": step.type.rawValue, "x": "\(step.x)", "y": "\(step.y)", "framesComputed": "\(step.framesComputed)",
                        ],
                        numbers: [
                            "interactionsPerFrame": Double(place + 1) / Double(max(1, record.frames)), "j": step.iouAfter,
                            "f": step.boundaryAfter, "overallJ": step.overallIouAfter, "overallF": step.overallBoundaryAfter,
                            "overallJF": step.jfAfter, "seconds": step.seconds,
                        ])
                }
            }
        }
        table.add(findings: findings)
        table.add(ran: ran)
        return table.text
    }

    /// Everything but the single interactions, which the records have, as JSON with sorted keys; numbers that do not exist are null.
    public func json() throws -> Data {
        struct Object: Encodable {
            var video: String
            var object: String
            var seed: UInt64
            var frames: Int
            var interactions: Int
            var before: Double?
            var j: Double?
            var f: Double?
            var jf: Double?
            var interactionsTo90: Int?
            var interactionsTo95: Int?
            var framesAt90: Double?
            var framesAt95: Double?
            var promptedFrames: [Double?]
            var seconds: Double
        }
        struct Place: Encodable {
            var interactionsPerFrame: Double
            var j: Double?
            var f: Double?
            var jf: Double?
            var jfDeviation: Double?
        }
        struct Row: Encodable {
            var name: String
            var j: Double?
            var f: Double?
            var jf: Double?
            var interactions: Double?
            var interactionsPerFrame: Double?
            var promptedFrames: [Double?]
            var curve: [Place]
            var objects: [Object]
        }
        struct Document: Encodable {
            var title: String
            var ran: [String: String]
            var simulations: [Row]
            var findings: [ScoringFinding]
        }
        let rows = entries.map { entry in
            let most = entry.records.map(\.promptedFrames.count).max() ?? 0
            return Row(
                name: entry.name, j: entry.spread { $0.best.j }.mean.orNull, f: entry.spread { $0.best.f }.mean.orNull,
                jf: entry.spread { $0.best.jf }.mean.orNull, interactions: entry.spread { Double($0.interactions.count) }.mean.orNull,
                interactionsPerFrame: entry.spread { Double($0.interactions.count) / Double(max(1, $0.frames)) }.mean.orNull,
                promptedFrames: most > 0 ? (1...most).map { entry.jf(afterFrames: $0).mean.orNull } : [],
                curve: entry.curve.points.map {
                    Place(
                        interactionsPerFrame: $0.interactions, j: $0.j.orNull, f: $0.f.orNull, jf: $0.jf.orNull,
                        jfDeviation: $0.deviation.orNull)
                },
                objects: entry.records.map { record in
                    Object(
                        video: record.video, object: record.label, seed: record.seed, frames: record.frames,
                        interactions: record.interactions.count, before: record.start.jf.orNull, j: record.best.j.orNull,
                        f: record.best.f.orNull, jf: record.best.jf.orNull, interactionsTo90: record.interactionsTo90,
                        interactionsTo95: record.interactionsTo95, framesAt90: record.framesAt90.orNull,
                        framesAt95: record.framesAt95.orNull, promptedFrames: record.promptedFrames.map(\.jf.orNull),
                        seconds: record.seconds)
                })
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(
            Document(
                title: title, ran: Dictionary(ran.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }), simulations: rows,
                findings: findings))
    }
}

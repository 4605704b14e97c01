import Foundation
import VideoBenchmarks

/// Scores as a table in the terminal.
enum ScoreTable {
    static func show(_ report: ScoreReport) {
        let rows = report.objects.map { (name: "\($0.sequence) \($0.label)", $0.j.mean, $0.f.mean) }
        let width = max(20, (rows.map(\.name.count).max() ?? 0) + 2)
        StandardOutput.print("object".padded(to: width) + "     J      F    J&F")
        for row in rows { StandardOutput.print(line(row.name, row.1, row.2, width)) }
        let mean = report.mean
        StandardOutput.print(line("mean of \(mean.objects)", mean.j, mean.f, width))
        StandardOutput.print(
            "  J recall \(number(mean.jRecall)), decay \(number(mean.jDecay)); F recall \(number(mean.fRecall)), decay \(number(mean.fDecay))"
        )
        for group in report.groups { StandardOutput.print(line("\(group.name) (\(group.objects))", group.j, group.f, width)) }
        if !report.overall.isNaN { StandardOutput.print("G".padded(to: width) + "               \(number(report.overall))") }
        let cost = report.cost
        guard cost.masks > 0 else { return }
        StandardError.print(
            String(
                format: "%d masks in %.2f s; of the threads' time %.2f s went into reading PNGs, %.2f s into measuring (%.0f us a frame)",
                cost.masks, cost.seconds, cost.readingSeconds, cost.measuringSeconds,
                cost.measuringSeconds / Double(max(1, cost.frames)) * 1e6))
    }

    static func show(_ report: InstanceReport) {
        for (name, value) in report.numbers {
            StandardOutput.print(name.padded(to: 10) + (value.isNaN ? "      -" : String(format: "%7.3f", value)))
        }
    }

    private static func line(_ name: String, _ j: Double, _ f: Double, _ width: Int) -> String {
        name.padded(to: width) + [j, f, (j + f) / 2].map { "  " + number($0) }.joined()
    }

    private static func number(_ value: Double) -> String { value.isNaN ? "    -" : String(format: "%.3f", value) }
}

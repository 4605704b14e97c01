import Foundation

/// The report as a page that needs nothing but itself.
struct ReportPage {
    let report: BatchReport
    let folder: BatchFolder

    /// Failures that are listed; report.json has all.
    private static let shownFailures = 500
    /// Bytes of pictures in the page.
    private static let pictureBudget = 24 << 20

    var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>\(escaped(report.batch))</title>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <style>
        body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222 }
        table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .25rem .75rem .25rem 0; vertical-align: top }
        tr + tr td { border-top: 1px solid #ddd } .pictures { display: flex; flex-wrap: wrap; gap: 1rem }
        figure { margin: 0; width: 20rem } figure img { width: 100%; background: #eee } figcaption { overflow-wrap: anywhere }
        </style></head><body>
        <h1>\(escaped(report.batch))</h1>
        \(report.lines.map { "<p>\(escaped($0))</p>" }.joined(separator: "\n"))
        \(failures)
        \(skipped)
        \(damaged)
        \(pictures)
        </body></html>

        """
    }

    private var failures: String {
        guard !report.failures.isEmpty else { return "" }
        let rows = report.failures.prefix(Self.shownFailures).map { failure in
            row([failure.id, "\(failure.line)", failure.kind.rawValue, failure.reason, failure.video])
        }
        let more =
            report.failures.count > Self.shownFailures
            ? "<p>\(report.failures.count - Self.shownFailures) more are in report.json.</p>" : ""
        return
            "<h2>Set aside</h2>\n<table><tr><th>id<th>line<th>kind<th>reason<th>video</tr>\n\(rows.joined(separator: "\n"))\n</table>\(more)"
    }

    private var skipped: String {
        guard !report.skippedLines.isEmpty else { return "" }
        let rows = report.skippedLines.prefix(Self.shownFailures).map { row(["\($0.line)", $0.reason]) }
        return "<h2>Lines left out</h2>\n<table><tr><th>line<th>reason</tr>\n\(rows.joined(separator: "\n"))\n</table>"
    }

    private var damaged: String {
        guard !report.damaged.isEmpty else { return "" }
        let rows = report.damaged.prefix(Self.shownFailures).map { row([$0.id, $0.damage ?? ""]) }
        return "<h2>Damaged videos</h2>\n<table><tr><th>id<th>what is wrong</tr>\n\(rows.joined(separator: "\n"))\n</table>"
    }

    private var pictures: String {
        guard !report.leastConfident.isEmpty else { return "" }
        let store = ResultStore(folder: folder)
        var left = Self.pictureBudget
        let figures = report.leastConfident.map { result -> String in
            var image = "<p>no picture: \"picture\" is not among its outputs</p>"
            for kind in [OutputKind.picture, .contactSheet] {
                guard let data = try? store.content(of: result.id, file: kind.fileName, limit: left), data.count <= left else { continue }
                left -= data.count
                image = "<img alt=\"\" src=\"data:image/png;base64,\(data.base64EncodedString())\">"
                break
            }
            let confidence = result.confidence.map { String(format: "%.2f", $0) } ?? "?"
            let mean = result.meanConfidence.map { String(format: ", on average %.2f", $0) } ?? ""
            return "<figure>\(image)<figcaption>\(escaped(result.id)): \(confidence)\(mean)</figcaption></figure>"
        }
        return "<h2>Least confident</h2>\n<div class=\"pictures\">\n\(figures.joined(separator: "\n"))\n</div>"
    }

    private func row(_ cells: [String]) -> String { "<tr>" + cells.map { "<td>\(escaped($0))" }.joined() + "</tr>" }

    private func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

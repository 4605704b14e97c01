import Foundation
import Media

extension EvaluationReport {
    /// One page that needs nothing else: tables that sort by a click on a column, J over time for each object, and the worst frames beside
    /// their truth.
    /// - Parameters:
    ///   - worst: how many of the worst frames to show.
    ///   - frame: the picture of a frame of a sequence; nil where there is none.
    public func html(worst: Int = 12, frame: (_ sequence: String, _ name: String) -> RGBImage? = { _, _ in nil }) throws -> String {
        var body = "<h1>\(Self.escaped(title))</h1>\n"
        body += settingsTable.html
        if let published { body += published.table.html }
        if let best = rows.first, let run = best.runs.first {
            if rows.count > 1 || best.runs.count > 1 {
                let seed = run.seed.map { ", seed \($0)" } ?? ""
                body += "<p>Curves and pictures are of \(Self.escaped(best.setting + seed)).</p>\n"
            }
            body += "<h2>J over time</h2>\n<div class=\"charts\">\n"
            for sequence in run.score.sequences { body += JChart.svg(sequence.name, sequence.objects) }
            body += "</div>\n"
            body += try pictures(run.score, worst: worst, frame: frame)
        }
        for row in rows { body += objectsTable(of: row).html }
        if !findings.isEmpty { body += ReportTable.findings(findings).html }
        body += ReportTable.ran(ran).html
        return ReportPage.html(title, body: body)
    }

    private func pictures(_ score: ScoreReport, worst: Int, frame: (String, String) -> RGBImage?) throws -> String {
        let pictures = WorstFrames.pictures(score, count: worst, frame: frame)
        guard !pictures.isEmpty else { return "" }
        var text = "<h2>The worst frames</h2>\n<p>Each object's worst frame: the result, the truth, and their difference. "
        text +=
            "<b class=\"hit\">Green</b> is in both, <b class=\"missed\">blue</b> is missing, <b class=\"wrong\">red</b> is too much.</p>\n"
        for picture in pictures {
            let data = try Self.png(picture.image).base64EncodedString()
            let caption = Self.escaped(picture.caption)
            text += "<figure><img alt=\"\(caption)\" src=\"data:image/png;base64,\(data)\"><figcaption>\(caption)</figcaption></figure>\n"
        }
        return text
    }

    private static func png(_ image: RGBImage) throws -> Data {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("sampt-\(UUID().uuidString).png")
        defer { try? FileManager.default.removeItem(at: file) }
        try ImageFile.writePNG(image, to: file.path)
        return try InputFile.read(file.path, limit: 1 << 28)
    }

    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
            .replacingOccurrences(of: "'", with: "&#39;")
    }
}

/// What the page looks like, and how its tables sort.
enum ReportPage {
    /// A page that needs no other file.
    /// - Parameter title: as text.
    static func html(_ title: String, body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>\(EvaluationReport.escaped(title))</title>
        <style>
        \(style)
        </style></head><body>
        \(body)<script>
        \(script)
        </script></body></html>

        """
    }

    static let style = """
        body { font: 15px/1.45 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
        table { border-collapse: collapse; margin: .5em 0 1.5em } th, td { padding: .25em .7em; border-bottom: 1px solid #ddd; text-align: left }
        .number { text-align: right; font-variant-numeric: tabular-nums } th button { font: inherit; font-weight: 600; border: 0; background: none; cursor: pointer; padding: 0 }
        th[aria-sort=ascending] button::after { content: " \\25B2" } th[aria-sort=descending] button::after { content: " \\25BC" }
        .charts { display: flex; flex-wrap: wrap; gap: 1em } figure { margin: 1em 0 } img { max-width: 100% } figcaption { color: #555 }
        .hit { color: #2a8a46 } .missed { color: #2a5fd0 } .wrong { color: #c7301d }
        @media (prefers-color-scheme: dark) { body { background: #16181b; color: #ddd } th, td { border-color: #333 } th button { color: #ddd } figcaption { color: #aaa } }
        """

    static let script = """
        for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
          const head = button.parentElement, row = head.parentElement, body = row.closest("table").tBodies[0];
          const column = [...row.children].indexOf(head), down = head.getAttribute("aria-sort") === "descending";
          for (const other of row.children) other.removeAttribute("aria-sort");
          head.setAttribute("aria-sort", down ? "ascending" : "descending");
          const isNumber = head.classList.contains("number");
          const key = line => { const text = line.children[column].textContent; return isNumber ? (parseFloat(text) || -Infinity) : text; };
          const order = (a, b) => isNumber ? key(b) - key(a) : key(b).localeCompare(key(a));
          const lines = [...body.rows].sort((a, b) => down ? order(b, a) : order(a, b));
          body.append(...lines);
        });
        """
}

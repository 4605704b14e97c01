import Foundation
import Support
import TestSupport
import Testing

@testable import SamptCommands

@Suite("One version")
struct VersionTests {
    @Test("The program says it, and CHANGELOG.md begins with it")
    func version() throws {
        let outcome = try Program.run(["--version"])
        #expect(outcome.output == ProgramVersion.current + "\n")
        let log = try String(contentsOf: Fixtures.packageRoot.appendingPathComponent("CHANGELOG.md"), encoding: .utf8)
        let newest = log.split(separator: "\n").first { $0.hasPrefix("## ") && $0 != "## Unreleased" }
        #expect(newest?.hasPrefix("## \(ProgramVersion.current)") == true, "\(newest ?? "no entry")")
    }
}

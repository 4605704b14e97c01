import Testing
import VideoBenchmarks

@Suite("Findings of several runs")
struct RunFindingsTests {
    private let everywhere = ScoringFinding(.description, "ghost", "is not there")
    private let missing = ScoringFinding(.missingSequence, "b", "has not been run")

    @Test("What not every run has names the settings and seeds that do") func names() {
        func run(_ setting: String, _ seed: UInt64, _ findings: [ScoringFinding] = []) -> RunFindings {
            RunFindings(setting: setting, seed: seed, [everywhere] + findings)
        }
        func messages(_ runs: [RunFindings]) -> [String] { RunFindings.merged(runs).map(\.description) }
        let first = "ghost: is not there"
        #expect(messages([run("one", 1), run("one", 2), run("two", 1)]) == [first])
        #expect(messages([run("one", 1, [missing]), run("two", 1, [missing])]) == [first, "b: has not been run"])
        #expect(
            messages([run("one", 1), run("one", 2, [missing]), run("one", 3, [missing]), run("two", 1, [missing])])
                == [first, "b: has not been run (one, seeds 2, 3; two)"])
        // A run may say things one after the other.
        #expect(messages([run("one", 1), run("one", 2), run("one", 1, [missing])]) == [first, "b: has not been run (one, seed 1)"])
    }

    @Test("Scores of different videos are not compared in silence") func videos() {
        #expect(RunFindings.differing([]).isEmpty && RunFindings.differing([["a", "b"], ["b", "a"]]).isEmpty)
        let findings = RunFindings.differing([["a", "b", "c"], ["a", "c"], ["a", "b"]])
        #expect(findings.map(\.count) == [2] && findings[0].message.contains("2 videos (the first is b)"))
    }
}

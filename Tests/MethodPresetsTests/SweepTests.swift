import Foundation
import TestSupport
import Testing

@testable import MethodPresets

@Suite("Sweeps")
struct SweepTests {
    private func sweep(_ yaml: String) throws -> Sweep { try Sweep(yaml: yaml, source: .builtIn("test"), files: []) }

    @Test("The paper's tables name presets that there are", arguments: Sweep.builtIn)
    func builtIn(name: String) throws {
        let sweep = try Sweep.load(name)
        #expect(!sweep.title.isEmpty && !sweep.rows.isEmpty)
        for row in sweep.rows {
            let preset = try Preset.load(try #require(row.preset))
            #expect(preset.paperScore != nil || !row.paperScores.isEmpty)
            try preset.settings().validate()
        }
        let known = BuiltInPresets.names.filter { $0.hasPrefix(name + "-") }
        guard known.isEmpty else {
            #expect(sweep.rows.compactMap(\.preset) == known)
            return
        }
        // Not an ablation: SAM-PT's row has others beside it, its own number as published among them.
        let published = try #require(sweep.published)
        #expect(published.rows.filter { $0[0] == "SAM-PT" }.count == 1 && published.rows.count > 3 && !published.data.isEmpty)
        #expect(Set(published.rows.map(\.count)) == [published.columns.count])
    }

    @Test("What the paper says, by data set, and what others have published")
    func published() throws {
        let sweep = try sweep(
            """
            rows: [{name: a, paper: Table 9, paper-scores: {davis2016: 84.30, uvo: AP 5.8}}]
            published:
              data: [uvo]
              columns: [method, J&F]
              rows: [[one, 70.0], [two, ""]]
            """)
        #expect(sweep.rows[0].paper == "Table 9" && sweep.rows[0].paperScores == ["davis2016": "84.30", "uvo": "AP 5.8"])
        #expect(
            sweep.published == Sweep.Published(data: ["uvo"], columns: ["method", "J&F"], rows: [["one", "70.0"], ["two", ""]]))
        #expect(throws: PresetError.self) {
            try self.sweep("rows: [{name: a}]\npublished: {data: [uvo], columns: [a, b], rows: [[c]]}")
        }
    }

    @Test("Rows, settings for all, and every combination of a grid")
    func forms() throws {
        let sweep = try sweep(
            """
            title: points
            settings: {segmenter: nano}
            rows:
              - name: one
                settings: {positive-points: 4}
              - preset: default
                against: one
            grid:
              refinement: [0, 3]
              memory: [on, off]
            """)
        #expect(
            sweep.rows.map(\.name) == [
                "one", "default", "memory=on refinement=0", "memory=on refinement=3", "memory=off refinement=0", "memory=off refinement=3",
            ])
        #expect(sweep.rows.allSatisfy { $0.assignments.first?.text == "nano" } && sweep.rows[1].against == "one")
        var settings = MethodSettings()
        try settings.apply(sweep.rows[5].assignments)
        #expect(PresetKey.refinement.text(in: settings) == "3" && PresetKey.memory.text(in: settings) == "off")
    }

    @Test(
        "What is no sweep is refused",
        arguments: [
            "", "title: nothing", "rows: [{name: a}, {name: a}]", "rows: [{name: a, against: b}]", "rows: 5", "grid: {memory: []}",
            "rows: [{name: a, settings: {memory: [on]}}]", "a: [", "settings: &s {memory: on}\nrows: [{name: a, settings: *s}]",
        ])
    func faults(yaml: String) {
        #expect(throws: PresetError.self) { try sweep(yaml) }
    }

    @Test func absentFiles() {
        #expect(throws: PresetError.self) { try Sweep.load("nowhere.yaml") }
    }
}

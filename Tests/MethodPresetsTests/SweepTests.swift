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
            #expect(preset.paperScore != nil)
            try preset.settings().validate()
        }
        let known = BuiltInPresets.names.filter { $0.hasPrefix(name + "-") }
        #expect(sweep.rows.compactMap(\.preset) == known)
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

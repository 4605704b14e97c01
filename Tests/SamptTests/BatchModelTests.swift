import BatchJobs
import SegmentationJobs
import Testing

@testable import SamptCommands

@Suite("A batch's worker loads models anew where others are asked for, and only there")
struct BatchModelTests {
    @Test("What changes no model leaves them loaded") func whatChangesNoModelLeavesThemLoaded() throws {
        let models = LoadedModels()
        var made = 0
        for options: [String: JSONValue] in [
            [:], ["seed": .integer(3)], ["seed": .integer(4)], ["max-side": .integer(480), "reinit": .string("off")],
            ["memory": .bool(false), "start": .integer(2), "precision": .string("automatic")],
        ] {
            let command = try BatchMethod.command(options, video: "video", threads: 1)
            let settings = try command.models.settings(with: command.method, for: .video)
            _ = try models.models(key: command.models.modelKey(settings)) {
                made += 1
                return try command.models.makeModels(settings)
            }
            #expect(try BatchMethod.models(options).loading == BatchMethod.models([:]).loading)
        }
        #expect(made == 1)
    }

    @Test("What changes a model asks for others") func whatChangesAModelAsksForOthers() throws {
        let kinds: [[String: JSONValue]] = [
            [:], ["tracker": .string("lucas-kanade")], ["precision": .string("float32")],
            ["part-precision": .string("decoder=float32")],
            ["part-precision": .list([.string("decoder=float32"), .string("head=float32")])],
        ]
        #expect(try Set(kinds.map { try BatchMethod.models($0).loading }).count == kinds.count)
        // The order in which parts are named says nothing.
        let parts: [JSONValue] = [.string("head=float32"), .string("decoder=float32")]
        #expect(try BatchMethod.models(["part-precision": .list(parts)]).loading == BatchMethod.models(kinds[4]).loading)
    }

    @Test("Of the options of sampt segment, those have a place in a manifest that change what is made") func options() {
        let taken: Set = [
            "preset", "set", "segmenter", "hq-token-only", "tracker", "precision", "part-precision", "positive-points", "negative-points",
            "positive-method", "negative-method", "prompt-confidence", "refinement", "previous-mask-iou", "no-previous-mask",
            "iou-threshold", "reinit", "no-reinit", "horizon", "reinit-iou-threshold", "memory", "other-negatives", "forward-only",
            "reference-quirks", "seed", "start", "end", "stride", "max-side",
        ]
        let names = SegmentCommand.helpMessage(columns: 100_000).split(separator: "\n").compactMap { line -> String? in
            let words = line.split(whereSeparator: { " ,/".contains($0) })
            return line.hasPrefix("  -") ? words.first { $0.hasPrefix("--") }.map { String($0.dropFirst(2)) } : nil
        }
        #expect(names.count > 40)
        #expect(Set(names.filter { BatchMethod.refusal(of: $0) == nil }) == taken)
    }

    @Test("A seed is still looked at", arguments: [JSONValue.integer(-1), .string("x"), .number(0.5)])
    func aSeedIsStillLookedAt(seed: JSONValue) {
        #expect(throws: CommandError.self) { try BatchMethod.models(["seed": seed]) }
    }
}

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

    @Test("A seed is still looked at", arguments: [JSONValue.integer(-1), .string("x"), .number(0.5)])
    func aSeedIsStillLookedAt(seed: JSONValue) {
        #expect(throws: CommandError.self) { try BatchMethod.models(["seed": seed]) }
    }
}

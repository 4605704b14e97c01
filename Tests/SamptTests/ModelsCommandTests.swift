import Foundation
import ModelStore
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("sampt models")
struct ModelsCommandTests {
    private let folder: URL

    init() throws { folder = try Fixtures.temporaryFolder() }

    private var store: String { folder.appendingPathComponent("store").path }

    private func run(
        _ arguments: [String], environment: [String: String] = [:], interruptWhen condition: (() -> Bool)? = nil
    ) throws -> Program.Outcome {
        try Program.run(
            ["models"] + arguments, environment: ["SAMPT_MODELS": store].merging(environment) { $1 }, interruptWhen: condition)
    }

    private func contents() -> [String] { ((try? FileManager.default.contentsOfDirectory(atPath: store)) ?? []).sorted() }

    private func file(_ name: String, _ text: String) throws -> String {
        let file = folder.appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    private struct Row: Decodable { var name: String, kind: String, licence: String, state: String, path: String, address: String? }

    @Test("The list names every segmenter with licence and state, also as JSON")
    func list() throws {
        let text = try run(["list"])
        #expect(text.status == 0, "\(text.errors)")
        #expect(text.output.split(separator: "\n").contains { $0.hasPrefix("mobile-sam ") && $0.contains(" MobileSAM (TinyViT) ") })
        #expect(text.output.contains("Apache-2.0"))
        #expect(text.output.contains("The models' folder: \(store)"))
        let rows = try JSONDecoder().decode([Row].self, from: Data(run(["list", "--json"]).output.utf8))
        #expect(rows.filter { $0.kind == "segmenter" }.count == 8)
        #expect(rows.allSatisfy { $0.state == "absent" && $0.path.hasPrefix(store) })
        #expect(contents() == [])
    }

    @Test("The cache of compiled networks: shown, cleared, nothing else touched")
    func cache() throws {
        struct Report: Decodable { var folder: String, networks: Int, bytes: Int, limit: Int }
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let environment = ["SAMPT_CACHE": clip.path("cache")]
        func report(_ arguments: String...) throws -> Report {
            let outcome = try run(["cache", "--json"] + arguments, environment: environment)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
        }
        #expect(try report().networks == 0)
        #expect(!clip.exists("cache"))
        let segment = ["image", clip.frames + "/shot-0.png", "--point", "40,36", "--masks", clip.path("mask.png")]
        #expect(try Program.run(segment, environment: environment).status == 0)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: clip.path("cache/notes.txt")))
        let full = try report()
        #expect(full.networks > 0 && full.bytes > 1000 && full.folder == clip.path("cache") && full.limit == 16 << 30)
        let shown = try run(["cache"], environment: environment).output
        #expect(shown.contains("\(full.networks) compiled networks, ") && shown.contains("The cache's folder: \(clip.path("cache"))"))
        #expect(clip.contents("cache").count == full.networks + 1)
        #expect(try run(["cache", "--clear"], environment: environment).output.contains("Removed: \(full.networks) compiled networks"))
        #expect(clip.contents("cache") == ["notes.txt"])
        #expect(try report("--clear").bytes == 0)
        #expect(try Program.run(segment, environment: environment).status == 0)
    }

    @Test(
        "Weights of one's own: import, list, path, verify, damage, remove",
        .enabled(if: GeneratedCheckpoints.areThere, Comment(rawValue: GeneratedCheckpoints.missing)))
    func own() throws {
        let checkpoints = try GeneratedCheckpoints()
        defer { checkpoints.remove() }
        let own = try checkpoints.write("sam_vit_tiny_test")
        let refused = try run(["import", own])
        #expect(refused.status == CommandStatus.invalidInput.rawValue)
        #expect(refused.errors.contains("is none of the published files") && refused.errors.contains("--name"))
        let imported = try run(["import", own, "--name", "sam-vit-b"])
        #expect(imported.status == 0, "\(imported.errors)")
        #expect(imported.errors.contains("is not the published file"))
        #expect(imported.output == "\(store)/sam-vit-b.pth\n")
        #expect(try run(["path", "sam-vit-b"]).output == "\(store)/sam-vit-b.pth\n")
        #expect(try run(["list"]).output.contains("yes, another file"))
        #expect(try run(["verify"]).output == "sam-vit-b: unchanged since it came; not the published file\n")
        // What is not this network, or is damaged, takes nobody's place.
        let others = [
            (try file("five", "abcde"), "is not a checkpoint"), (try file("empty", ""), "it is empty"),
            (try checkpoints.write("sam_hq_vit_tiny_test"), "it holds hq-sam, not sam-vit"),
            (try checkpoints.write("cotracker_v1"), "it is no checkpoint"),
            (
                try checkpoints.write("sam_vit_tiny_test", as: "half.safetensors", without: "mask_decoder.iou_token.weight"),
                "mask_decoder.iou_token.weight"
            ),
            (
                try checkpoints.write("sam_vit_tiny_test", as: "nan.safetensors", spoilt: "mask_decoder.iou_token.weight"),
                "are no finite numbers"
            ),
        ]
        for (other, reason) in others {
            let refused = try run(["import", other, "--name", "sam-vit-b"])
            #expect(refused.status == CommandStatus.invalidInput.rawValue)
            #expect(refused.errors.contains(reason) && refused.errors.contains("The store is as it was."), "\(refused.errors)")
            #expect(try run(["verify"]).output == "sam-vit-b: unchanged since it came; not the published file\n")
        }
        try Data("wEights".utf8).write(to: URL(fileURLWithPath: store + "/sam-vit-b.pth"))
        let damaged = try run(["verify", "sam-vit-b"])
        #expect(damaged.status == CommandStatus.invalidInput.rawValue)
        #expect(damaged.output.contains("DIFFERENT"))
        #expect(try run(["remove", "sam-vit-b"]).status == 0)
        #expect(contents() == [])
        #expect(try run(["remove", "sam-vit-b"]).status == CommandStatus.missingInput.rawValue)
    }

    @Test("What is absent says how to get it; unknown names guess")
    func absent() throws {
        let absent = try run(["path", "mobile-sam"])
        #expect(absent.status == CommandStatus.missingInput.rawValue)
        #expect(absent.errors.contains("Get it with \"sampt models pull mobile-sam\" (41 MB)"), "\(absent.errors)")
        #expect(try run(["verify", "pips"]).status == CommandStatus.missingInput.rawValue)
        let unknown = try run(["pull", "mobilesam"])
        #expect(unknown.status == CommandStatus.usage.rawValue)
        #expect(unknown.errors.contains("Did you mean mobile-sam?"), "\(unknown.errors)")
        let manual = try run(["pull", "raft-things"])
        #expect(manual.status == CommandStatus.usage.rawValue)
        #expect(manual.errors.contains("models.zip"))
        #expect(try run(["import", "/absent/file"]).status == CommandStatus.missingInput.rawValue)
        #expect(try run(["pull", "pips", "pips++", "--from", "http://h/f"]).status == CommandStatus.usage.rawValue)
    }

    @Test(
        "A mirror with models whose MD5 nobody publishes",
        .enabled(if: GeneratedCheckpoints.areThere, Comment(rawValue: GeneratedCheckpoints.missing)))
    func recognised() throws {
        let checkpoints = try GeneratedCheckpoints()
        defer { checkpoints.remove() }
        let served = try ["cotracker_v1", "cotracker3_offline"].map { try Data(contentsOf: URL(fileURLWithPath: checkpoints.write($0))) }
        let server = try MisbehavingServer { request, number in
            number == 0 ? .init(200, body: Data("abcde".utf8)) : .file(served[min(number, 2) - 1], to: request)
        }
        defer { server.stop() }
        let mirror = ["SAMPT_MODELS_MIRROR": server.address]
        for reason in ["is not a checkpoint", "it holds CoTracker 1, not CoTracker 3"] {
            let refused = try run(["pull", "cotracker-3"], environment: mirror)
            #expect(refused.status == CommandStatus.invalidInput.rawValue)
            #expect(refused.errors.contains(reason), "\(refused.errors)")
            #expect(contents() == [])
        }
        let pulled = try run(["pull", "cotracker-3"], environment: mirror)
        #expect(pulled.status == 0, "\(pulled.errors)")
        #expect(contents() == ["cotracker-3.pth", "cotracker-3.pth.json"])
    }

    @Test("Every model's network is known to those who look into files")
    func families() {
        #expect(ModelCatalogue.published.models.allSatisfy { CheckpointContent.family(of: $0) != nil })
    }

    @Test("A mirror with wrong files, without the file, and of the wrong size")
    func mirror() throws {
        let server = try MisbehavingServer { request, _ in
            request.target == "/models/pips.pth" || request.target == "/models/mobile-sam.pt"
                ? .init(200, body: Data("not the weights".utf8)) : .init(404)
        }
        defer { server.stop() }
        let mirror = ["SAMPT_MODELS_MIRROR": server.address + "/models"]
        let wrong = try run(["pull", "pips"], environment: mirror)
        #expect(wrong.status == CommandStatus.invalidInput.rawValue, "\(wrong.errors)")
        #expect(wrong.errors.contains("its MD5 is "))
        let small = try run(["pull", "mobile-sam"], environment: mirror)
        #expect(small.status == CommandStatus.invalidInput.rawValue)
        #expect(small.errors.contains("offers a file of 15 bytes, the published one has 40728226"), "\(small.errors)")
        let missing = try run(["pull", "raft-small"], environment: mirror)
        #expect(missing.status == CommandStatus.unavailable.rawValue)
        #expect(missing.errors.contains("there is no such file"), "\(missing.errors)")
        #expect(contents() == [])
    }

    @Test("Ctrl-C keeps what came, and the next command asks for the rest")
    func interruption() throws {
        let half = Data(repeating: 7, count: 200_000)
        let server = try MisbehavingServer { request, number in
            number == 0 ? .file(half, to: request, hang: 120_000) : .file(half, to: request)
        }
        defer { server.stop() }
        let arguments = ["pull", "pips", "--from", server.address + "/pips.pth"]
        let part = URL(fileURLWithPath: store + "/pips.pth.part")
        let stopped = try run(arguments, interruptWhen: { (try? Data(contentsOf: part).count) == 120_000 })
        #expect(stopped.status == CommandStatus.interrupted.rawValue, "\(stopped.errors)")
        #expect(stopped.errors.contains("The 120 KB that came are kept"), "\(stopped.errors)")
        #expect(try run(["list"]).output.contains("120 KB of it"))
        #expect(try Data(contentsOf: part) == half.prefix(120_000))
        _ = try run(arguments)
        #expect(server.requests.last?.headers["range"] == "bytes=120000-")
        #expect(contents() == [])
    }

    @Test("Proxies come from the environment")
    func proxy() throws {
        let server = try MisbehavingServer { _, _ in .init(404) }
        defer { server.stop() }
        let environment = ["http_proxy": server.address, "no_proxy": "", "NO_PROXY": ""]
        let arguments = ["pull", "pips", "--from", "http://models.invalid/pips.pth"]
        #expect(try run(arguments, environment: environment).status == CommandStatus.unavailable.rawValue)
        #expect(server.requests.map(\.target) == ["http://models.invalid/pips.pth"])
        let direct = try run(arguments, environment: environment.merging(["no_proxy": "models.invalid"]) { $1 })
        #expect(direct.status == CommandStatus.unavailable.rawValue)
        #expect(server.requests.count == 1)
    }

    @Test("A store that cannot be written")
    func unwritable() throws {
        try Data().write(to: URL(fileURLWithPath: store))
        let outcome = try run(["pull", "pips", "--from", "http://127.0.0.1:1/pips.pth"])
        #expect(outcome.status == CommandStatus.unwritableOutput.rawValue, "\(outcome.errors)")
        #expect(outcome.errors.contains(store))
        guard ParityCase.named("pips") != nil else { return }
        let checkpoints = try GeneratedCheckpoints()
        defer { checkpoints.remove() }
        let own = try checkpoints.write("pips")
        #expect(try run(["import", own, "--name", "pips"]).status == CommandStatus.unwritableOutput.rawValue)
    }

    @Test("Downloads are shown by bytes, speed and time left")
    func lines() {
        #expect(
            DownloadReporter.line("x", bytes: 500_000_000, total: 2_000_000_000, bytesPerSecond: 50e6)
                == "x: 500 MB of 2.00 GB (25 %), 50 MB/s, 30 s left")
        #expect(DownloadReporter.line("x", bytes: 5000, total: nil, bytesPerSecond: 0) == "x: 5 KB")
    }
}

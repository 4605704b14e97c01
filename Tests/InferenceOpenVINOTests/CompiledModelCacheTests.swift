import Foundation
import TensorFiles
import TestSupport
import Testing

@testable import Inference
@testable import InferenceOpenVINO
@testable import NeuralGraph

/// Keeping compiled networks, and surviving whatever lies in the folder instead.
final class CompiledModelCacheTests {
    private let folder: URL
    private let messages = Messages()

    init() throws {
        folder = try Fixtures.temporaryFolder()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// A new engine, as a new start of the program has.
    private func engine(threads: Int = 1, folder: URL? = nil, limit: Int = CompiledModelCache.defaultLimit) throws -> OpenVINOEngine {
        let messages = messages
        return try OpenVINOEngine(
            .init(
                threads: threads, cacheFolder: folder ?? self.folder, cacheLimit: limit, diagnostics: { messages.append($0) }))
    }

    /// Runs `affine` on ones and says whether its graph had to be built.
    private static func start(
        _ engine: OpenVINOEngine, key: String = "affine", factor: Float = 2, precision: Precision = .float32
    ) throws -> (result: Float?, built: Bool) {
        var built = false
        let network = try engine.compile(key: key, precision: precision) {
            built = true
            return try TinyModels.affine(factor, 1)
        }
        return (try network(["x": Tensor(shape: [2, 3], repeating: 1)])["y"]?.values.first, built)
    }

    private var files: [URL] {
        get throws { try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) }
    }

    @Test func aSecondStartBuildsNothing() throws {
        #expect(try Self.start(engine()) == (3, true))
        #expect(try files.count == 1)
        #expect(try Self.start(engine()) == (3, false))
        #expect(try files.count == 1)
        #expect(messages.all.isEmpty)
    }

    @Test func differentNetworksAndSettingsAreKeptApart() throws {
        #expect(try Self.start(engine()) == (3, true))
        #expect(try Self.start(engine(), key: "other", factor: 5) == (6, true))
        #expect(try Self.start(engine(threads: 2)) == (3, true))
        #expect(try Self.start(engine(), key: "other", factor: 5) == (6, false))
        if try engine().resolvedPrecision(.bfloat16) == .bfloat16 {
            #expect(try Self.start(engine(), precision: .bfloat16) == (3, true))
        }
    }

    @Test(arguments: [Precision.float32, .bfloat16]) func loadedNetworksComputeTheSame(precision: Precision) throws {
        let x = TinyModels.noise([1, 300], seed: 1)
        func run(_ other: Precision) throws -> [Float]? {
            let engine = try engine()
            // The engine's core keeps the last precision; it must not reach the next network.
            _ = try engine.compile(key: "affine", precision: other) { try TinyModels.affine() }
            let network = try engine.network(key: "dense", precision: precision) { try TinyModels.dense(size: 300) }
            #expect(network.precision == engine.resolvedPrecision(precision))
            return try network(["x": x])["y"]?.values
        }
        let compiled = try run(.float32), loaded = try run(.bfloat16), loadedAgain = try run(.float32)
        #expect(compiled != nil)
        #expect(loaded == compiled)
        #expect(loadedAgain == compiled)
    }

    @Test func shapesAndNamesSurvive() throws {
        func compile() throws -> OpenVINONetwork {
            try engine().network(key: "varying", precision: .float32) { try TinyModels.sumAndDifference() }
        }
        let compiled = try compile(), loaded = try compile()
        #expect(loaded.inputs == compiled.inputs)
        #expect(loaded.outputs == compiled.outputs)
        #expect(compiled.outputs.map(\.name) == ["sum", "difference"])
    }

    /// Compiling removes these nodes and leaves the names of both sides on one tensor.
    @Test func namesSurviveNodesThatDoNothing() throws {
        let x = Tensor(shape: [2, 3], repeating: 1)
        for (factor, summand, result) in [(Float(5), Float(0), Float(5)), (1, 1, 2), (1, 0, 1)] {
            for _ in 0..<2 {
                let network = try engine().network(key: "\(factor) \(summand)", precision: .float32) {
                    try TinyModels.affine(factor, summand)
                }
                let y = try network(["x": x])
                #expect(y.mapValues(\.values) == ["y": [Float](repeating: result, count: 6)])
            }
        }
    }

    @Test func damagedFilesAreReplaced() throws {
        #expect(try Self.start(engine()).built)
        let file = try #require(files.first)
        let good = try Data(contentsOf: file)
        var bad = [Data(), Data(count: 10), Data(count: good.count), good + [0], good.dropFirst()]
        for length in stride(from: 1, to: good.count, by: max(1, good.count / 12)) { bad.append(good.prefix(length)) }
        for position in [0, 100, good.count / 2, good.count - 100, good.count - 30, good.count - 20, good.count - 12, good.count - 1] {
            var damaged = good
            damaged[position] ^= 4
            bad.append(damaged)
        }
        for (count, data) in bad.enumerated() {
            try data.write(to: file)
            #expect(try Self.start(engine()) == (3, true), "damage \(count)")
            #expect(messages.all.count == count + 1)
            #expect(try Self.start(engine()) == (3, false), "after damage \(count)")
        }
    }

    /// As if two networks had the same hash.
    @Test func anotherNetworksFileIsNotTaken() throws {
        #expect(try Self.start(engine()).built)
        let file = try #require(files.first)
        let foreign = try Data(contentsOf: file)
        try FileManager.default.removeItem(at: file)
        #expect(try Self.start(engine(), key: "other", factor: 5).built)
        try foreign.write(to: try #require(files.first))
        #expect(try Self.start(engine(), key: "other", factor: 5) == (6, true))
    }

    /// Files that are whole, but whose content the engine cannot use.
    @Test func unusableNetworksAreReplaced() throws {
        #expect(try Self.start(engine()).built)
        let file = try #require(files.first)
        let good = try Data(contentsOf: file)
        let lengths = (0..<3).map { word in
            good.dropFirst(good.count - 40 + 8 * word).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let blob = good.prefix(lengths[0]), details = good.dropFirst(lengths[0]).prefix(lengths[1])
        let identity = String(decoding: good.dropLast(40).suffix(lengths[2]), as: UTF8.self)
        let forged = CompiledModelCache(folder: folder).entry(for: identity.components(separatedBy: "\u{1F}"))
        try #require(forged.url.lastPathComponent == file.lastPathComponent)
        let unusable: [(Data, Data)] = [
            (Data(count: 5000), details), (Data("not a network".utf8), details), (blob.prefix(blob.count / 2), details),
            (blob.prefix(40), details), (blob, Data()), (blob, Data(#"{"inputs":["x"],"outputs":[]}"#.utf8)),
        ]
        for (count, (blob, details)) in unusable.enumerated() {
            store(forged, blob, details)
            try #require(forged.load()?.blob == blob)
            #expect(try Self.start(engine()) == (3, true), "content \(count)")
            #expect(messages.all.count == count + 1)
        }
    }

    private func store(_ entry: CompiledModelCache.Entry, _ blob: Data, _ details: Data = Data()) {
        entry.store {
            try blob.write(to: URL(fileURLWithPath: $0))
            return details
        }
    }

    @Test func anUnwritableFolderIsToldOnceAndDoesNoHarm() throws {
        let file = folder.appendingPathComponent("file")
        try Data("kept".utf8).write(to: file)
        let engine = try engine(folder: file.appendingPathComponent("below"))
        #expect(try Self.start(engine) == (3, true))
        #expect(try Self.start(engine) == (3, true))
        #expect(try Self.start(engine, key: "other", factor: 5) == (6, true))
        #expect(messages.all.count == 1)
        #expect(messages.all.first?.contains(file.path) == true)
        #expect(try Data(contentsOf: file) == Data("kept".utf8))
    }

    @Test func aFailedExportLeavesNothing() throws {
        struct Full: Error {}
        let messages = messages
        let cache = CompiledModelCache(folder: folder) { messages.append($0) }
        cache.entry(for: ["key"]).store {
            try Data(count: 100).write(to: URL(fileURLWithPath: $0))
            throw Full()
        }
        #expect(try files.isEmpty)
        #expect(messages.all.count == 1)
        #expect(cache.entry(for: ["key"]).load() == nil)
    }

    @Test func theLeastRecentlyUsedGoFirst() throws {
        let cache = CompiledModelCache(folder: folder, limit: 35_000)
        func store(_ name: String) { self.store(cache.entry(for: [name]), Data(repeating: 1, count: 10_000)) }
        func age(_ name: String, _ seconds: Double) throws {
            let date = Date(timeIntervalSinceNow: -seconds)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: cache.entry(for: [name]).url.path)
        }
        let others = ["notes.txt", "fresh.part", "stale.part"].map { folder.appendingPathComponent($0) }
        for other in others { try Data(count: 50_000).write(to: other) }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -3 * 24 * 3600)], ofItemAtPath: others[2].path)
        for (name, seconds) in [("a", 300.0), ("b", 200), ("c", 100)] {
            store(name)
            try age(name, seconds)
        }
        #expect(cache.entry(for: ["a"]).load() != nil)  // Now used last.
        store("d")
        #expect(cache.entry(for: ["b"]).load() == nil)
        for name in ["a", "c", "d"] { #expect(cache.entry(for: [name]).load() != nil, "\(name)") }
        #expect(others.map { FileManager.default.fileExists(atPath: $0.path) } == [true, true, false])
    }

    @Test func contentsAreCountedAndCleared() throws {
        let cache = CompiledModelCache(folder: folder)
        #expect(cache.contents() == .init())
        #expect(try cache.clear() == .init())
        #expect(try Self.start(engine()).built)
        store(cache.entry(for: ["other"]), Data(count: 1000))
        func add(_ name: String, hoursAgo: Double = 0) throws {
            let file = folder.appendingPathComponent(name)
            try Data(count: 50).write(to: file)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -3600 * hoursAgo)], ofItemAtPath: file.path)
        }
        let (fresh, stale) = ("\(UUID().uuidString).part", "\(UUID().uuidString).part")
        try add(fresh)
        try add(stale, hoursAgo: 2)
        // Not the cache's, whoever put them there.
        let foreign = ["notes.txt", "my network.compiled", "old.part"]
        for name in foreign { try add(name, hoursAgo: 2) }
        let target = folder.appendingPathComponent("notes.txt")
        try FileManager.default.createSymbolicLink(at: folder.appendingPathComponent("abc.compiled"), withDestinationURL: target)
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("def.compiled/inside"), withIntermediateDirectories: true)

        let contents = cache.contents()
        #expect(contents.networks == 2 && contents.bytes > 1100)
        #expect(abs(try #require(contents.lastUsed).timeIntervalSinceNow) < 60)
        let removed = try cache.clear()
        #expect(removed.networks == 2 && removed.bytes == contents.bytes - 50)
        #expect(Set(try files.map(\.lastPathComponent)) == Set(foreign + [fresh, "abc.compiled", "def.compiled"]))
        #expect(try Data(contentsOf: target).count == 50)
        #expect(cache.contents() == .init(networks: 0, bytes: 50, lastUsed: nil))
        #expect(try Self.start(engine()) == (3, true))
    }

    @Test func whatHasPassedIsNotCheckedAgain() throws {
        struct Failure: Error {}
        var count = 0
        func ensure(_ key: String, fails: Bool = false) throws {
            try engine().ensure(key) {
                count += 1
                if fails { throw Failure() }
            }
        }
        #expect(throws: Failure.self) { try ensure("a", fails: true) }
        for key in ["a", "a", "b", "b"] { try ensure(key) }
        #expect(count == 3)
        // Damage, or another key of the same hash.
        let notes = try files
        #expect(notes.count == 2)
        for note in notes { try Data("c".utf8).write(to: note) }
        for key in ["a", "a", "b", "b"] { try ensure(key) }
        #expect(count == 5)
        let cache = CompiledModelCache(folder: folder)
        #expect(cache.contents() == .init(networks: 0, bytes: 2, lastUsed: nil))
        #expect(try cache.clear().bytes == 2 && files.isEmpty)
        try ensure("a")
        #expect(count == 6)
        // What has not been used for long goes when something new comes.
        let note = try #require(files.first)
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -101 * 24 * 3600)], ofItemAtPath: note.path)
        try ensure("b")
        #expect(try files.count == 1 && !FileManager.default.fileExists(atPath: note.path))
        #expect(messages.all.isEmpty)
    }

    @Test func manyStartsAtOnce() async throws {
        let engines = try (0..<4).map { _ in try engine() }
        try await withThrowingTaskGroup(of: Float?.self) { group in
            for engine in engines {
                for _ in 0..<3 { group.addTask { try Self.start(engine).result } }
            }
            for try await result in group { #expect(result == 3) }
        }
        #expect(try files.count == 1)
        #expect(messages.all.isEmpty)
    }

    @Test func defaultFolders() {
        func path(_ environment: [String: String]) -> String? { CompiledModelCache.defaultFolder(environment)?.path }
        #expect(path(["SAMPT_CACHE": "/elsewhere", "HOME": "/home/a"]) == "/elsewhere")
        #if os(macOS)
            #expect(path([:])?.hasSuffix("/Library/Caches/sampt/compiled") == true)
        #else
            #expect(path(["SAMPT_CACHE": "", "HOME": "/home/a"]) == "/home/a/.cache/sampt/compiled")
            #expect(path(["XDG_CACHE_HOME": "/x", "HOME": "/home/a"]) == "/x/sampt/compiled")
            #expect(path([:]) == nil)
        #endif
    }
}

/// What the engine had to say. Sendable because `lock` guards it.
private final class Messages: @unchecked Sendable {
    private let lock = NSLock()
    private var list: [String] = []

    var all: [String] { lock.withLock { list } }

    func append(_ message: String) { lock.withLock { list.append(message) } }
}

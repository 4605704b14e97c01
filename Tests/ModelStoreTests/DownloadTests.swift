import Foundation
import TestSupport
import Testing

@testable import ModelStore

@Suite("Downloads from a server that may misbehave")
struct DownloadTests {
    private typealias Reply = MisbehavingServer.Reply
    private let fixture: StoreFixture
    private static var content: Data { StoreFixture.content }

    init() throws { fixture = try StoreFixture() }

    @Test("A whole file arrives under its name, with a record")
    func whole() async throws {
        let server = try MisbehavingServer { request, _ in .file(Self.content, to: request) }
        defer { server.stop() }
        let events = Events()
        #expect(try await fixture.pull(server.address + "/tiny.pth") { events.add($0) } == Self.content)
        #expect(fixture.names == StoreFixture.whole)
        #expect(fixture.store.state(of: fixture.model) == .present(bytes: Self.content.count, isPublished: true))
        #expect(server.requests.count == 1)
        #expect(server.requests[0].headers["accept-encoding"] == "identity")
        #expect(events.all.contains(.received(bytes: Self.content.count, total: Self.content.count)))
        #expect(events.all.last == .checking(bytes: Self.content.count, total: Self.content.count))
        // What is there is not fetched again.
        try await fixture.pull(server.address + "/tiny.pth")
        #expect(server.requests.count == 1)
    }

    @Test("A dropped connection is resumed where it broke")
    func dropped() async throws {
        let server = try MisbehavingServer { request, number in .file(Self.content, to: request, cut: number < 2 ? 100_000 : nil) }
        defer { server.stop() }
        #expect(try await fixture.pull(server.address + "/tiny.pth") == Self.content)
        #expect(server.requests.map { $0.headers["range"] } == [nil, "bytes=100000-", "bytes=200000-"])
        #expect(server.requests[1].headers["if-range"] == "\"one\"")
    }

    @Test("A later command goes on from what an earlier one left")
    func resumedLater() async throws {
        let server = try MisbehavingServer { request, number in .file(Self.content, to: request, cut: number == 0 ? 120_000 : nil) }
        defer { server.stop() }
        let failure = await storeError { try await fixture.pull(server.address + "/tiny.pth", attempts: 1) }
        guard case .failed(_, _, kept: 120_000) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(fixture.partial == Self.content.prefix(120_000))
        #expect(fixture.store.state(of: fixture.model) == .partial(bytes: 120_000))
        #expect(!fixture.names.contains("tiny.pth"))
        #expect(try await fixture.pull(server.address + "/tiny.pth") == Self.content)
        #expect(server.requests.last?.headers["range"] == "bytes=120000-")
        #expect(fixture.names == StoreFixture.whole)
    }

    @Test("What changed on the server is fetched anew", arguments: [true, false])
    func changed(honoursCondition: Bool) async throws {
        let old = StoreFixture.bytes(300_000, seed: 2)
        let server = try MisbehavingServer { request, number in
            if number == 0 { return .file(old, tag: "\"old\"", to: request, cut: 150_000) }
            guard !honoursCondition, number == 1 else { return .file(Self.content, to: request) }
            // Ignores If-Range: only the checksum can tell.
            return Reply(206, ["Content-Range": "bytes 150000-299999/300000"], body: Self.content.dropFirst(150_000))
        }
        defer { server.stop() }
        if honoursCondition {
            #expect(try await fixture.pull(server.address + "/tiny.pth") == Self.content)
        } else {
            let failure = await storeError { try await fixture.pull(server.address + "/tiny.pth") }
            guard case .wrongContent = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(fixture.names == [])
            #expect(try await fixture.pull(server.address + "/tiny.pth") == Self.content)
        }
    }

    @Test("A server without ranges begins anew")
    func withoutRanges() async throws {
        let server = try MisbehavingServer { _, number in
            Reply(200, ["ETag": "\"one\""], body: Self.content, cut: number == 0 ? 100_000 : nil)
        }
        defer { server.stop() }
        #expect(try await fixture.pull(server.address + "/tiny.pth") == Self.content)
        #expect(server.requests.count == 2)
    }

    @Test("Without a strong entity tag or a date nothing is resumed", arguments: [[:], ["ETag": "W/\"weak\""]])
    func withoutValidator(headers: [String: String]) async throws {
        let server = try MisbehavingServer { _, number in Reply(200, headers, body: Self.content, cut: number == 0 ? 100_000 : nil) }
        defer { server.stop() }
        #expect(try await fixture.pull(server.address + "/tiny.pth") == Self.content)
        #expect(server.requests.allSatisfy { $0.headers["range"] == nil })
    }

    @Test("Errors that may pass are waited for", arguments: [429, 500, 503])
    func passing(status: Int) async throws {
        let server = try MisbehavingServer { request, number in
            number < 2 ? Reply(status, number == 0 ? [:] : ["Retry-After": "0"]) : .file(Self.content, to: request)
        }
        defer { server.stop() }
        let events = Events()
        #expect(try await fixture.pull(server.address + "/tiny.pth") { events.add($0) } == Self.content)
        #expect(events.all.contains(.retrying(reason: "the server answered with status \(status)", seconds: 0)))
    }

    @Test("But not for ever")
    func notForEver() async throws {
        let server = try MisbehavingServer { _, _ in Reply(503) }
        defer { server.stop() }
        let failure = await storeError { try await fixture.pull(server.address + "/tiny.pth") }
        #expect(failure == .failed(address: server.address + "/tiny.pth", reason: "the server answered with status 503", kept: 0))
        #expect(server.requests.count == 3)
        #expect(fixture.names == [])
    }

    @Test("Status 416: all is there already, or it is another file")
    func rangeNotSatisfiable() async throws {
        let server = try MisbehavingServer { request, _ in .file(Self.content, to: request) }
        defer { server.stop() }
        try FileManager.default.createDirectory(at: fixture.store.folder, withIntermediateDirectories: true)
        for left in [Self.content, Self.content + Data([1, 2, 3])] {
            do {
                let partial = try PartialDownload(for: fixture.store.file(of: fixture.model), name: "tiny")
                try partial.restart(.init(address: server.address + "/tiny.pth", validator: "\"one\""))
                try partial.append(left)
            }
            #expect(try await fixture.pull(server.address + "/tiny.pth") == Self.content)
            #expect(fixture.names == StoreFixture.whole)
            try fixture.store.remove(fixture.model)
        }
        #expect(server.requests.count == 3)
    }

    @Test("Redirections are followed, with the range")
    func redirected() async throws {
        let server = try MisbehavingServer { request, number in
            request.target == "/tiny.pth"
                ? Reply(302, ["Location": "/elsewhere"]) : .file(Self.content, to: request, cut: number == 1 ? 50_000 : nil)
        }
        defer { server.stop() }
        #expect(try await fixture.pull(server.address + "/tiny.pth") == Self.content)
        #expect(server.requests.map(\.target) == ["/tiny.pth", "/elsewhere", "/tiny.pth", "/elsewhere"])
        #expect(server.requests.last?.headers["range"] == "bytes=50000-")
    }

    @Test("A trickle is given up")
    func trickle() async throws {
        let server = try MisbehavingServer { _, _ in Reply(200, ["Content-Length": "300000"], body: Self.content, delay: 0.5) }
        defer { server.stop() }
        let failure = await storeError {
            try await fixture.pull(server.address + "/tiny.pth", attempts: 2, stallTimeout: 1, leastRate: 1_000_000, ratePeriod: 1)
        }
        guard case .failed(_, let reason, _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(reason.hasPrefix("only ") && reason.hasSuffix(" came in 1 s"), "\(reason)")
        #expect(server.requests.count == 2)
    }

    @Test("A server that falls silent is given up, and resumed")
    func silent() async throws {
        let server = try MisbehavingServer { request, number in .file(Self.content, to: request, hang: number == 0 ? 64_000 : nil) }
        defer { server.stop() }
        let events = Events()
        #expect(try await fixture.pull(server.address + "/tiny.pth", stallTimeout: 1) { events.add($0) } == Self.content)
        #expect(events.all.contains(.retrying(reason: "nothing came for 1 s", seconds: 0.01)))
        #expect(server.requests[1].headers["range"] == "bytes=64000-")
    }

    @Test("A slow server is not a silent one")
    func slow() async throws {
        let server = try MisbehavingServer { _, _ in Reply(200, body: Self.content, delay: 0.1) }
        defer { server.stop() }
        let start = ContinuousClock.now
        #expect(try await fixture.pull(server.address + "/tiny.pth", stallTimeout: 1) == Self.content)
        #expect(ContinuousClock.now - start > .seconds(1.5))
        #expect(server.requests.count == 1)
    }

    @Test("Nobody listens")
    func nobody() async throws {
        let server = try MisbehavingServer { _, _ in Reply(200) }
        server.stop()
        let failure = await storeError { try await fixture.pull(server.address + "/tiny.pth", attempts: 2) }
        guard case .failed(_, let reason, kept: 0) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(!reason.isEmpty)
        #expect(fixture.names == [])
    }

    @Test("Cancelling keeps what came")
    func cancelled() async throws {
        let server = try MisbehavingServer { request, number in .file(Self.content, to: request, hang: number == 0 ? 80_000 : nil) }
        defer { server.stop() }
        let task = Task { try await fixture.pull(server.address + "/tiny.pth", stallTimeout: 60) }
        while fixture.store.state(of: fixture.model) != .partial(bytes: 80_000) { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(fixture.partial == Self.content.prefix(80_000))
        #expect(try await fixture.pull(server.address + "/tiny.pth") == Self.content)
        #expect(server.requests.last?.headers["range"] == "bytes=80000-")
    }

    @Test("Two downloads of one model do not mix")
    func twice() async throws {
        let server = try MisbehavingServer { request, number in .file(Self.content, to: request, hang: number == 0 ? 80_000 : nil) }
        defer { server.stop() }
        let task = Task { try await fixture.pull(server.address + "/tiny.pth", stallTimeout: 60) }
        while fixture.store.state(of: fixture.model) != .partial(bytes: 80_000) { try await Task.sleep(for: .milliseconds(5)) }
        #expect(await storeError { try await fixture.pull(server.address + "/tiny.pth") } == .busy("tiny"))
        task.cancel()
        _ = try? await task.value
        #expect(fixture.partial == Self.content.prefix(80_000))
    }

    @Test("A folder that cannot be written")
    func unwritable() async throws {
        try Data().write(to: fixture.store.folder)
        let failure = await storeError { try await fixture.pull("http://127.0.0.1:1/tiny.pth") }
        guard case .unwritable(fixture.store.folder.path, _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    #if os(Linux)
        @Test("A full disk keeps what fitted", .enabled(if: SmallDisk.mayMount, Comment(rawValue: SmallDisk.needed)))
        func fullDisk() async throws {
            let disk = try SmallDisk(kibibytes: 128)
            let fixture = try StoreFixture()
            let store = ModelStore(folder: disk.url, catalogue: fixture.store.catalogue)
            // Without a length the lack of room shows only on writing.
            let server = try MisbehavingServer { _, _ in Reply(200, ["Content-Length": "", "ETag": "\"one\""], body: Self.content) }
            defer { server.stop() }
            let url = try store.address(of: fixture.model, override: server.address + "/tiny.pth")
            await #expect(throws: ModelStoreError.unwritable(path: disk.path("tiny.pth.part"), reason: "no space left on device")) {
                try await store.pull(fixture.model, from: url)
            }
            #expect(try !disk.contents.contains("tiny.pth"))
        }
    #endif
}

/// Collects what a download reports.
final class Events: @unchecked Sendable {
    private let lock = NSLock()
    private var events: [DownloadEvent] = []

    func add(_ event: DownloadEvent) { lock.withLock { events.append(event) } }
    var all: [DownloadEvent] { lock.withLock { events } }
}

import Foundation
import TestSupport
import Testing

@testable import ModelStore

@Suite("Files whose MD5 nobody publishes")
struct UnknownContentTests {
    private typealias Reply = MisbehavingServer.Reply

    /// Takes files whose first byte is the content's.
    private static let check: ModelStore.ContentCheck = { file, model in
        (try? Data(contentsOf: file).first) == StoreFixture.content.first ? nil : "it holds no \(model.network)"
    }

    private func failure(
        _ fixture: StoreFixture, _ reply: @escaping @Sendable (MisbehavingServer.Request) -> Reply
    ) async throws -> ModelStoreError? {
        let server = try MisbehavingServer { request, _ in reply(request) }
        defer { server.stop() }
        do {
            try await fixture.pull(server.address + "/tiny.pth", attempts: 2)
            return nil
        } catch {
            return error as? ModelStoreError
        }
    }

    @Test("What came is looked into before it gets its name")
    func garbage() async throws {
        let fixture = try StoreFixture(isKnown: false, contentCheck: Self.check)
        for (body, reason) in [
            (Data("\u{1}bcde".utf8), "it holds no Tiny"), (Data(), "what came is empty"),
            (Data("<html>no".utf8), "what came is a web page, perhaps of a network that asks for a login"),
        ] {
            guard case .unfit(_, fixture.model, reason) = try await failure(fixture, { .file(body, to: $0) }) else {
                Issue.record("\(reason)")
                return
            }
            #expect(fixture.names == [])
        }
        #expect(try await failure(fixture) { .file(StoreFixture.content, to: $0) } == nil)
        #expect(fixture.names == StoreFixture.whole)
    }

    @Test("Status 416 makes no model of nothing", arguments: ["bytes */0", "bytes */5", ""])
    func emptyAfterRefusedRange(range: String) async throws {
        for isKnown in [true, false] {
            let fixture = try StoreFixture(isKnown: isKnown, contentCheck: Self.check)
            #expect(try await failure(fixture) { _ in Reply(416, ["Content-Range": range]) } != nil)
            #expect(fixture.names == [])
        }
    }

    @Test("The exact size counts, announced or not", arguments: ["5", ""])
    func size(announced: String) async throws {
        let fixture = try StoreFixture(size: .exact(300_000), isKnown: false)
        #expect(try await failure(fixture) { _ in Reply(200, ["Content-Length": announced], body: Data("\u{1}bcde".utf8)) } != nil)
        #expect(fixture.names == [])
        // Without a length, a connection that ends early is one that broke.
        let server = try MisbehavingServer { request, number in
            number == 0
                ? Reply(200, ["Content-Length": "", "ETag": "\"one\""], body: StoreFixture.content, cut: 100_000)
                : .file(StoreFixture.content, to: request)
        }
        defer { server.stop() }
        #expect(try await fixture.pull(server.address + "/tiny.pth") == StoreFixture.content)
        #expect(server.requests.last?.headers["range"] == "bytes=100000-")
    }

    @Test("A file put there by hand is looked into when it is pulled")
    func byHand() async throws {
        let fixture = try StoreFixture(isKnown: false, contentCheck: Self.check)
        try FileManager.default.createDirectory(at: fixture.store.folder, withIntermediateDirectories: true)
        try Data("no".utf8).write(to: fixture.store.file(of: fixture.model))
        guard case .damaged = try await failure(fixture, { .file(StoreFixture.content, to: $0) }) else {
            Issue.record("taken")
            return
        }
    }

    @Test("What is imported under a name is looked into, and replaces nothing when it is refused")
    func imports() throws {
        let fixture = try StoreFixture(contentCheck: Self.check)
        _ = try fixture.store.importFile(fixture.write(StoreFixture.content, "good"))
        let before = try Data(contentsOf: fixture.store.recordFile(of: fixture.model))
        for (content, reason) in [(Data(), "it is empty"), (Data("\u{1}bcde".utf8), "it holds no Tiny")] {
            let file = try fixture.write(content, "bad")
            #expect(throws: ModelStoreError.unfit(path: file.path, fixture.model, reason: reason)) {
                try fixture.store.importFile(file, name: "tiny")
            }
            #expect(try Data(contentsOf: fixture.store.locate("tiny")) == StoreFixture.content)
            #expect(try Data(contentsOf: fixture.store.recordFile(of: fixture.model)) == before)
        }
        // A published file is known by its MD5, whatever is in it.
        #expect(try fixture.store.importFile(fixture.write(Data("abc".utf8), "abc")).model.name == "other")
        let own = try fixture.write(StoreFixture.content + Data([1]), "own")
        #expect(try fixture.store.importFile(own, name: "tiny").isPublished == false)
    }
}

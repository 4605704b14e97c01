import Foundation
import TestSupport
import Testing

@testable import ModelStore

@Suite("Downloads that are refused: wrong content, wrong length, no end")
struct DownloadRefusalTests {
    private typealias Reply = MisbehavingServer.Reply
    private let fixture: StoreFixture
    private static var content: Data { StoreFixture.content }

    init() throws { fixture = try StoreFixture() }

    @Test("Wrong bytes are refused and removed")
    func wrongBytes() async throws {
        let server = try MisbehavingServer { request, _ in
            .file(request.target == "/page" ? Data("  <!DOCTYPE html><p>Log in".utf8) : StoreFixture.bytes(300_000, seed: 3), to: request)
        }
        defer { server.stop() }
        let failure = await storeError { try await fixture.pull(server.address + "/tiny.pth") }
        guard case .wrongContent(_, fixture.model.md5, _, isWebPage: false) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(fixture.names == [])
        let page = await storeError { try await fixture.pull(server.address + "/page") }
        #expect(page?.description.contains("It is a web page") == true)
        #expect(fixture.names == [])
    }

    @Test("Refusals are reported at once", arguments: [401, 403, 404, 410, 451])
    func refused(status: Int) async throws {
        let server = try MisbehavingServer { _, _ in Reply(status, body: Data("<html>no".utf8)) }
        defer { server.stop() }
        let address = server.address + "/tiny.pth"
        #expect(await storeError { try await fixture.pull(address) } == .refused(address: address, status: status))
        #expect(server.requests.count == 1)
        #expect(fixture.names == [])
    }

    @Test("A circle of redirections ends")
    func circle() async throws {
        let server = try MisbehavingServer { _, _ in Reply(302, ["Location": "/again"]) }
        defer { server.stop() }
        let failure = await storeError { try await fixture.pull(server.address + "/tiny.pth", attempts: 1) }
        #expect(failure != nil)
        #expect(server.requests.count < 100)
    }

    @Test("A length that lies is found out")
    func lyingLength() async throws {
        // The body is shorter than announced: never whole.
        let long = try MisbehavingServer { _, _ in Reply(200, ["Content-Length": "400000", "ETag": "\"one\""], body: Self.content) }
        defer { long.stop() }
        let failure = await storeError { try await fixture.pull(long.address + "/tiny.pth", attempts: 2) }
        guard case .failed = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        try fixture.store.remove(fixture.model)
        // It is longer: what was announced is not the file.
        let short = try MisbehavingServer { _, _ in Reply(200, ["Content-Length": "1000"], body: Self.content) }
        defer { short.stop() }
        guard case .wrongContent = await storeError({ try await fixture.pull(short.address + "/tiny.pth") }) else {
            Issue.record("accepted")
            return
        }
        #expect(fixture.names == [])
    }

    @Test("Another part than was asked for is not appended")
    func wrongRange() async throws {
        let server = try MisbehavingServer { request, number in
            number == 1
                ? Reply(206, ["Content-Range": "bytes 0-299999/300000"], body: Self.content)
                : .file(Self.content, to: request, cut: number == 0 ? 100_000 : nil)
        }
        defer { server.stop() }
        #expect(try await fixture.pull(server.address + "/tiny.pth") == Self.content)
    }

    @Test("A file of another size than the published one is refused before it comes")
    func wrongSize() async throws {
        let fixture = try StoreFixture(size: .exact(300_001))
        let server = try MisbehavingServer { request, _ in .file(Self.content, to: request) }
        defer { server.stop() }
        let address = server.address + "/tiny.pth"
        #expect(await storeError { try await fixture.pull(address) } == .wrongSize(address: address, expected: 300_001, offered: 300_000))
        #expect(fixture.names == [])
    }

    @Test("More than the disk holds is refused before it comes")
    func tooLarge() async throws {
        let server = try MisbehavingServer { _, _ in Reply(200, ["Content-Length": "\(Int.max / 2)"]) }
        defer { server.stop() }
        let failure = await storeError { try await fixture.pull(server.address + "/tiny.pth") }
        guard case .diskTooSmall(_, Int.max / 2, _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test("Lengths beyond all bounds", arguments: ["9223372036854775807", "9223372036854775808", "99999999999999999999999", "-1", "x"])
    func absurdLength(length: String) async throws {
        let server = try MisbehavingServer { _, _ in Reply(200, ["Content-Length": length], body: StoreFixture.bytes(1000, seed: 4)) }
        defer { server.stop() }
        #expect(await storeError { try await fixture.pull(server.address + "/tiny.pth", attempts: 1) } != nil)
        #expect(fixture.names == [])
        // On the way as well.
        let redirecting = try MisbehavingServer { request, _ in
            request.target == "/tiny.pth"
                ? Reply(302, ["Location": "/elsewhere", "Content-Length": length]) : .file(Self.content, to: request)
        }
        defer { redirecting.stop() }
        _ = await storeError { try await fixture.pull(redirecting.address + "/tiny.pth", attempts: 1) }
    }

    @Test("Heads without end")
    func endlessHead() async throws {
        let server = try MisbehavingServer { _, _ in
            Reply(
                200, Dictionary(uniqueKeysWithValues: (0..<60).map { ("X\($0)", String(repeating: "x", count: 50_000)) }),
                body: Self.content)
        }
        defer { server.stop() }
        guard case .failed = await storeError({ try await fixture.pull(server.address + "/tiny.pth", attempts: 1) }) else {
            Issue.record("accepted")
            return
        }
        #expect(fixture.names == [])
    }

    @Test("Bodies without end stop at the published size", arguments: [PublishedModel.Size.exact(100_000), .about(100)])
    func endlessBody(size: PublishedModel.Size) async throws {
        for isKnown in [true, false] {
            let fixture = try StoreFixture(size: size, isKnown: isKnown)
            let server = try MisbehavingServer { _, _ in
                Reply(200, ["Content-Length": "", "ETag": "\"one\""], body: Data(repeating: 7, count: 3_000_000), hang: 3_000_000)
            }
            defer { server.stop() }
            let (address, limit) = (server.address + "/tiny.pth", fixture.model.largestSize)
            #expect(await storeError { try await fixture.pull(address) } == .tooLong(address: address, limit: limit))
            #expect(fixture.names == [])
        }
    }

    @Test("An announced length far beyond a rounded size is refused before it comes")
    func farTooLong() async throws {
        let fixture = try StoreFixture(size: .about(100))
        let server = try MisbehavingServer { _, _ in Reply(200, ["Content-Length": "5000000"], body: Self.content) }
        defer { server.stop() }
        let address = server.address + "/tiny.pth"
        #expect(await storeError { try await fixture.pull(address) } == .tooLong(address: address, limit: 1_000_125))
    }
}

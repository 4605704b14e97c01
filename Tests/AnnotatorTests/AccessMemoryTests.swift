import Foundation
import TestSupport
import Testing

@testable import Annotator

@Suite("Token and port from one start to the next")
struct AccessMemoryTests {
    private let folder: URL
    private let token = AccessGuard.newToken()

    init() throws { folder = try Fixtures.temporaryFolder() }

    private func memory(_ project: String = "/videos/rabbit.sampt", host: String? = nil) -> AccessMemory {
        AccessMemory(folder: folder.appendingPathComponent("state/annotator"), project: project, host: host)
    }

    private var file: String {
        get throws {
            let place = folder.appendingPathComponent("state/annotator")
            return place.appendingPathComponent(try #require(try FileManager.default.contentsOfDirectory(atPath: place.path).first)).path
        }
    }

    private func permissions(_ path: String) throws -> Int? {
        (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }

    @Test func isTheSameAtTheNextStart() throws {
        #expect(memory().load() == nil)
        memory().save(token: token, port: 8080)
        #expect(memory().load()?.token == token)
        #expect(memory().load()?.port == 8080)
        memory().save(token: token, port: 8081)
        #expect(memory().load()?.port == 8081)
    }

    @Test func isOfOneProjectAndOneAddress() {
        memory().save(token: token, port: 8080)
        #expect(memory("/videos/other.sampt").load() == nil)
        #expect(memory(host: "192.168.0.2").load() == nil)
    }

    @Test func nobodyElseReadsIt() throws {
        memory().save(token: token, port: 8080)
        #expect(try permissions(file) == 0o600)
        #expect(try permissions((file as NSString).deletingLastPathComponent) == 0o700)
    }

    @Test func whatOthersCouldReadOrWriteCountsForNothing() throws {
        memory().save(token: token, port: 8080)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: try file)
        #expect(memory().load() == nil)
    }

    @Test func aLinkCountsForNothing() throws {
        memory().save(token: token, port: 8080)
        let elsewhere = folder.appendingPathComponent("elsewhere").path
        let path = try file
        try FileManager.default.moveItem(atPath: path, toPath: elsewhere)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: elsewhere)
        #expect(memory().load() == nil)
    }

    @Test(arguments: [#"{"token":"0","port":80,"about":""}"#, "{", ""]) func damagedCountsForNothing(_ content: String) throws {
        memory().save(token: token, port: 8080)
        let path = try file
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(memory().load() == nil)
    }

    @Test func oldIsForgotten() throws {
        memory().save(token: token, port: 8080)
        let path = try file
        try FileManager.default.setAttributes([.modificationDate: Date.now.addingTimeInterval(-31 * 24 * 3600)], ofItemAtPath: path)
        #expect(memory().load() == nil)
        memory("/videos/other.sampt").save(token: token, port: 8080)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func whereNothingCanBeWrittenNothingIsRemembered() {
        let memory = AccessMemory(folder: URL(fileURLWithPath: "/proc/nowhere"), project: "/a.sampt", host: nil)
        memory.save(token: token, port: 8080)
        #expect(memory.load() == nil)
    }
}

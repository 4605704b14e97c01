import Foundation
import TestSupport
import Testing

@testable import ModelStore

/// What others put at the names that a download will use.
@Suite("Planted files")
struct PlantedFileTests {
    private let fixture: StoreFixture
    private let victim: URL

    enum Plant: CaseIterable {
        case link, hardLink, danglingLink, pipe
    }

    init() throws {
        fixture = try StoreFixture()
        victim = try fixture.write(Data("mine".utf8), "victim")
        try FileManager.default.createDirectory(at: fixture.store.folder, withIntermediateDirectories: true)
    }

    private func plant(_ plant: Plant, at file: URL) {
        switch plant {
        case .link: #expect(symlink(victim.path, file.path) == 0)
        case .hardLink: #expect(link(victim.path, file.path) == 0)
        case .danglingLink: #expect(symlink(victim.path + "-new", file.path) == 0)
        case .pipe: #expect(mkfifo(file.path, 0o600) == 0)
        }
    }

    /// Neither followed nor waited for: the download's file is a new one.
    @Test(arguments: Plant.allCases) func downloads(_ kind: Plant) async throws {
        let server = try MisbehavingServer { request, _ in .file(StoreFixture.content, to: request) }
        defer { server.stop() }
        let file = fixture.store.file(of: fixture.model)
        for name in [PartialDownload.file(for: file), PartialDownload.originFile(for: file)] { plant(kind, at: name) }
        #expect(try await fixture.pull(server.address + "/tiny.pth") == StoreFixture.content)
        #expect(try Data(contentsOf: victim) == Data("mine".utf8))
        #expect(!FileManager.default.fileExists(atPath: victim.path + "-new"))
        #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: file.path)) == nil)
        #expect(fixture.names == StoreFixture.whole)
    }

    /// A record that is none is no record, and nobody waits for it.
    @Test(arguments: Plant.allCases) func records(_ kind: Plant) throws {
        try StoreFixture.content.write(to: fixture.store.file(of: fixture.model))
        plant(kind, at: fixture.store.recordFile(of: fixture.model))
        #expect(try fixture.store.locate("tiny") == fixture.store.file(of: fixture.model))
        #expect(fixture.store.state(of: fixture.model) == .present(bytes: 300_000, isPublished: nil))
    }

    /// The file is not what was written any more: it does not become the model.
    @Test func exchangedWhileItComes() throws {
        let file = fixture.store.file(of: fixture.model)
        let partial = try PartialDownload(for: file, name: "tiny")
        try partial.append(StoreFixture.content)
        try partial.synchronize()
        #expect(unlink(partial.url.path) == 0)
        plant(.link, at: partial.url)
        #expect(throws: ModelStoreError.unwritable(path: partial.url.path, reason: "something else has taken its place")) {
            try partial.synchronize()
        }
    }
}

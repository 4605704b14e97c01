import Foundation
import TestSupport
import Testing

@testable import ModelStore

@Suite("The store of checkpoints")
struct ModelStoreTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private var store: ModelStore { fixture.store }

    @Test("The folder is the chosen one, or the platform's")
    func folder() throws {
        #expect(ModelStore.defaultFolder(["SAMPT_MODELS": "/a/b", "HOME": "/h"])?.path == "/a/b")
        #if os(Linux)
            #expect(ModelStore.defaultFolder(["SAMPT_MODELS": "", "XDG_DATA_HOME": "/x", "HOME": "/h"])?.path == "/x/sampt/models")
            #expect(ModelStore.defaultFolder(["HOME": "/h"])?.path == "/h/.local/share/sampt/models")
            #expect(throws: ModelStoreError.noFolder) { try ModelStore(environment: [:]) }
        #endif
    }

    @Test("What is not there says how to get it")
    func absent() throws {
        #expect(throws: ModelStoreError.absent(fixture.model, folder: store.folder.path)) { try store.locate("tiny") }
        let published = ModelStore(folder: store.folder)
        func message(_ name: String) -> String {
            do {
                return try published.locate(name).path
            } catch {
                return "\(error)"
            }
        }
        #expect(message("mobile-sam").contains("Get it with \"sampt models pull mobile-sam\" (41 MB); a file you have"))
        #expect(message("raft-things").contains("models/raft-things.pth. Then take it in with \"sampt models import FILE\"."))
        #expect(message("mobile").hasPrefix("No model is called \"mobile\". Known are sam-vit-b, "))
    }

    @Test("A known file is recognised and copied", arguments: [ModelStore.ImportMode.copy, .link])
    func importKnown(mode: ModelStore.ImportMode) throws {
        let file = try fixture.write(StoreFixture.content, "download (1).pth")
        let result = try store.importFile(file, mode: mode)
        #expect(result.model.name == "tiny" && result.isPublished)
        #expect(try Data(contentsOf: store.locate("tiny")) == StoreFixture.content)
        #expect(fixture.names == StoreFixture.whole)
        #expect(try store.verify(fixture.model) == .published)
        #expect(FileManager.default.fileExists(atPath: file.path))
        let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: store.file(of: fixture.model).path)) != nil
        #expect(isLink == (mode == .link))
        // Importing the store's own file changes nothing.
        _ = try store.importFile(store.file(of: fixture.model))
        #expect(try store.verify(fixture.model) == .published)
    }

    @Test("An unknown file needs a name, a known one refuses another's")
    func importUnknown() throws {
        let own = try fixture.write(Data("own weights".utf8), "own.pth")
        let md5 = try FileChecksum.md5(own)
        #expect(throws: ModelStoreError.unrecognised(path: own.path, md5: md5)) { try store.importFile(own) }
        #expect(fixture.names == [])
        #expect(try store.importFile(own, name: "tiny").isPublished == false)
        #expect(store.state(of: fixture.model) == .present(bytes: 11, isPublished: false))
        #expect(try store.verify(fixture.model) == .asImported)
        let abc = try fixture.write(Data("abc".utf8), "abc")
        #expect(throws: ModelStoreError.nameDiffers(path: abc.path, name: "tiny", recognised: "other")) {
            try store.importFile(abc, name: "tiny")
        }
        #expect(throws: ModelStoreError.unreadable(path: fixture.folder.path, reason: "it is a folder")) {
            try store.importFile(fixture.folder)
        }
        let missing = fixture.folder.appendingPathComponent("missing")
        #expect(throws: ModelStoreError.unreadable(path: missing.path, reason: "no such file or directory")) {
            try store.importFile(missing)
        }
    }

    @Test("Damage is found")
    func damage() throws {
        _ = try store.importFile(try fixture.write(StoreFixture.content, "file"))
        let file = store.file(of: fixture.model)
        var bytes = StoreFixture.content
        bytes[1000] ^= 1
        try bytes.write(to: file)
        guard case .different = try store.verify(fixture.model) else {
            Issue.record("not found")
            return
        }
        try bytes.dropLast().write(to: file)
        #expect(
            throws: ModelStoreError.damaged(
                fixture.model, path: file.path, reason: "it has 299999 bytes instead of 300000")
        ) { try store.locate("tiny") }
    }

    @Test("Removing takes all of it")
    func remove() throws {
        #expect(try store.remove(fixture.model) == false)
        _ = try store.importFile(try fixture.write(StoreFixture.content, "file"))
        #expect(try store.remove(fixture.model))
        #expect(fixture.names == [])
        #expect(store.state(of: fixture.model) == .absent)
    }

    @Test("A file put there by hand is used; pulling checks it and writes its record")
    func byHand() async throws {
        try FileManager.default.createDirectory(at: store.folder, withIntermediateDirectories: true)
        try StoreFixture.content.write(to: store.file(of: fixture.model))
        #expect(try store.locate("tiny") == store.file(of: fixture.model))
        #expect(store.state(of: fixture.model) == .present(bytes: StoreFixture.content.count, isPublished: nil))
        try await fixture.pull("http://127.0.0.1:1/")
        #expect(store.state(of: fixture.model) == .present(bytes: StoreFixture.content.count, isPublished: true))
    }

    @Test("Addresses: published, mirror, given")
    func addresses() throws {
        let catalogue = ModelCatalogue.published
        let sam = try catalogue.model("sam-vit-b")
        #expect(
            try store.address(of: sam, environment: [:]).absoluteString
                == "https://dl.fbaipublicfiles.com/segment_anything/sam_vit_b_01ec64.pth")
        let mirror = ["SAMPT_MODELS_MIRROR": "http://mirror.local/models"]
        #expect(
            try store.address(of: catalogue.model("pips++"), environment: mirror).absoluteString == "http://mirror.local/models/pips++.pth")
        #expect(try store.address(of: sam, override: "https://h/f", environment: mirror).absoluteString == "https://h/f")
        #expect(throws: ModelStoreError.noAddress(try catalogue.model("pips"))) {
            try store.address(of: catalogue.model("pips"), environment: [:])
        }
        for text in ["ftp://h/f", "/etc/passwd", "file:///etc/passwd", "http://", ""] {
            #expect(throws: ModelStoreError.invalidAddress(text)) { try store.address(of: sam, override: text) }
        }
    }

    @Test("The catalogue is consistent")
    func catalogue() {
        let models = ModelCatalogue.published.models
        #expect(Set(models.map(\.name)).count == models.count)
        let known = models.compactMap(\.md5)
        #expect(Set(known).count == known.count && models.count - known.count <= 5)
        #expect(
            models.filter { $0.kind == .segmenter }.map(\.name).sorted() == [
                "hq-sam-vit-b", "hq-sam-vit-h", "hq-sam-vit-l", "light-hq-sam", "mobile-sam", "sam-vit-b", "sam-vit-h", "sam-vit-l",
            ])
        for model in models {
            if let md5 = model.md5 { #expect(md5.count == 32 && md5.allSatisfy { "0123456789abcdef".contains($0) }, "\(model.name)") }
            if case .download(let address) = model.source { #expect(address.scheme == "https" && address.host != nil, "\(model.name)") }
        }
    }

    @Test(
        "Sizes in words",
        arguments: [(999, "999 bytes"), (1500, "2 KB"), (3_984_588, "4.0 MB"), (40_728_226, "41 MB"), (2_564_550_879, "2.56 GB")])
    func sizes(bytes: Int, text: String) { #expect(bytes.asBytes == text) }
}

@Suite("What is no file is not imported")
struct SpecialFileImportTests {
    @Test("Pipes without a writer and devices without an end", arguments: [nil, "tiny"])
    func refused(name: String?) throws {
        let fixture = try StoreFixture()
        let pipe = fixture.folder.appendingPathComponent("pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        for path in [pipe, URL(fileURLWithPath: "/dev/zero"), URL(fileURLWithPath: "/dev/null")] {
            #expect(throws: ModelStoreError.unreadable(path: path.path, reason: "it is a pipe or a device; save it to a file first")) {
                try fixture.store.importFile(path, name: name)
            }
        }
        #expect(fixture.names.isEmpty)
    }
}

@Suite("Reading headers and the environment")
struct HeaderTests {
    @Test func contentRange() {
        #expect(ContentRange("bytes 100-199/1000").map { [$0.start, $0.total] } == [100, 1000])
        #expect(ContentRange("bytes */1000").map { [$0.start, $0.total] } == [nil, 1000])
        #expect(ContentRange("bytes 5-9/*").map { [$0.start, $0.total] } == [5, nil])
        for text in [nil, "", "bytes", "bytes 1", "items 0-1/2"] { #expect(ContentRange(text) == nil) }
    }

    @Test func pauses() {
        let options = DownloadOptions()
        #expect([1, 2, 3, 4, 100].map { options.pause(afterFailures: $0) } == [1, 2, 4, 8, 60])
    }

    @Test func heads() throws {
        var head = try #require(HTTPResponseHead(statusLine: "HTTP/1.1 206 Partial Content"))
        head.add(line: "ETag:\t \"a:b\"")
        head.add(line: "no field")
        #expect(head.status == 206 && head["etag"] == "\"a:b\"" && !head.isFollowed)
        #expect(HTTPResponseHead(statusLine: "HTTP/2 200")?.status == 200)
        #expect(HTTPResponseHead(statusLine: "HTTP/")?.status == 0)
        #expect(HTTPResponseHead(statusLine: "Server: HTTP/1.1") == nil)
        #expect(HTTPResponseHead(status: 100).isFollowed)
        #expect(HTTPResponseHead(status: 302, fields: ["location": "/x"]).isFollowed)
        #expect(!HTTPResponseHead(status: 302, fields: ["location": ""]).isFollowed)
    }

    @Test func slowness() {
        let start = ContinuousClock.now
        var watch = TransferWatch(TransferLimits(stall: 30, rate: 1000, period: 60))
        #expect(watch.objection(at: start + .seconds(29)) == nil)
        #expect(watch.objection(at: start + .seconds(31)) == "nothing came for 30 s")
        watch = TransferWatch(TransferLimits(stall: 1000, rate: 1000, period: 60))
        watch.add(70_000)
        #expect(watch.objection(at: start + .seconds(61)) == nil)
        watch.add(59_000)
        #expect(watch.objection(at: start + .seconds(100)) == nil)
        #expect(watch.objection(at: start + .seconds(122)) == "only 59 KB came in 60 s")
        // No file of a network that is known is larger than the bound.
        #expect(ModelCatalogue.published.models.allSatisfy { $0.largestSize >= $0.size?.bytes ?? 0 && $0.size != nil })
    }
}

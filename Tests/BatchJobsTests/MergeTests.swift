import Foundation
import Testing

@testable import BatchJobs

@Suite("What is wrong with some results keeps no others from being merged")
struct MergeTests {
    @Test("A damaged result, and another one than is there, are named, and the rest is taken", arguments: [false, true])
    func faults(isArchived: Bool) throws {
        let folder = try BatchTestFolder()
        let header = #"{"batch": "trial", "archive": \#(isArchived), "outputs": ["masks", "rle"]}"#
        let lines = try (0..<4).map { try folder.video("v\($0)") }
        let manifest = try folder.manifest([header] + lines)
        _ = try folder.run(manifest, out: folder.path + "/node")
        _ = try folder.run(folder.manifest([header, folder.video("v2", options: "{\"seed\": 3}")]))
        let (node, own) = (try BatchFolder(existing: folder.path + "/node"), try BatchFolder(existing: folder.out))
        let damaged = try node.resultPath("v1") + (isArchived ? "" : "/masks/1.png")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: damaged))
        bytes[try #require(bytes.range(of: Data("mask 1 of".utf8))).lowerBound] ^= 1
        try bytes.write(to: URL(fileURLWithPath: damaged))
        let merge = try BatchMerge(from: [node], into: own)
        #expect(merge.taken == 2 && merge.alreadyThere == 0)
        #expect(
            merge.faults == [
                .damagedFile(path: try node.resultPath("v1"), reason: "its files differ from their checksums"),
                .conflictingResults(id: "v2", first: try own.resultPath("v2"), second: try node.resultPath("v2")),
            ])
        #expect(try own.ids(in: "results") == ["v0", "v2", "v3"])
        #expect(try ResultVerification(own).faults.isEmpty)
        for name in ["work", "runs"] { #expect(try FolderNames.all(in: "\(own.path)/\(name)").isEmpty) }
        // Copies are the results, byte by byte.
        let (first, second) = (try node.resultPath("v3"), try own.resultPath("v3"))
        let file = isArchived ? "" : "/masks/2.png"
        #expect(try SHA256Digest.text(ofFile: first + file) == SHA256Digest.text(ofFile: second + file))
    }

    @Test("A video that was set aside as it is now is so after a merge, a result of what it was notwithstanding") func failures() throws {
        let folder = try BatchTestFolder()
        _ = try folder.run(folder.manifest([folder.video("a")]))
        let changed = try folder.manifest([folder.video("a", "fail input", options: "{\"seed\": 3}")])
        #expect(try folder.run(changed, out: folder.path + "/node").setAside == 1)
        let (node, own) = (try BatchFolder(existing: folder.path + "/node"), try BatchFolder(existing: folder.out))
        let merge = try BatchMerge(from: [node], into: own)
        #expect(merge.taken == 0 && merge.faults.isEmpty)
        #expect(try folder.plan(changed).counts.setAside == 1)
    }
}

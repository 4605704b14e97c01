import Foundation
import Media
import TestSupport
import Testing

@testable import VideoBenchmarks

@Suite("Names of videos are names: no dataset leads out of its folder")
struct VideoNameTests {
    static let wrong = [
        "", ".", "..", "../x", "a/b", "/etc", "a/", ".hidden", "a/\u{301}b", "a\u{1B}[2J", "a\nb", "a\0b",
        String(repeating: "x", count: 201),
    ]

    @Test("Names", arguments: wrong)
    func wrongNames(name: String) {
        #expect(throws: VideoNameError.self) { try VideoName(name, in: "list.txt") }
    }

    @Test("Others are kept as they are", arguments: ["goat", "-Xy_3", "car-roundabout", "11_pick up", "Häschen", "a..b", "a\\b", "x.mp4"])
    func names(name: String) throws {
        #expect(try VideoName(name, in: "list.txt").text == name)
    }

    @Test("Paths in lists stay below the root")
    func paths() throws {
        #expect(try DatasetPath("/JPEGImages//480p/./dog/00000.jpg", in: "l").parts == ["JPEGImages", "480p", "dog", "00000.jpg"])
        #expect(try DatasetPath("a/dog/0.jpg", in: "l").folderName == "dog")
        for path in ["../dog/0.jpg", "a/../../dog/0.jpg", "/../x/0.jpg", "a/..", "0.jpg", "", "..", "/"] {
            #expect(throws: VideoNameError.self, "\(path)") { try DatasetPath(path, in: "l") }
        }
    }

    @Test("Every reader of a dataset checks them", arguments: ["list", "pairs", "masks", "pickle", "json"])
    func readers(form: String) throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (root, outside) = (folder.appendingPathComponent("root"), folder.appendingPathComponent("outside"))
        for kind in ["JPEGImages/480p", "Annotations/480p"] {
            try FileManager.default.createDirectory(at: root.appendingPathComponent(kind), withIntermediateDirectories: true)
        }
        try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
        let picture = RGBImage(width: 20, height: 10, red: 1)
        for i in 0..<3 { try ImageFile.writePNG(picture, to: outside.appendingPathComponent("\(i).png").path) }
        let name = "../../../outside"
        func open(_ text: String) throws {
            let list = folder.appendingPathComponent("list.txt")
            try Data(text.utf8).write(to: list)
            _ = try DAVIS2016(root: root.path, list: list.path)
        }
        let error = #expect(throws: VideoNameError.self) {
            switch form {
            case "list": try open(name + "\n")
            case "pairs": try open("JPEGImages/480p/\(name)/0.png Annotations/480p/\(name)/0.png\n")
            case "masks": try open("JPEGImages/480p/dog/0.png Annotations/480p/\(name)/0.png\n")
            case "pickle":
                let video = PickleBytes.dict([
                    ("video", PickleBytes.list([])), ("points", PickleBytes.none), ("occluded", PickleBytes.none),
                ])
                _ = try TAPVidPickle(data: Data(PickleBytes.pickle(PickleBytes.dict([(name, video)]))), name: "x.pkl")
            default:
                let file = folder.appendingPathComponent("tracks.json")
                try Data(#"{"videos": [{"name": "\#(name)", "video": "outside", "tracks": []}]}"#.utf8).write(to: file)
                _ = try PointDatasetFile.open(file.path)
            }
        }
        #expect(error?.description.contains("is not the name of a video") == true)
    }
}

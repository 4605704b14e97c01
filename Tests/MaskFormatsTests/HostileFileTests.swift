import Foundation
import MaskFormats
import Media
import Support
import TestSupport
import Testing

@Suite("Damaged and foreign files are named, with the place")
struct HostileFileTests {
    private func message(_ format: MaskFormat, _ text: String, name: String = "in", readsFrames: Bool = true) throws -> String {
        let path = try Fixtures.temporaryFolder().appendingPathComponent(name).path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        do {
            let reader = try format.reader(at: path)
            if readsFrames { for position in 0..<reader.frameCount { _ = try reader.frame(at: position) } }
            return "no error"
        } catch let error as MaskFormatError {
            return "\(error)".replacingOccurrences(of: path, with: "FILE")
        }
    }

    @Test("COCO")
    func coco() throws {
        let head = #"{"images":[{"id":1,"file_name":"a.jpg","width":4,"height":2}],"annotations":["#
        let cases = [
            ("", "FILE: COCO's annotations are an object"), ("[]", "COCO's annotations are an object"), ("{", "a key in quotes is missing"),
            (#"{"images":[]}"#, "FILE: images: there is no image"),
            (#"{"images":[{"id":1,"file_name":"a","width":1e400,"height":2}]}"#, "FILE: images[0]"),
            (#"{"images":[{"id":1,"file_name":"a","width":-4,"height":2}]}"#, "it has -4x2 pixels"),
            (#"{"images":[{"id":1,"file_name":"a","width":9223372036854775807,"height":2}]}"#, "images[0]"),
            (head + #"{"image_id":9,"category_id":1}]}"#, "annotations[0]: there is no image 9"),
            (head + #"{"image_id":1,"track_id":-9223372036854775808}]}"#, "a track_id must be above 0"),
            (head + #"{"image_id":1,"segmentation":{"size":[2,4],"counts":[3,9]}}]}"#, "annotations[0]"),
            (
                head + #"{"image_id":1,"segmentation":{"size":[2,4],"counts":[9223372036854775807,9223372036854775807]}}]}"#,
                "annotations[0]"
            ),
            (head + #"{"image_id":1,"segmentation":{"size":[2,4],"counts":"oooooooooooooooooo"}}]}"#, "annotations[0]"),
            (head + #"{"image_id":1,"segmentation":{"size":[2,5],"counts":[10]}}]}"#, "its mask is 5x2, the images are 4x2"),
            (head + #"{"image_id":1,"segmentation":[[0,0,1e308,1,1,1]]}]}"#, "a polygon's point lies far outside"),
            (head + #"{"image_id":1,"segmentation":[[0,0]]}]}"#, "at least three points"),
            (head + String(repeating: "[", count: 100_000), "it is nested more than 60 deep"),
            (head + #"{"image_id":1}]}x"#, "something follows the end"), (head + #"{"image_id":1}"#, "a comma or a closing bracket"),
            (head + "\"" + String(repeating: "a", count: 300), "ends in the middle"),
        ]
        for (text, expected) in cases {
            let found = try message(.coco, text)
            #expect(found.contains(expected), "\(text.prefix(120)): \(found)")
        }
    }

    @Test("Other JSON")
    func json() throws {
        let cases: [(MaskFormat, String, String)] = [
            (.youtubeVIS, #"{"videos":[]}"#, "there is no video"), (.youtubeVIS, "[]", "there is no video"),
            (.youtubeVIS, #"[{"video_id":1,"segmentations":[null]}]"#, "it holds no mask"),
            (
                .youtubeVIS,
                #"{"videos":[{"id":1,"width":4,"height":2,"length":1,"file_names":["v/0.jpg"]}],"annotations":[{"id":5,"video_id":1,"segmentations":[null,null]}]}"#,
                "annotations[0].segmentations: it has 2 entries, the video 1 frames"
            ),
            (
                .youtubeVIS,
                #"{"videos":[{"id":1,"width":4,"height":2,"length":1,"file_names":["v/0.jpg"]}],"annotations":[{"id":5,"video_id":1,"segmentations":[{"size":[2,4],"counts":[4]}]}]}"#,
                "annotations[0].segmentations[0]: The runs cover 4 pixels, the mask has 8"
            ),
            (
                .youtubeVIS,
                #"{"videos":[{"id":1,"width":4,"height":2,"length":1,"file_names":["a/0.jpg"]},{"id":2,"width":4,"height":2,"length":1,"file_names":["b/0.jpg"]}]}"#,
                "several videos (a, b)"
            ),
            (.sav, #"{"masklet":[[]]}"#, "the size of its masks"),
            (.sav, #"{"masklet":[[{"size":[2,4],"counts":[8]}],[]]}"#, "masklet[1]: it has 0 masks"),
            (.sav, #"{"masklet":[[{"size":[2,4],"counts":[8]}]],"masklet_id":[1,2]}"#, "masklet_id"),
            (
                .rle, #"{"width":4,"height":2,"frames":[{"frame":3,"objects":[]},{"frame":3,"objects":[]}]}"#,
                "frames[1]: the frame number 3"
            ),
            (
                .rle, #"{"width":4,"height":2,"frames":[{"frame":0,"objects":[{"id":0,"segmentation":{"size":[2,4],"counts":[8]}}]}]}"#,
                "object 0"
            ),
            (
                .rle, #"{"width":4,"height":2,"frames":[{"frame":0,"objects":[{"id":1,"segmentation":{"size":[4,2],"counts":[8]}}]}]}"#,
                "a mask of 2x4, the frames are 4x2"
            ),
        ]
        for (format, text, expected) in cases {
            let found = try message(format, text)
            #expect(found.contains(expected), "\(format) \(text.prefix(120)): \(found)")
        }
    }

    @Test("MOTS text")
    func mots() throws {
        let cases = [
            ("", "it holds no line"), ("0 1001 1 2 4\n", "line 1: expected six fields"),
            ("0 1001 1 2 4 8\n\n0 x 1 2 4 8", "line 3: frame, object"),
            ("0 1001 1 2 99999 8", "line 1: a mask of 99999x2"), ("0 1001 1 2 4 8\n1 1001 1 2 5 8", "line 2"),
            ("0 1001 1 2 4 8\n0 1001 1 2 4 8", "line 2: object 1001 is there twice"), ("0 1001 1 2 4 8\n1 1001 2 2 4 8", "another class"),
            ("0 1001 1 2 4 99", "line 1: A run of 9 pixels"), ("0 1001 1 2 4 4", "line 1: The runs cover 4"),
            ("99999999999999999999 1 1 2 4 8", "line 1: frame, object"),
            ("0 1001 1 2 4 \u{1}", "line 1: The character 1"),
        ]
        for (text, expected) in cases {
            let found = try message(.mots, text)
            #expect(found.contains(expected), "\(text): \(found)")
        }
    }

    @Test("CVAT's XML")
    func xml() throws {
        func image(_ inner: String) -> String {
            "<annotations>\n<image id=\"0\" name=\"a.jpg\" width=\"4\" height=\"2\">\n\(inner)\n</image></annotations>"
        }
        let mask = { (rle: String, box: String) in image("<mask label=\"a\" rle=\"\(rle)\" \(box) group_id=\"1\"/>") }
        let box = "left=\"1\" top=\"0\" width=\"2\" height=\"2\""
        let cases = [
            ("", "it holds no <image>"), ("<html></html>", "line 1: <html> is no beginning"),
            ("<annotations>", "the file ends inside <annotations>"),
            ("<!DOCTYPE a [<!ENTITY b \"c\">]><annotations/>", "a document type is declared"), ("<annotations></x>", "</x> closes nothing"),
            ("<annotations><track id=\"0\"></track></annotations>", "export the task as CVAT for images"),
            ("<annotations a=\"&bomb;\"/>", "&bomb; stands for nothing"),
            (String(repeating: "<annotations>", count: 5000), "nested more than 60"),
            ("<annotations>\n<image id=\"0\"/></annotations>", "line 2: <image> has no whole number as width"),
            (mask("1,3", "left=\"3\" top=\"0\" width=\"2\" height=\"2\""), "line 3: the mask's box"),
            (mask("1,9", box), "line 3: the run 9 of its rle does not fit 2x2"), (mask("1,1", box), "its rle covers 2 of 4 pixels"),
            (mask("1,-3", box), "the run -3"), (mask("", box), "covers 0 of 4"),
            (image("<polygon label=\"a\" points=\"1,1;2,2\"/>"), "at least three points"),
            (image("<polygon label=\"a\" points=\"1,1;2,x;3,3\"/>"), "far outside"),
            (image("") + "<!-- open", "the file ends before -->"),
        ]
        for (text, expected) in cases {
            let found = try message(.cvatImages, text)
            #expect(found.contains(expected), "\(text.prefix(100)): \(found)")
        }
        #expect(try message(.cvatImages, mask("1,2,1", box)) == "no error")
    }

    @Test(
        "A file that is cut at any place ends in an error or in fewer masks, not in a trap",
        arguments: [
            MaskFormat.coco, .cocoPolygons, .youtubeVIS, .youtubeVISResults, .cvatImages, .mots, .sav, .rle,
        ])
    func cut(format: MaskFormat) throws {
        let folder = try Fixtures.temporaryFolder()
        let whole = try Data(contentsOf: URL(fileURLWithPath: Sample().write(format, in: folder)))
        let path = folder.appendingPathComponent("cut").path
        var failures = 0
        for count in stride(from: 0, to: whole.count, by: max(1, whole.count / 60)) {
            try whole.prefix(count).write(to: URL(fileURLWithPath: path))
            do {
                let reader = try format.reader(at: path)
                for position in 0..<reader.frameCount { _ = try reader.frame(at: position) }
            } catch is MaskFormatError {
                failures += 1
            }
        }
        #expect(failures > (format == .mots ? 20 : 55))
    }

    @Test("Folders: absent, without PNGs, of several sequences, cut PNGs, sizes that differ, links that lead out")
    func folders() throws {
        let folder = try Fixtures.temporaryFolder()
        for format in [MaskFormat.masks, .davis, .png, .motsPNG, .savFolders] {
            #expect(throws: FileError.notFound(path: folder.path + "/none")) { try format.reader(at: folder.path + "/none") }
            #expect(throws: MaskFormatError.self) { try format.reader(at: folder.path) }
        }
        let davis = try Sample().write(.davis, in: folder)
        try FileManager.default.copyItem(atPath: davis + "/Annotations/480p/street", toPath: davis + "/Annotations/480p/other")
        #expect(throws: MaskFormatError.ambiguous(path: davis, what: "sequences", names: ["other", "street"])) {
            try MaskFormat.davis.reader(at: davis)
        }
        var options = MaskFormatOptions()
        options.sequence = "street"
        #expect(try MaskFormat.davis.reader(at: davis, options: options).frameCount == 5)
        options.sequence = "../480p/street"
        #expect(throws: MaskFormatError.self) { try MaskFormat.davis.reader(at: davis, options: options) }

        let file = davis + "/Annotations/480p/street/00004.png"
        let bytes = try #require(FileManager.default.contents(atPath: file))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: file))
        let reader = try MaskFormat.davis.reader(at: davis + "/Annotations/480p/street")
        #expect(throws: FileError.self) { try reader.frame(at: 1) }
        try ImageFile.writeIndexMask(IndexMask(width: 3, height: 3), to: file)
        #expect(throws: MediaError.frameSizeDiffers(path: file, expected: Sample().size, found: ImageSize(width: 3, height: 3))) {
            try reader.frame(at: 1)
        }
    }

    @Test("An unknown format, and one that is not read")
    func names() throws {
        #expect(throws: MaskFormatError.self) { try MaskFormat(name: "DAVIS") }
        #expect(try MaskFormat(name: "youtube-vis") == .youtubeVIS)
        #expect(throws: MaskFormatError.notReadable(format: "yolo", readable: MaskFormat.readable.map(\.name))) {
            try MaskFormat.yolo.reader(at: "/nowhere")
        }
    }
}

import Foundation
import Media
import Support
import TestSupport
import Testing

@testable import VideoBenchmarks

@Suite("Readers of data sets")
struct VideoDatasetTests {
    private func frames(_ folders: MaskFolders, _ folder: String, _ names: [String]) throws {
        for name in names { try folders.write("\(folder)/\(name).png", [1: 5]) }
    }

    private func location(_ folders: MaskFolders, _ change: (inout DatasetKind.Location) -> Void = { _ in }) -> DatasetKind.Location {
        var location = DatasetKind.Location(root: folders.root.path)
        change(&location)
        return location
    }

    @Test("DAVIS 2016 and 2017: the list, the first mask, and what the list names in vain")
    func davis() throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for name in ["dog", "cat"] {
            try frames(folders, "JPEGImages/480p/\(name)", ["00000", "00001", "00002"])
            for frame in 0..<3 { try folders.write("Annotations/480p/\(name)/0000\(frame).png", [1: 5, 3: 30]) }
        }
        // Names that lead elsewhere are named, counted and left out; a list of nothing else is refused.
        try folders.writeBytes("ImageSets/2017/val.txt", Data("dog\n../cat\n480p/../cat\n..\n".utf8))
        let partial = try DatasetKind.davis2017.read(location(folders))
        #expect(partial.videos.map(\.name.text) == ["dog"] && partial.findings.map(\.count) == [3])
        #expect(partial.findings[0].kind == .description && partial.findings[0].message.contains("../cat"))
        try folders.writeBytes("ImageSets/2017/val.txt", Data("../cat\n".utf8))
        #expect(throws: VideoNameError.self) { try DatasetKind.davis2017.read(location(folders)) }
        try folders.writeBytes("ImageSets/2017/val.txt", Data("dog\nghost\n".utf8))
        let dataset = try DatasetKind.davis2017.read(location(folders))
        #expect(dataset.videos.map(\.name.text) == ["dog"])
        #expect(dataset.findings.map(\.kind) == [.description] && dataset.findings[0].sequence == "ghost")
        let (objects, findings) = try dataset.videos[0].objects()
        #expect(objects.map(\.id) == [1, 3] && objects.allSatisfy { $0.frame == 0 } && findings.isEmpty)
        #expect(dataset.videos[0].written == [0, 1, 2])
        let old = try DatasetKind.davis2016.read(location(folders))
        #expect(try old.videos.map { try $0.objects().objects.map(\.mask.area) } == [[400], [400]])
    }

    @Test("YouTube-VOS: objects that start later, and only the frames that are asked for")
    func youTubeVOS() throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        try frames(folders, "valid/JPEGImages/v", ["00000", "00005", "00010", "00015"])
        try folders.write("valid/Annotations/v/00000.png", [2: 5])
        try folders.write("valid/Annotations/v/00010.png", [5: 30])
        let meta =
            #"{"videos": {"v": {"objects": {"2": {"category": "dog", "frames": ["00000", "00005"]}, "5": {"category": "ant", "frames": ["00010", "00099"]}}}}}"#
        try folders.writeBytes("valid/meta.json", Data(meta.utf8))
        let dataset = try DatasetKind.youTubeVOS2018.read(location(folders))
        let video = dataset.videos[0]
        #expect(video.written == [0, 1, 2] && dataset.submission.folder == "Annotations" && dataset.truth == nil)
        #expect(dataset.findings.map(\.kind) == [.description] && dataset.findings[0].message.contains("00099"))
        #expect(try video.objects().objects.map { [$0.id, $0.frame] } == [[2, 0], [5, 2]])
        #expect(dataset.description?.objects["v"]?[2]?.frames == ["00005"])
        // A name that leads elsewhere is left out, and said once.
        let stray = #"{"videos": {"../v": {"objects": {"2": {"frames": ["00000"]}}}, "#
        try folders.writeBytes("valid/meta.json", Data((stray + meta.dropFirst(#"{"videos": {"#.count)).utf8))
        let partial = try DatasetKind.youTubeVOS2018.read(location(folders))
        #expect(partial.videos.map(\.name.text) == ["v"] && partial.findings.map(\.kind) == [.description, .description])
        #expect(partial.findings[0].message.contains("../v"))
        try folders.writeBytes("valid/meta.json", Data(meta.utf8))
        try folders.write("valid/Annotations/v/00010.png", [2: 40, 5: 30])
        try folders.write("valid/Annotations/v/00015.png", [7: 30], width: 80)
        let (objects, findings) = try DatasetKind.youTubeVOS2018.read(location(folders)).videos[0].objects()
        #expect(objects.map(\.id) == [2, 5, 7] && findings.map(\.kind) == [.repeatedObject, .sizeDiffers])
    }

    @Test("SA-V: a folder an object, every fourth frame")
    func saV() throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        try frames(folders, "sav_val/JPEGImages_24fps/v", (0..<9).map { "0000\($0)" })
        for frame in [0, 4, 8] {
            try folders.write("sav_val/Annotations_6fps/v/000/0000\(frame).png", frame == 0 ? [:] : [1: 5])
            try folders.write("sav_val/Annotations_6fps/v/001/0000\(frame).png", [1: 30])
        }
        let dataset = try DatasetKind.saV.read(location(folders))
        #expect(try dataset.videos[0].objects().objects.map { "\($0.label) \($0.frame)" } == ["001 0", "000 4"])
        #expect(dataset.submission.isPerObject && dataset.findings.isEmpty)
        #expect(try dataset.videos[0].objects().findings.isEmpty)
    }

    @Test("SA-V: masks that one object lacks, folders without masks, and objects without a pixel are named")
    func saVFaults() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        try frames(folders, "sav_val/JPEGImages_24fps/v", (10..<35).map { "000\($0)" })
        for frame in stride(from: 10, to: 35, by: 4) {
            try folders.write("sav_val/Annotations_6fps/v/000/000\(frame).png", [1: 5])
            if frame != 22 { try folders.write("sav_val/Annotations_6fps/v/001/000\(frame).png", [1: 30]) }
            try folders.write("sav_val/Annotations_6fps/v/003/000\(frame).png", [:])
            // Begins later, ends earlier.
            if (14...26).contains(frame) { try folders.write("sav_val/Annotations_6fps/v/004/000\(frame).png", [1: 50]) }
        }
        try FileManager.default.createDirectory(
            atPath: folders.path("sav_val/Annotations_6fps/v/002"), withIntermediateDirectories: true)
        let dataset = try DatasetKind.saV.read(location(folders))
        #expect(dataset.findings.map(\.kind) == [.emptySequence, .missingFrame], "\(dataset.findings)")
        #expect(dataset.findings[0].message.contains("v/002") && dataset.findings[1].message.contains("v/001/00022.png"))
        let (objects, findings) = try dataset.videos[0].objects()
        #expect(objects.map(\.label) == ["000", "001", "004"])
        #expect(findings.map(\.kind) == [.absentObject] && findings[0].message.contains("003"))
    }

    @Test("MOSE, LVOS, BDD100K and any folder")
    func folders() throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for split in ["valid", "val"] {
            try frames(folders, "\(split)/JPEGImages/v", ["00000000", "00000005", "00000010"])
            try folders.write("\(split)/Annotations/v/00000000.png", [1: 5])
            try folders.write("\(split)/Annotations/v/00000005.png", [1: 5, 2: 30])
        }
        let meta = #"{"videos": {"v": {"objects": {"1": {"frame_range": {"start": "0", "end": "11", "frame_nums": 3}}}}}}"#
        try folders.writeBytes("val_meta.json", Data(meta.utf8))
        #expect(try DatasetKind.mose.read(location(folders)).videos[0].objects().objects.map(\.id) == [1])
        let lvos = try DatasetKind.lvos.read(location(folders))
        #expect(lvos.description?.objects["v"]?[1]?.frames == ["00000000", "00000005", "00000010"] && lvos.scoring == .lvos)
        #expect(
            try DatasetKind.bdd100k.read(location(folders)).videos[0].objects().objects.map { [$0.id, $0.frame] } == [[1, 0], [2, 1]])
        let any = try DatasetKind.folder.read(location(folders) { $0.root += "/val" })
        #expect(try any.videos[0].objects().objects.count == 1)
        #expect(throws: DatasetError.self) { try DatasetKind.mose.read(location(folders) { $0.split = "test" }) }
    }

    @Test("A hole in the annotations, frames that are not annotated, empty folders")
    func damage() throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        try frames(folders, "JPEGImages/v", (0..<9).map { "0\($0)" })
        for frame in 0..<9 where frame != 4 { try folders.write("Annotations/v/0\(frame).png", [1: 5]) }
        try FileManager.default.createDirectory(atPath: folders.path("JPEGImages/empty"), withIntermediateDirectories: true)
        try frames(folders, "JPEGImages/bare", ["00"])
        try folders.write("Annotations/v/77.png", [1: 5])
        let dataset = try DatasetKind.folder.read(location(folders))
        #expect(Set(dataset.findings.map(\.kind)) == [.missingFrame, .emptySequence])
        #expect(dataset.findings.filter { $0.kind == .emptySequence }.map(\.sequence) == ["bare", "empty"])
        #expect(dataset.findings.first { $0.kind == .missingFrame }?.message.contains("04") == true)
        var video = dataset.videos[0]
        video = DatasetVideo(name: video.name, frames: video.frames, annotations: video.annotations, rule: .firstOccurrence)
        #expect(try video.objects().findings.map(\.kind) == [.surplusFrame])
    }

    @Test("Annotations that cannot be read: of the first frame an error, of a later one a finding where objects may start there")
    func unreadable() throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        try frames(folders, "val/JPEGImages/v", ["00", "01", "02"])
        for frame in 0..<3 { try folders.write("val/Annotations/v/0\(frame).png", [UInt16(frame + 1): 5]) }
        let whole = try Data(contentsOf: folders.root.appendingPathComponent("val/Annotations/v/01.png"))
        try folders.writeBytes("val/Annotations/v/01.png", whole.prefix(whole.count / 2))
        let (objects, findings) = try DatasetKind.bdd100k.read(location(folders)).videos[0].objects()
        #expect(objects.map(\.id) == [1, 3] && findings.map(\.kind) == [.unreadableTruth])
        try folders.writeBytes("val/Annotations/v/00.png", Data())
        #expect(throws: (any Error).self) { try DatasetKind.folder.read(location(folders) { $0.root += "/val" }).videos[0].objects() }
    }

    @Test("BDD100K from bitmasks: flags, ids of 16 bits, a hundred objects a video")
    func bitmasks() throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        let count = 103
        // A row of pixels for each object; the first is a crowd, the second ignored, the third only truncated.
        var samples = [UInt8]()
        for id in 1...count {
            let flags: UInt8 = id == 1 ? 2 : id == 2 ? 1 : id == 3 ? 8 : 0
            for _ in 0..<4 { samples += [9, flags, UInt8((id * 5) >> 8), UInt8((id * 5) & 255)] }
        }
        try folders.writeBytes("bitmasks/v/v-0000001.png", RGBAPicture.png(width: 4, height: count, samples))
        try folders.write("images/v/v-0000001.png", [:])
        let builder = BDD100KBuilder(bitmasks: folders.path("bitmasks"), images: folders.path("images"), output: folders.path("out/val"))
        let outcome = try builder.build()
        #expect(outcome.sequences == ["v", "v-chunk2"] && outcome.objects == count - 2)
        let first = try ImageFile.readIndexMask(folders.path("out/val/Annotations/v/v-0000001.png"))
        #expect(first.ids == Array(1...100) && first.values[0] == 0 && first.values[4] == 0 && first.values[8] == 1)
        let second = try ImageFile.readIndexMask(folders.path("out/val/Annotations/v-chunk2/v-0000001.png"))
        #expect(second.ids == [1] && second.values.last == 1)
        let dataset = try DatasetKind.bdd100k.read(DatasetKind.Location(root: folders.path("out")))
        #expect(dataset.videos.map(\.name.text) == ["v", "v-chunk2"])
        #expect(try dataset.videos[0].objects().objects.count == 100)
        // Again, over what is there; then of other frames, and of fewer objects.
        #expect(try builder.build() == outcome)
        try folders.write("other/v/v-0000001.png", [:])
        let other = BDD100KBuilder(bitmasks: builder.bitmasks, images: folders.path("other"), output: builder.output)
        #expect(try other.build() == outcome)
        let files = FileManager.default
        #expect(
            try files.destinationOfSymbolicLink(atPath: folders.path("out/val/JPEGImages/v"))
                == URL(fileURLWithPath: folders.path("other/v")).standardizedFileURL.path)
        try folders.writeBytes("bitmasks/v/v-0000001.png", RGBAPicture.png(width: 1, height: 1, [0, 0, 0, 7]))
        try folders.writeBytes("bitmasks/v-chunk3/v-0000001.png", RGBAPicture.png(width: 1, height: 1, [0, 0, 0, 7]))
        try folders.write("out/val/Annotations/v-chunk4/1.png", [1: 5])
        try folders.writeBytes("out/val/Annotations/v-chunk4/notes.txt", Data())
        try folders.write("out/val/Annotations/v-chunks/1.png", [1: 5])
        let fewer = try other.build()
        #expect(fewer.sequences == ["v", "v-chunk3"])
        #expect(try FolderListing.folders(folders.path("out/val/Annotations")) == ["v", "v-chunk3", "v-chunk4", "v-chunks"])
        #expect(try files.contentsOfDirectory(atPath: folders.path("out/val/JPEGImages")) == ["v"])
        // What was made by hand stays, and the other video has no frames.
        #expect(Set(fewer.findings.map(\.sequence)) == ["v-chunk3", "v-chunk4"])
        // A folder of frames that is no link is nobody's to replace.
        try files.removeItem(atPath: folders.path("out/val/JPEGImages/v"))
        try folders.write("out/val/JPEGImages/v/1.png", [:])
        #expect(throws: FileError.self) { try other.build() }
    }

    @Test("Two objects of a description that are one number")
    func repeatedNumbers() throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        let meta = #"{"videos": {"v": {"objects": {"1": {"frames": ["0"]}, "01": {"frames": ["0", "1"]}}}}}"#
        try folders.writeBytes("meta.json", Data(meta.utf8))
        #expect {
            try DatasetDescription(path: folders.path("meta.json"))
        } throws: { error in
            guard case ScoringError.invalidMeta(_, let reason) = error else { return false }
            return reason.contains("two objects of the number 1")
        }
    }
}

import Foundation
import Media

extension VideoDataset {
    /// DAVIS 2016: `JPEGImages/480p/<sequence>`, `Annotations/480p/<sequence>`, `ImageSets/480p/val.txt` or `ImageSets/2016/val.txt`. The
    /// masks are 0 and 255, one object a sequence.
    static func davis2016(_ location: DatasetKind.Location) throws -> VideoDataset {
        let split = location.split ?? "val"
        return try davis(
            location, root: location.root, rule: .oneObject, name: "davis2016", scoring: .davis2016,
            lists: ["ImageSets/480p/\(split).txt", "ImageSets/2016/\(split).txt"])
    }

    /// DAVIS 2017: as 2016 with `ImageSets/2017/<split>.txt`, below `trainval` or `test-dev` where the archives were unpacked side by side.
    /// Of the test set only the first masks are public.
    static func davis2017(_ location: DatasetKind.Location, isTest: Bool) throws -> VideoDataset {
        let split = location.split ?? (isTest ? "test-dev" : "val")
        let root = VideoFolders.existing(location.root, [isTest ? "test-dev" : "trainval", ""]) ?? location.root
        var dataset = try davis(
            location, root: root, rule: .firstAnnotation, name: isTest ? "davis2017-test-dev" : "davis2017", scoring: .davis2017,
            lists: ["ImageSets/2017/\(split).txt"])
        if isTest, location.truth == nil {
            dataset.truth = nil
            // Its server takes masks of 480p.
            if location.resolution != nil, let masks = VideoFolders.existing(root, ["Annotations/480p"]) {
                dataset.writeMasks(atSizeOf: masks)
            }
        }
        return dataset
    }

    private static func davis(
        _ location: DatasetKind.Location, root: String, rule: DatasetVideo.ObjectRule, name: String, scoring: ScoringProtocol,
        lists: [String]
    ) throws -> VideoDataset {
        let size = location.resolution ?? "480p"
        guard let images = VideoFolders.existing(root, ["JPEGImages/\(size)"]),
            let annotations = VideoFolders.existing(root, ["Annotations/\(size)"])
        else { throw DatasetError.noVideos(root: root, expected: "JPEGImages/\(size) and Annotations/\(size)") }
        var folders = VideoFolders(images: images, annotations: annotations, rule: rule)
        let list = try location.names() ?? VideoFolders.existingFile(root, lists).map { try SequenceList(path: $0) }
        let videos = try folders.videos(list)
        return VideoDataset(
            name: name, videos: videos, scoring: scoring, truth: location.truth ?? annotations, findings: folders.findings)
    }
}

import Foundation
import Media

extension VideoDataset {
    /// MOSE: `valid/JPEGImages/<video>` and `valid/Annotations/<video>`, of the validation set only the first masks. Its server has the
    /// rest.
    static func mose(_ location: DatasetKind.Location) throws -> VideoDataset {
        let split = location.split ?? "valid"
        let (videos, _, findings) = try read(location, [split, ""], rule: .firstAnnotation)
        return VideoDataset(name: "mose", videos: videos, scoring: .mose, truth: location.truth, findings: findings)
    }

    /// BDD100K VOS as `sampt evaluate build-bdd100k` makes it: `val/JPEGImages/<video>`, `val/Annotations/<video>` with every frame,
    /// objects where they first appear.
    static func bdd100k(_ location: DatasetKind.Location) throws -> VideoDataset {
        let (videos, annotations, findings) = try read(location, [location.split ?? "val", ""], rule: .firstOccurrence)
        return VideoDataset(
            name: "bdd100k", videos: videos, scoring: .bdd100k, truth: location.truth ?? annotations, findings: findings)
    }

    /// SA-V: `JPEGImages_24fps/<video>`, `Annotations_6fps/<video>/<object>/<frame>.png` with every fourth frame, `sav_<split>.txt`.
    static func saV(_ location: DatasetKind.Location) throws -> VideoDataset {
        let split = location.split ?? "val"
        let bases = ["sav_\(split)", split, ""]
        guard
            let images = VideoFolders.existing(
                location.root, bases.map { [$0, "JPEGImages_24fps"].filter { !$0.isEmpty }.joined(separator: "/") }),
            let annotations = VideoFolders.existing(
                location.root, bases.map { [$0, "Annotations_6fps"].filter { !$0.isEmpty }.joined(separator: "/") })
        else { throw DatasetError.noVideos(root: location.root, expected: "JPEGImages_24fps and Annotations_6fps") }
        let list = VideoFolders.existingFile(
            location.root, ["sav_\(split)/sav_\(split).txt", "\(split)/sav_\(split).txt", "sav_\(split).txt"])
        var folders = VideoFolders(images: images, annotations: annotations, rule: .firstOccurrence)
        let videos = try folders.videos(try location.names() ?? list.map { try SequenceList(path: $0) })
        return VideoDataset(
            name: "sa-v", videos: videos, scoring: .saV, truth: location.truth ?? annotations,
            submission: SubmissionForm(isPerObject: true), findings: folders.findings)
    }

    /// LVOS: `<split>/JPEGImages/<video>`, `<split>/Annotations/<video>` with every fifth frame, `<split>_meta.json` or `meta.json`.
    static func lvos(_ location: DatasetKind.Location) throws -> VideoDataset {
        let split = location.split ?? "val"
        let (videos, annotations, findings) = try read(location, [split, ""], rule: .firstOccurrence)
        let meta = VideoFolders.existingFile(
            location.root, ["\(split)/\(split)_meta.json", "\(split)_meta.json", "\(split)/meta.json", "meta.json"])
        let description = try meta.map { try DatasetDescription(path: $0, countsFirstFrames: true) }
        return VideoDataset(
            name: "lvos", videos: videos, scoring: description == nil ? .vosBenchmark : .lvos, truth: location.truth ?? annotations,
            description: description, findings: (description?.findings ?? []) + findings)
    }

    /// Any folder with `JPEGImages/<video>` and `Annotations/<video>`: objects of the first annotated frame. Where later frames are
    /// annotated as well, the results can be scored.
    static func folder(_ location: DatasetKind.Location) throws -> VideoDataset {
        let (videos, annotations, findings) = try read(location, [location.split ?? "", ""], rule: .firstAnnotation)
        let hasTruth = videos.contains { $0.annotations.frames.count > 2 }
        // Results lie as the annotations do.
        let isPerObject = videos.allSatisfy { $0.annotations.layout != .index }
        return VideoDataset(
            name: "folder", videos: videos, scoring: .davis, truth: location.truth ?? (hasTruth ? annotations : nil),
            submission: SubmissionForm(isPerObject: isPerObject), findings: findings)
    }

    /// `JPEGImages` and `Annotations`, in the first of some folders that has them.
    private static func read(
        _ location: DatasetKind.Location, _ bases: [String], rule: DatasetVideo.ObjectRule
    ) throws -> (videos: [DatasetVideo], annotations: String, findings: [ScoringFinding]) {
        func candidates(_ name: String) -> [String] { bases.map { $0.isEmpty ? name : $0 + "/" + name } }
        guard let images = VideoFolders.existing(location.root, candidates("JPEGImages")),
            let annotations = VideoFolders.existing(location.root, candidates("Annotations"))
        else {
            throw DatasetError.noVideos(root: location.root, expected: candidates("JPEGImages")[0] + " and " + candidates("Annotations")[0])
        }
        // DAVIS's folders have a level more.
        let size = location.resolution
        var folders = VideoFolders(
            images: size.map { images + "/" + $0 } ?? images, annotations: size.map { annotations + "/" + $0 } ?? annotations, rule: rule)
        let videos = try folders.videos(try location.names())
        return (videos, folders.annotations, folders.findings)
    }
}

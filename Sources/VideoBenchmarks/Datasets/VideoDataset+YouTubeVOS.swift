import Foundation
import Media

extension VideoDataset {
    /// YouTube-VOS 2018 and 2019: `valid/JPEGImages/<video>`, or every frame in `all_frames/valid_all_frames/JPEGImages/<video>`;
    /// `valid/Annotations/<video>` with a mask where objects start; `valid/meta.json`, whose frames the results must have. 0 in a later
    /// mask means "do not care". Complete truth is on the server; who holds some out gives its folder.
    static func youTubeVOS(_ location: DatasetKind.Location, name: String) throws -> VideoDataset {
        let split = location.split ?? "valid"
        let root = location.root
        guard
            let images = VideoFolders.existing(
                root, ["all_frames/\(split)_all_frames/JPEGImages", "\(split)_all_frames/JPEGImages", "\(split)/JPEGImages", "JPEGImages"]),
            let annotations = VideoFolders.existing(root, ["\(split)/Annotations", "Annotations"])
        else { throw DatasetError.noVideos(root: root, expected: "\(split)/JPEGImages and \(split)/Annotations") }
        guard let meta = VideoFolders.existingFile(root, ["\(split)/meta.json", "meta.json"]) else {
            throw DatasetError.noVideos(root: root, expected: "\(split)/meta.json")
        }
        let description = try DatasetDescription(path: meta, categories: location.categories)
        let required = try DatasetDescription(path: meta, countsFirstFrames: true)
        var folders = VideoFolders(images: images, annotations: annotations, rule: .onlyNew)
        let videos = try folders.videos(try location.names() ?? SequenceList(names: required.objects.keys.sorted())) { name in
            Set(required.objects[name]?.values.flatMap(\.frames) ?? [])
        }
        return VideoDataset(
            name: name, videos: videos, scoring: .youTubeVOS, truth: location.truth, description: description,
            submission: SubmissionForm(folder: "Annotations"), findings: required.findings + folders.findings)
    }
}

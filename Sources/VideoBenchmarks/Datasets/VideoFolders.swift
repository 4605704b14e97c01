import Foundation
import Media
import Support

/// Folders of frames and folders of masks, a folder a video: what all these data sets have in common.
struct VideoFolders {
    /// The folder of the videos' folders of frames.
    var images: String
    /// That of their masks.
    var annotations: String
    var rule: DatasetVideo.ObjectRule
    private(set) var findings: [ScoringFinding] = []

    init(images: String, annotations: String, rule: DatasetVideo.ObjectRule) {
        (self.images, self.annotations, self.rule) = (images, annotations, rule)
    }

    /// The first of some folders below a root that is there.
    static func existing(_ root: String, _ candidates: [String]) -> String? {
        candidates.map { $0.isEmpty ? root : root + "/" + $0 }.first { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }
    }

    static func existingFile(_ root: String, _ candidates: [String]) -> String? {
        candidates.map { root + "/" + $0 }.first { FileManager.default.fileExists(atPath: $0) }
    }

    /// The videos of a list, or of the folders there are.
    /// - Parameters:
    ///   - list: nil: all folders.
    ///   - written: the frames whose masks are wanted, by video; nil: all frames.
    /// - Throws: `MediaError`; `DatasetError.noVideos`.
    mutating func videos(_ list: SequenceList?, written: ((String) -> Set<String>?)? = nil) throws -> [DatasetVideo] {
        let there = Set(try FolderListing.folders(images))
        var videos: [DatasetVideo] = []
        findings += list?.findings ?? []
        if list == nil {
            for name in try FolderListing.folders(annotations) where !there.contains(name) {
                findings.append(
                    ScoringFinding(.description, name, "there are annotations of this video, and \(images) has no frames of it"))
            }
        }
        for text in try list?.names ?? FolderListing.folders(images) {
            let name: VideoName
            do { name = try VideoName(text, in: images) } catch {
                findings.append(ScoringFinding(.description, "", "\(error)"))
                continue
            }
            guard there.contains(text) else {
                findings.append(ScoringFinding(.description, text, "the list names this video, and \(images) has no folder of that name"))
                continue
            }
            if let video = try video(name, written: written?(text)) { videos.append(video) }
        }
        guard !videos.isEmpty else {
            throw DatasetError.noVideos(
                root: images, expected: "a folder of JPEG or PNG frames for each video, and its masks in \(annotations)")
        }
        return videos
    }

    private mutating func video(_ name: VideoName, written: Set<String>?) throws -> DatasetVideo? {
        let folder = "\(images)/\(name)"
        let frames = try FolderListing.names(folder, pathExtensions: ["jpg", "jpeg", "png"]).sorted(by: MaskFolder.codePointOrder)
        guard !frames.isEmpty else {
            findings.append(ScoringFinding(.emptySequence, name.text, "the folder of this video holds no frames; it is left out"))
            return nil
        }
        guard let masks = try MaskFolder.sequence(name.text, at: "\(annotations)/\(name)") else {
            findings.append(ScoringFinding(.emptySequence, name.text, "this video has no annotations; it is left out"))
            return nil
        }
        let video = DatasetVideo(name: name, frames: frames.map { "\(folder)/\($0)" }, annotations: masks, rule: rule, written: written)
        let known = Set(video.frameNames)
        if known.count < frames.count {
            findings.append(ScoringFinding(.description, name.text, "two frames of this video differ in nothing but their extension"))
        }
        note(video, missing: written.map { $0.subtracting(known) } ?? [])
        return video
    }

    private mutating func note(_ video: DatasetVideo, missing: Set<String>) {
        let name = video.name.text
        if let first = missing.sorted(by: MaskFolder.codePointOrder).first {
            findings.append(
                ScoringFinding(
                    .description, name, count: missing.count,
                    "\(missing.count) frames that results must have are not in the video (the first is \(first))"))
        }
        findings += video.annotations.faults
        // Where every frame is annotated, or every n-th, one that is not is a hole; where steps differ, it is the rule.
        let places = video.frameNames.indices.filter { video.annotations.has(video.frameNames[$0]) }
        let holes = MaskFolder.Sequence.holes(in: places)
        guard let hole = holes.first, holes.count * 4 < places.count else { return }
        findings.append(
            ScoringFinding(
                .missingFrame, name, count: holes.count,
                "\(holes.count) frames in the midst of the annotated ones have no annotation (the first is \(video.frameNames[hole]))"))
    }
}

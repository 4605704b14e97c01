import Foundation
import Media
import Support

/// Makes BDD100K's data set for video object segmentation from the bitmasks of its tracking set (MOTS), as SAM-PT's authors did: an index
/// PNG a frame, ids from 1 on, at most a hundred objects a video.
///
/// A bitmask is a PNG of four channels: the second holds flags (1 ignored, 2 crowd, 4 occluded, 8 truncated), the third and fourth an
/// instance's number. Ignored pixels and crowds become background. A video with more instances is given as several, `<video>-chunk2` and so
/// on, whose frames are links to those of the first.
public struct BDD100KBuilder: Sendable {
    /// `<video>/*.png`.
    public var bitmasks: String
    /// `<video>/*.jpg`.
    public var images: String
    /// `Annotations` and `JPEGImages` come into it.
    public var output: String

    static let mostObjects = 100
    private static let dropped: UInt8 = 1 | 2

    public init(bitmasks: String, images: String, output: String) { (self.bitmasks, self.images, self.output) = (bitmasks, images, output) }

    public struct Outcome: Sendable, Equatable {
        /// The folders that were made.
        public var sequences: [String] = []
        public var objects = 0
        public var findings: [ScoringFinding] = []
    }

    /// - Parameter progress: the videos done and in all.
    /// - Throws: `MediaError`; `CancellationError`. What was made is whole.
    public func build(progress: ((Int, Int) -> Void)? = nil) throws -> Outcome {
        var outcome = Outcome()
        let names = try FolderListing.folders(bitmasks)
        guard !names.isEmpty else { throw DatasetError.noVideos(root: bitmasks, expected: "a folder of bitmasks for each video") }
        for (index, text) in names.enumerated() {
            try Cancellation.check()
            do { try build(VideoName(text, in: bitmasks), videos: names, &outcome) } catch let error as VideoNameError {
                outcome.findings.append(ScoringFinding(.description, "", "\(error)"))
            }
            progress?(index + 1, names.count)
        }
        return outcome
    }

    private func build(_ video: VideoName, videos: [String], _ outcome: inout Outcome) throws {
        let folder = "\(bitmasks)/\(video)"
        let files = try FolderListing.names(folder, pathExtensions: ["png"]).sorted(by: MaskFolder.codePointOrder)
        var instances = Set<Int>()
        var readable: [String] = []
        for file in files {
            try Cancellation.check()
            do {
                let frame = try Self.instances(in: folder + "/" + file)
                instances.formUnion(frame.ids.filter { $0 != 0 })
                readable.append(file)
            } catch let error where error is MediaError || error is FileError {
                outcome.findings.append(ScoringFinding(.unreadableTruth, video.text, "\(error)"))
            }
        }
        guard !instances.isEmpty else {
            outcome.findings.append(ScoringFinding(.emptySequence, video.text, "no bitmask of this video has an object; it is left out"))
            return
        }
        let images = try linkImages(video, &outcome)
        let ids = instances.sorted()
        for (chunk, start) in stride(from: 0, to: ids.count, by: Self.mostObjects).enumerated() {
            let own = ids[start..<min(start + Self.mostObjects, ids.count)]
            let name = chunk == 0 ? video.text : "\(video)-chunk\(chunk + 1)"
            try write(name, own, folder, readable)
            if chunk > 0, images { try link(video.text, at: "\(output)/JPEGImages/\(name)") }
            outcome.sequences.append(name)
            outcome.objects += own.count
        }
        try removeParts(of: video, beyond: (ids.count + Self.mostObjects - 1) / Self.mostObjects, videos: videos, &outcome)
    }

    private func write(_ name: String, _ ids: ArraySlice<Int>, _ folder: String, _ files: [String]) throws {
        var numbers = [UInt16](repeating: 0, count: 1 << 16)
        for (place, id) in ids.enumerated() { numbers[id] = UInt16(place + 1) }
        _ = try OutputFolder("\(output)/Annotations")
        let part = try PartFolder(for: "\(output)/Annotations/\(name)", replacesContents: true)
        do {
            for file in files {
                try Cancellation.check()
                let frame = try Self.instances(in: folder + "/" + file)
                let mask = IndexMask(width: frame.size.width, height: frame.size.height, values: frame.ids.map { numbers[$0] })
                try ImageFile.writeIndexMask(mask, to: part.path + "/" + file)
            }
            try part.commit()
        } catch {
            part.discard()
            throw error
        }
    }

    /// The instance of every pixel, 0 where it does not count.
    static func instances(in path: String) throws -> (size: ImageSize, ids: [Int]) {
        let (size, samples) = try ImageFile.readRGBASamples(path)
        let ids = (0..<size.pixelCount).map { pixel -> Int in
            let place = 4 * pixel
            return samples[place + 1] & dropped != 0 ? 0 : Int(samples[place + 2]) << 8 | Int(samples[place + 3])
        }
        return (size, ids)
    }

    /// - Returns: whether the video has frames.
    private func linkImages(_ video: VideoName, _ outcome: inout Outcome) throws -> Bool {
        let source = URL(fileURLWithPath: "\(images)/\(video)").standardizedFileURL.path
        guard FileManager.default.fileExists(atPath: source) else {
            outcome.findings.append(ScoringFinding(.missingFrame, video.text, "there are no frames at \(source)"))
            return false
        }
        try link(source, at: "\(output)/JPEGImages/\(video)")
        return true
    }

    /// Takes the place of a link that an earlier run made, and of nothing else.
    private func link(_ target: String, at path: String) throws {
        _ = try OutputFolder(PathParts(path).folder)
        let known = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        if known == target { return }
        guard known == nil || unlink(path) == 0, symlink(target, path) == 0 else { throw Self.unwritable(path) }
    }

    private static func unwritable(_ path: String) -> FileError {
        .unwritable(path: path, reason: String(cString: strerror(errno)).lowercased())
    }

    /// Takes away the folders of an earlier run that gave the video as more.
    /// - Parameter videos: all there are; one may be called as a part of another.
    private func removeParts(of video: VideoName, beyond count: Int, videos: [String], _ outcome: inout Outcome) throws {
        let start = "\(video)-chunk"
        for name in try FolderListing.folders("\(output)/Annotations") where name.hasPrefix(start) && !videos.contains(name) {
            guard let number = Int(name.dropFirst(start.count)), number > max(1, count), name == "\(start)\(number)" else { continue }
            let masks = "\(output)/Annotations/\(name)"
            let isOurs = try FolderListing.names(masks).allSatisfy { $0?.hasSuffix(".png") == true }
            guard isOurs else {
                outcome.findings.append(
                    ScoringFinding(.description, name, "\(masks) is no part of \(video) any more, but holds more than masks, and stays"))
                continue
            }
            do { try FileManager.default.removeItem(atPath: masks) } catch {
                throw FileError.unwritable(path: masks, reason: AtomicFile.reason(error))
            }
            let link = "\(output)/JPEGImages/\(name)"
            guard (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) != nil else { continue }
            guard unlink(link) == 0 else { throw Self.unwritable(link) }
        }
    }
}

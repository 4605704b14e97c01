import Foundation
import Media
import Support

/// A data set for segmenting objects that are marked in a frame: every reader makes this of its folders.
public struct VideoDataset: Sendable {
    /// As on the command line.
    public var name: String
    /// In the order of the data set's list, or of the folders' names.
    public var videos: [DatasetVideo]
    /// How its masks are scored.
    public var scoring: ScoringProtocol
    /// Where the truth lies; nil where only a server has it.
    public var truth: String?
    public var description: DatasetDescription?
    /// What its server takes.
    public var submission: SubmissionForm
    /// What is wrong with its lists and folders.
    public var findings: [ScoringFinding]

    public init(
        name: String, videos: [DatasetVideo], scoring: ScoringProtocol, truth: String?, description: DatasetDescription? = nil,
        submission: SubmissionForm = SubmissionForm(), findings: [ScoringFinding] = []
    ) {
        (self.name, self.videos, self.scoring, self.truth) = (name, videos, scoring, truth)
        (self.description, self.submission, self.findings) = (description, submission, findings)
    }
}

extension VideoDataset {
    /// Has masks written at the size of a folder's, as far as it has masks of a video that can be read. DAVIS is scored at 480p also where
    /// its frames are larger.
    mutating func writeMasks(atSizeOf folder: String) {
        guard let masks = try? MaskFolder(folder) else { return }
        for place in videos.indices {
            guard let sequence = masks.sequences[videos[place].name.text], let first = sequence.frames.first else { continue }
            videos[place].maskSize = (try? sequence.planes(first))?.size
        }
    }
}

/// How results are laid out for a data set's server.
public struct SubmissionForm: Sendable, Equatable {
    /// The folder, within the submission, that the sequences' folders lie in; empty: none.
    public var folder: String
    /// Whether each object has a folder of binary masks (SA-V).
    public var isPerObject: Bool

    public init(folder: String = "", isPerObject: Bool = false) { (self.folder, self.isPerObject) = (folder, isPerObject) }

    /// What an object is called while the method runs: where each has a folder, ids may be 0 (SA-V's "000"), which no pixel can be.
    func queryID(of object: DatasetObject, at place: Int) -> Int { isPerObject ? place + 1 : object.id }
}

/// One video of a data set.
public struct DatasetVideo: Sendable {
    /// When an id of the annotations becomes an object.
    public enum ObjectRule: Sendable, Equatable {
        /// The ids of the first annotated frame.
        case firstAnnotation
        /// Each id in the first frame that has it (BDD100K, SA-V, LVOS).
        case firstOccurrence
        /// The same where a mask shows only the objects that start there (YouTube-VOS): an id that is there again is a fault.
        case onlyNew
        /// Everything above 0 in the first annotated frame is one object (DAVIS 2016).
        case oneObject
    }

    public let name: VideoName
    /// The frames' files in order, and their names without extension, which the results bear.
    public let frames: [String]
    public let frameNames: [String]
    /// The masks that the video comes with.
    public let annotations: MaskFolder.Sequence
    public let rule: ObjectRule
    /// Places of the frames whose masks the results must have.
    public let written: [Int]
    /// The size of the masks that are written; nil: that of the frames.
    public internal(set) var maskSize: ImageSize?

    /// - Parameter written: names of the frames whose masks are wanted; nil: all.
    init(name: VideoName, frames: [String], annotations: MaskFolder.Sequence, rule: ObjectRule, written: Set<String>? = nil) {
        (self.name, self.frames, self.annotations, self.rule) = (name, frames, annotations, rule)
        frameNames = frames.map { Self.stem(PathParts($0).name) }
        self.written = frameNames.indices.filter { [frameNames] in written?.contains(frameNames[$0]) ?? true }
    }

    static func stem(_ name: String) -> String { name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name }
}

/// An object of a video: marked in its query frame by a mask.
public struct DatasetObject: Sendable {
    public var id: Int
    /// What its folder is called where it has one; its id otherwise.
    public var label: String
    /// Place of the query frame in the video.
    public var frame: Int
    public var mask: Mask
}

extension DatasetVideo {
    /// The objects with their query masks, by frame and then by id, and what is wrong with the annotations.
    /// - Throws: `MediaError` where the annotations that name the objects cannot be read; `CancellationError`.
    public func objects() throws -> (objects: [DatasetObject], findings: [ScoringFinding]) {
        var counter = FindingCounter()
        let places = Dictionary(frameNames.enumerated().map { ($1, $0) }) { first, _ in first }
        var objects: [DatasetObject] = []
        var seen = Set<Int>()
        var isFirst = true
        var size: ImageSize?
        var unread = Set<String>()
        // Objects may start in any annotated frame.
        let isSpread = rule == .firstOccurrence || rule == .onlyNew
        for frame in annotations.frames where places[frame] == nil {
            counter.note(.surplusFrame, "the annotation \(frame) belongs to no frame of the video")
        }
        for frame in annotations.frames {
            try Cancellation.check()
            guard let place = places[frame] else { continue }
            if !isSpread, !isFirst, annotations.layout == .index { break }
            var planes: ObjectPlanes
            do { planes = try annotations.planes(frame) } catch {
                // What the objects of the first frame are, nothing else tells.
                guard isSpread || !isFirst else { throw error }
                counter.note(
                    .unreadableTruth, "the annotation of frame \(frame) cannot be read; objects that start there are not known: \(error)")
                unread.insert(frame)
                continue
            }
            if rule == .oneObject {
                planes.merge(as: SequenceComparison.single)
            } else if annotations.layout == .index {
                if let void = planes.masks.removeValue(forKey: SequenceComparison.void), planes.masks.isEmpty, isFirst {
                    // A folder of 0/255 masks.
                    planes.masks[SequenceComparison.single] = void
                    counter.note(.mergedObjects, "the annotations are 0 and 255; 255 is taken as object 1")
                }
            }
            isFirst = false
            if let size, size != planes.size {
                counter.note(.sizeDiffers, "the annotation of frame \(frame) is \(planes.size), the first one \(size)")
            }
            size = size ?? planes.size
            if rule == .onlyNew, let id = planes.masks.filter({ !$0.value.isEmpty }).keys.sorted().first(where: seen.contains) {
                counter.note(.repeatedObject, "object \(id) appears again in the annotation of frame \(frame); its first mask counts")
            }
            for (id, plane) in planes.masks.sorted(by: { $0.key < $1.key }) where !plane.isEmpty && seen.insert(id).inserted {
                objects.append(DatasetObject(id: id, label: annotations.label(of: id), frame: place, mask: plane.mask))
            }
            if case .perObject(let folders) = annotations.layout, seen.count == folders.count { break }
        }
        if case .perObject(let folders) = annotations.layout, rule != .oneObject {
            for id in folders.keys.sorted() where !seen.contains(id) && unread.isDisjoint(with: annotations.framesOfObjects[id] ?? []) {
                counter.note(.absentObject, "no annotation shows a pixel of object \(annotations.label(of: id)); it is left out")
            }
        }
        if objects.isEmpty { counter.note(.emptySequence, "the annotations mark no object") }
        return (objects, counter.findings(of: name.text))
    }
}

/// What stands in the way of reading a data set.
public enum DatasetError: Error, Sendable, Equatable {
    case noVideos(root: String, expected: String)
    /// No annotation marks an object: why, where more is known.
    case noAnnotations(video: String, reason: String? = nil)
}

extension DatasetError: DescribedError {
    public var description: String {
        switch self {
        case .noVideos(let root, let expected): "\(root): holds no videos of this data set. Expected is \(expected)."
        case .noAnnotations(let video, let reason):
            "\(video): has no annotation that marks an object." + (reason.map { " First of all, \($0)." } ?? "")
        }
    }
}

import Foundation
import Media
import Support

/// One object of a video that a simulated annotator segments, knowing the truth in every annotated frame.
public struct SimulationTask: Sendable {
    public let video: DatasetVideo
    public let id: Int
    public let label: String
    /// The first frame that shows the object: work begins there, and frames before it do not count.
    public let firstFrame: Int
    /// By place in the video; nil where there is no annotation.
    let truths: [BitMask?]
    public let findings: [ScoringFinding]

    /// The frames that count.
    var frames: ClosedRange<Int> { firstFrame...max(firstFrame, video.frames.count - 1) }

    init(
        _ video: DatasetVideo, id: Int, label: String, firstFrame: Int, truths: [BitMask?], findings: [ScoringFinding] = []
    ) {
        (self.video, self.id, self.label, self.firstFrame) = (video, id, label, firstFrame)
        (self.truths, self.findings) = (truths, findings)
    }

    /// The objects of a video, in order of their ids.
    /// - Parameter video: its annotations are the truth.
    /// - Throws: `MediaError` where the annotations that name the objects cannot be read; `DatasetError.noAnnotations`;
    ///   `CancellationError`. An annotation later on that cannot be read is a finding, and nobody knows the truth there; an object of
    ///   which nothing is known from its first frame on is left out, and named.
    public static func tasks(of video: DatasetVideo) throws -> [SimulationTask] {
        let (objects, known) = try video.objects()
        guard let size = objects.first?.mask.size else { throw DatasetError.noAnnotations(video: video.name.text) }
        var counter = FindingCounter()
        var truths = Dictionary(
            objects.map { ($0.id, [BitMask?](repeating: nil, count: video.frames.count)) }, uniquingKeysWith: { first, _ in first })
        let isBinary = objects.map(\.id) == [SequenceComparison.single]
        for (place, name) in video.frameNames.enumerated() where video.annotations.has(name) {
            try Cancellation.check()
            var planes: ObjectPlanes
            do { planes = try video.annotations.planes(name) } catch {
                counter.note(.unreadableTruth, "the annotation of frame \(name) cannot be read; the frame does not count: \(error)")
                continue
            }
            guard planes.size == size else {
                counter.note(
                    .sizeDiffers, "the annotation of frame \(name) is \(planes.size), the first one \(size); the frame does not count")
                continue
            }
            if video.rule == .oneObject {
                planes.merge(as: SequenceComparison.single)
            } else if let void = planes.masks.removeValue(forKey: SequenceComparison.void), planes.masks.isEmpty, isBinary {
                // A folder of 0/255 masks.
                planes.masks[SequenceComparison.single] = void
            }
            for id in truths.keys { truths[id]?[place] = planes.masks[id] ?? BitMask(size: size) }
        }
        let measured = objects.sorted { $0.id < $1.id }.filter { object in
            let isMeasured = truths[object.id]?[object.frame...].contains { $0 != nil } ?? false
            if !isMeasured {
                counter.note(.noScoredFrame, "object \(object.label) has no annotation of the first one's size; it is left out")
            }
            return isMeasured
        }
        guard !measured.isEmpty else { throw DatasetError.noAnnotations(video: video.name.text) }
        let findings = known + counter.findings(of: video.name.text)
        return measured.map { object in
            SimulationTask(
                video, id: object.id, label: object.label, firstFrame: object.frame, truths: truths[object.id] ?? [], findings: findings)
        }
    }
}

extension VideoDataset {
    /// The videos with their truth as annotations.
    /// - Throws: `SimulationError.noTruth`; what reading the truth's folder throws.
    public func videosWithTruth() throws -> (videos: [DatasetVideo], findings: [ScoringFinding]) {
        guard let truth else { throw SimulationError.noTruth(dataset: name) }
        let folder = try MaskFolder(truth)
        var findings = findings
        let videos = videos.compactMap { video -> DatasetVideo? in
            guard let sequence = folder.sequences[video.name.text] else {
                findings.append(ScoringFinding(.emptySequence, video.name.text, "\(truth) has no masks of this video; it is left out"))
                return nil
            }
            // The truth shows every object in every frame, also where the data set's own masks show the new ones alone.
            let rule = video.rule == .onlyNew ? .firstOccurrence : video.rule
            return DatasetVideo(name: video.name, frames: video.frames, annotations: sequence, rule: rule)
        }
        guard !videos.isEmpty else { throw DatasetError.noVideos(root: truth, expected: "the masks of the data set's videos") }
        return (videos, findings)
    }
}

/// What stands in the way of simulating an annotator.
public enum SimulationError: Error, Sendable, Equatable {
    case noTruth(dataset: String)
    case frameSizeDiffers(video: String, frames: ImageSize, truth: ImageSize)
    /// A folder holds no simulation.
    case noSimulation(path: String)
    case invalidOption(String, allowed: String)
}

extension SimulationError: DescribedError {
    public var description: String {
        switch self {
        case .noTruth(let dataset):
            "\(dataset) has masks of first frames only, and the simulated annotator looks at the truth of every frame. Give a folder that has it: --truth."
        case .frameSizeDiffers(let video, let frames, let truth):
            "\(video): its frames are \(frames), its annotations \(truth). Give the folder of the frames' size: --resolution."
        case .noSimulation(let path):
            "\(path): holds no simulation. Give a folder that \"sampt simulate\" wrote with --out."
        case .invalidOption(let option, let allowed): "\(option) must be \(allowed)."
        }
    }
}

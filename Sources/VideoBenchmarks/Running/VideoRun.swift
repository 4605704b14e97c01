import Foundation
import Media
import SAMPT
import Support

/// One way to run the method on a data set: a setting and a seed.
public struct EvaluationRun: Sendable, Codable, Equatable {
    /// Below the output's folder; empty: that folder itself.
    public var folder: String
    /// What the setting is called in tables.
    public var setting: String
    public var seed: UInt64
    /// Everything that decides the masks: options, models' fingerprints, versions.
    public var settings: [String: String]
    /// What the paper says of it, where it does.
    public var paper: String?
    public var paperScore: String?
    /// The setting that its gain is counted from.
    public var against: String?

    public init(
        folder: String, setting: String, seed: UInt64, settings: [String: String], paper: String? = nil, paperScore: String? = nil,
        against: String? = nil
    ) {
        (self.folder, self.setting, self.seed, self.settings) = (folder, setting, seed, settings)
        (self.paper, self.paperScore, self.against) = (paper, paperScore, against)
    }

    func path(in output: String) -> String { folder.isEmpty ? output : output + "/" + folder }

    /// Where its masks are; the submission's folders lie in it.
    public func masks(in output: String, _ form: SubmissionForm) -> String {
        path(in: output) + "/masks" + (form.folder.isEmpty ? "" : "/" + form.folder)
    }

    func record(of video: VideoName, in output: String) -> String { "\(path(in: output))/records/\(video).json" }
}

/// Runs the method on one video and writes its masks and its record.
struct VideoRun: Sendable {
    var segmenter: VideoSegmenter
    var run: EvaluationRun
    var prompt: PromptKind
    var form: SubmissionForm
    var output: String

    /// Whether the video's masks are there already, made from the same.
    func isDone(_ video: DatasetVideo, data: String) -> Bool {
        guard let record = RunRecord.read(run.record(of: video.name, in: output)) else { return false }
        guard record.settings == run.settings, record.data == data else { return false }
        return FileManager.default.fileExists(atPath: target(of: video))
    }

    private func target(of video: DatasetVideo) -> String { run.masks(in: output, form) + "/" + video.name.text }

    /// - Parameters:
    ///   - store: of the video's frames.
    ///   - progress: called with the frames done.
    /// - Throws: what segmenting and writing throw; nothing is left behind then.
    func make(
        _ video: DatasetVideo, _ objects: [DatasetObject], findings: [ScoringFinding], store: FrameStore, data: String,
        progress: (@Sendable (Int) -> Void)? = nil
    ) async throws -> RunRecord {
        let start = ContinuousClock.now
        let queries = objects.map { object in
            ObjectQuery(id: object.id, name: object.label, frame: object.frame, prompt: prompt.prompt(for: object.mask))
        }
        // A record that is there belongs to other masks from here on.
        let recordPath = run.record(of: video.name, in: output)
        _ = try OutputFolder(PathParts(recordPath).folder)
        if unlink(recordPath) != 0, errno != ENOENT {
            throw FileError.unwritable(path: recordPath, reason: String(cString: strerror(errno)).lowercased())
        }
        let writer = try MaskWriter(video, objects: objects, form: form, to: target(of: video))
        do {
            for try await result in segmenter.segment(store, objects: queries) {
                try writer.write(result)
                progress?(result.frameIndex + 1)
            }
            try Task.checkCancellation()
            try writer.folder.commit()
        } catch {
            writer.folder.discard()
            throw error
        }
        let record = RunRecord(
            video: video.name.text, settings: run.settings, data: data, frames: video.frames.count, objects: objects.count,
            seconds: start.secondsAgo, findings: findings)
        try record.write(to: recordPath)
        return record
    }
}

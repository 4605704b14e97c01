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

    func record(of video: String, in output: String) -> String { "\(path(in: output))/records/\(video).json" }

    /// Where it is said why a video could not be run.
    func failure(of video: String, in output: String) -> String { "\(path(in: output))/failures/\(video).json" }

    /// Takes away what earlier runs said of a video.
    /// - Throws: `FileError.unwritable`.
    func forget(_ video: String, in output: String) throws {
        for path in [record(of: video, in: output), failure(of: video, in: output)] where unlink(path) != 0 && errno != ENOENT {
            throw FileError.unwritable(path: path, reason: String(cString: strerror(errno)).lowercased())
        }
    }
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
        guard let record = RunRecord.read(run.record(of: video.name.text, in: output)) else { return false }
        guard record.settings == run.settings, record.data == data else { return false }
        return FileManager.default.fileExists(atPath: target(of: video))
    }

    private func target(of video: DatasetVideo) -> String { run.masks(in: output, form) + "/" + video.name.text }

    /// - Parameters:
    ///   - store: of the video's frames.
    ///   - progress: called for each frame.
    /// - Throws: what segmenting and writing throw; nothing is left behind then.
    func make(
        _ video: DatasetVideo, _ objects: [DatasetObject], findings: [ScoringFinding], store: FrameStore, data: String,
        progress: (@Sendable () -> Void)? = nil
    ) async throws -> RunRecord {
        let start = ContinuousClock.now
        let queries = objects.enumerated().map { place, object in
            ObjectQuery(
                id: form.queryID(of: object, at: place), name: object.label, frame: object.frame, prompt: prompt.prompt(for: object.mask))
        }
        // A record that is there belongs to other masks from here on.
        try run.forget(video.name.text, in: output)
        let writer = try MaskWriter(video, objects: objects, form: form, to: target(of: video))
        do {
            for try await result in segmenter.segment(store, objects: queries) {
                try writer.write(result)
                progress?()
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
        try record.write(to: run.record(of: video.name.text, in: output))
        return record
    }
}

import Foundation
import InferenceOpenVINO
import Media
import MethodPresets
import ProjectFile
import SAMPT
import SamptCommands
import SegmentationJobs
import Support

/// A project with its video and its session.
struct OpenProject: Sendable {
    let file: ProjectFile
    let clip: Clip
    let session: AnnotationSession
    /// Whether objects are followed backwards, too, as far as the settings of the method are concerned.
    let isTrackedBackward: Bool

    /// Whether models are loaded.
    enum ModelUse: Sendable {
        /// Nothing is computed.
        case none
        /// What needs them is refused where they are not there.
        case ifThere
        case needed
    }

    /// Opens a project to work on it. It blocks: to be called off the threads that tasks share.
    /// - Parameters:
    ///   - video: where the video is now; nil: where it was.
    ///   - models: whether something is to be computed.
    ///   - access: for reading where nothing is to be changed.
    /// - Throws: `ProjectFileError`; errors of the video and of the models.
    init(_ path: String, video: String?, models use: ModelUse, threads: Int? = nil, access: ProjectAccess = .writing) throws {
        file = try ProjectFile(path: path, access: access)
        do {
            if access == .writing, let reason = file.readOnlyReason { throw ProjectFileError.readOnly(path: path, reason: reason) }
            let details = file.details
            let place = try Self.findVideo(details.video, project: path, given: video)
            clip = try Clip(path: place)
            guard clip.frames.frameCount == details.video.frameCount else {
                throw ProjectFileError.videoDiffers(
                    path: path, video: place, difference: "it has \(clip.frames.frameCount) frames, that one \(details.video.frameCount)")
            }
            let (segmenter, identity) = try Self.segmenter(details.models, project: path, use: use, threads: threads, clip: clip)
            isTrackedBackward = segmenter.options.tracking.isBackward
            session = try AnnotationSession(segmenter, video: clip.frames, store: file, models: identity)
            if access == .writing { try file.update { $0.video.move(to: place, project: path) } }
        } catch {
            file.close()
            throw error
        }
    }

    /// Makes a project and opens it.
    init(making path: String, recipe: ProjectRecipe, clip: Clip, video: String, segmenter: VideoSegmenter) throws {
        (self.clip, isTrackedBackward) = (clip, segmenter.options.tracking.isBackward)
        file = try recipe.make(at: path, clip: clip, video: video)
        do {
            session = try AnnotationSession(segmenter, video: clip.frames, store: file, models: recipe.models.identity)
        } catch {
            file.close()
            throw error
        }
    }

    /// Lets go of the file.
    func close() { file.close() }

    /// The video, where it is told to be or was, if it is the same.
    private static func findVideo(_ video: ProjectVideo, project: String, given: String?) throws -> String {
        let places = given.map { [$0] } ?? video.places(project: project)
        var difference: ProjectFileError?
        for place in places where FileManager.default.fileExists(atPath: place) {
            let found = try VideoFingerprint(of: place)
            if found == video.fingerprint { return place }
            let reason =
                found.bytes != video.fingerprint.bytes
                ? "it has \(found.bytes) bytes, that one \(video.fingerprint.bytes)" : "its contents are others"
            difference = difference ?? .videoDiffers(path: project, video: place, difference: reason)
        }
        if let given, difference == nil { throw FileError.notFound(path: given) }
        throw difference ?? ProjectFileError.videoMissing(path: project, video: video.path)
    }

    private static func segmenter(
        _ models: ProjectModels, project: String, use: ModelUse, threads: Int?, clip: Clip
    ) throws -> (VideoSegmenter, identity: String) {
        do {
            guard use != .none else { return (VideoSegmenter(missing: "they are not needed here"), models.identity) }
            return (try segmenter(models, project: project, threads: threads, clip: clip), models.identity)
        } catch let error where use == .ifThere && [.missingInput, .usage].contains(CommandStatus(error)) {
            return (VideoSegmenter(missing: "\(error)"), models.identity)
        }
    }

    private static func segmenter(_ models: ProjectModels, project: String, threads: Int?, clip: Clip) throws -> VideoSegmenter {
        let settings = try models.methodSettings(project: project)
        let options = try models.options(threads: threads)
        let choices = [try options.segmenter.choice(models.segmenter), try options.tracker.choice(models.tracker)]
        try ModelChoice.checkPresence(choices)
        let found = try choices.map { try $0.fingerprint() }
        guard found == models.fingerprints else {
            let name = found.first == models.fingerprints.first ? models.tracker : models.segmenter
            throw ProjectFileError.modelsDiffer(path: project, difference: "the model \(name) is not the one that it was made with")
        }
        let (segmenter, tracker) = try options.makeModels(settings, frame: clip.frames.size)
        return VideoSegmenter(segmenter: segmenter, tracker: tracker, options: settings.options(for: segmenter))
    }
}

extension ProjectModels {
    /// Tells apart what gives other numbers, for the keys of results: weights, arithmetic, and how the processor does it.
    var identity: String {
        let parts = precision.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return (fingerprints + parts + (hqTokenOnly ? ["hq-token-only"] : []) + [OpenVINOEngine.arithmetic]).joined(separator: "|")
    }
}

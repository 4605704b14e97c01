import Foundation
import Media
import ProjectFile
import SAMPT
import SamptCommands
import SegmentationJobs
import Support

/// A project with its video and its session.
struct OpenProject: Sendable {
    let path: String
    let file: ProjectFile
    let videoPath: String
    /// Why nothing can be computed; nil: it can.
    let missingModels: String?
    let clip: Clip
    let session: AnnotationSession
    /// Whether objects are followed backwards, too, as far as the settings of the method are concerned.
    let isTrackedBackward: Bool

    /// Whether models are loaded.
    enum ModelUse: Sendable {
        /// What needs them is refused where they are not there.
        case ifThere
        case needed
    }

    /// Opens a project to work on it. It blocks: to be called off the threads that tasks share.
    /// - Parameters:
    ///   - video: where the video is now; nil: where it was.
    ///   - models: whether something is to be computed.
    ///   - access: for reading where nothing is to be changed.
    ///   - onVideo: is told where the video is, before it and the models are opened.
    /// - Throws: `ProjectFileError`; errors of the video and of the models.
    init(
        _ path: String, video: String?, models use: ModelUse, threads: Int? = nil, access: ProjectAccess = .writing,
        onVideo: (String) -> Void = { _ in }
    ) throws {
        self.path = path
        file = try ProjectFile(path: path, access: access)
        do {
            if access == .writing, let reason = file.readOnlyReason { throw ProjectFileError.readOnly(path: path, reason: reason) }
            let details = file.details
            let place = try Self.findVideo(details.video, project: path, given: video)
            videoPath = place
            onVideo(place)
            clip = try Clip(path: place)
            guard clip.frames.frameCount == details.video.frameCount else {
                throw ProjectFileError.videoDiffers(
                    path: path, video: place, difference: "it has \(clip.frames.frameCount) frames, that one \(details.video.frameCount)")
            }
            let (segmenter, identity) = try Self.segmenter(
                details.models, project: path, use: use, threads: threads, frame: clip.frames.size)
            isTrackedBackward = segmenter.options.tracking.isBackward
            missingModels = segmenter.unavailability
            let store: any SessionStore = access == .reading ? ReadingStore(file) : file
            session = try AnnotationSession(segmenter, video: clip.frames, store: store, models: identity)
            if access == .writing { try file.update { $0.video.move(to: place, project: path) } }
        } catch {
            file.close()
            throw error
        }
    }

    /// Makes a project and opens it.
    init(making path: String, recipe: ProjectRecipe, clip: Clip, video: String, segmenter: VideoSegmenter) throws {
        (self.path, self.clip, videoPath, missingModels) = (path, clip, video, nil)
        isTrackedBackward = segmenter.options.tracking.isBackward
        file = try recipe.make(at: path, clip: clip, video: video)
        do {
            session = try AnnotationSession(segmenter, video: clip.frames, store: file, models: recipe.models.identity())
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

    /// What computes, and what its results are told apart by.
    private static func segmenter(
        _ models: ProjectModels, project: String, use: ModelUse, threads: Int?, frame: ImageSize
    ) throws -> (VideoSegmenter, identity: String?) {
        do {
            return (try models.segmenter(project: project, threads: threads, frame: frame), try models.identity())
        } catch let error where use == .ifThere && [.missingInput, .usage].contains(CommandStatus(error)) {
            return (try models.segmenter(missing: "\(error)", project: project), nil)
        }
    }
}
